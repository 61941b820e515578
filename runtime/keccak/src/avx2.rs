//! Four lanes on AVX2: the permutation's operations over 256-bit vectors of four words.

use core::arch::x86_64::{
    __m256i, _mm256_andnot_si256, _mm256_load_si256, _mm256_or_si256, _mm256_set1_epi64x, _mm256_slli_epi64,
    _mm256_srli_epi64, _mm256_store_si256, _mm256_xor_si256,
};

use crate::{
    DIGEST_BYTES,
    detect::{self, Backend},
    lanes::{self, State},
    rounds::permutation,
};

/// Lanes of one permutation.
const LANES: usize = 4;

/// How many lanes' work a batch must hold before it is worth the vector permutation: one vector permutation costs
/// about as much as one and a half portable ones.
pub(crate) const LANES_WORTH: usize = 2;

/// Keccak-256 of each input, four lanes at a time.
///
/// # Panics
/// If the processor lacks AVX2: the caller asked [`detect::backend`] first.
pub(crate) fn keccak256_many(inputs: &[&[u8]], digests: &mut [[u8; DIGEST_BYTES]]) {
    assert!(detect::backend() >= Backend::Avx2, "AVX2 was detected");
    // SAFETY: the assertion above shows that this processor and its operating system support AVX2, the only
    // requirement of `permute`.
    lanes::absorb_all(inputs, digests, |state: &mut State<LANES>| unsafe { permute(state) });
}

/// Keccak-f\[1600\] on four states.
#[target_feature(enable = "avx2")]
fn permute(state: &mut State<LANES>) {
    let zero = _mm256_set1_epi64x(0);
    let mut vectors = [zero; 25];
    for (vector, words) in vectors.iter_mut().zip(&state.words) {
        // SAFETY: `words` is 32 bytes long, and 32-byte aligned because `State` is 64-byte aligned and each of its
        // rows is 32 bytes; every bit pattern is a valid vector.
        *vector = unsafe { _mm256_load_si256(words.as_ptr().cast()) };
    }
    let vectors = permutation!(vectors);
    for (vector, words) in vectors.into_iter().zip(&mut state.words) {
        // SAFETY: as for the load: 32 writable bytes, 32-byte aligned.
        unsafe { _mm256_store_si256(words.as_mut_ptr().cast(), vector) };
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor(a: __m256i, b: __m256i) -> __m256i {
    _mm256_xor_si256(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor5(a: __m256i, b: __m256i, c: __m256i, d: __m256i, e: __m256i) -> __m256i {
    xor(xor(xor(a, b), xor(c, d)), e)
}

#[inline]
#[target_feature(enable = "avx2")]
fn chi(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    xor(a, _mm256_andnot_si256(b, c))
}

#[inline]
#[target_feature(enable = "avx2")]
fn rotate<const LEFT: i32, const RIGHT: i32>(a: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_slli_epi64::<LEFT>(a), _mm256_srli_epi64::<RIGHT>(a))
}

#[inline]
#[target_feature(enable = "avx2")]
fn broadcast(word: u64) -> __m256i {
    _mm256_set1_epi64x(word.cast_signed())
}
