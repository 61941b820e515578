//! Eight lanes on AVX-512F: the permutation's operations over 512-bit vectors of eight words.
//!
//! AVX-512 has rotations, three-operand logic and enough registers for the whole state, so that one permutation of
//! eight lanes costs less than one of the portable implementation.

use core::arch::x86_64::{
    __m512i, _mm512_load_si512, _mm512_rol_epi64, _mm512_set1_epi64, _mm512_store_si512,
    _mm512_ternarylogic_epi64, _mm512_xor_si512,
};

use crate::{
    DIGEST_BYTES,
    detect::{self, Backend},
    lanes::{self, State},
    rounds::permutation,
};

/// Lanes of one permutation.
const LANES: usize = 8;

/// How many lanes' work a batch must hold before it is worth the vector permutation: even one input is quicker here
/// than by the portable implementation.
pub(crate) const LANES_WORTH: usize = 1;

/// Truth table of a ⊕ b ⊕ c.
const XOR3: i32 = 0x96;

/// Truth table of a ⊕ (¬b ∧ c).
const CHI: i32 = 0xD2;

/// Keccak-256 of each input, eight lanes at a time.
///
/// # Panics
/// If the processor lacks AVX-512F: the caller asked [`detect::backend`] first.
pub(crate) fn keccak256_many(inputs: &[&[u8]], digests: &mut [[u8; DIGEST_BYTES]]) {
    assert!(detect::backend() >= Backend::Avx512, "AVX-512F was detected");
    // SAFETY: the assertion above shows that this processor and its operating system support AVX-512F, the only
    // requirement of `permute`.
    lanes::absorb_all(inputs, digests, |state: &mut State<LANES>| unsafe { permute(state) });
}

/// Keccak-f\[1600\] on eight states.
#[target_feature(enable = "avx512f")]
fn permute(state: &mut State<LANES>) {
    let zero = _mm512_set1_epi64(0);
    let mut vectors = [zero; 25];
    for (vector, words) in vectors.iter_mut().zip(&state.words) {
        // SAFETY: `words` is 64 bytes long, and 64-byte aligned because `State` is and each of its rows is 64
        // bytes; every bit pattern is a valid vector.
        *vector = unsafe { _mm512_load_si512(words.as_ptr().cast()) };
    }
    let vectors = permutation!(vectors);
    for (vector, words) in vectors.into_iter().zip(&mut state.words) {
        // SAFETY: as for the load: 64 writable bytes, 64-byte aligned.
        unsafe { _mm512_store_si512(words.as_mut_ptr().cast(), vector) };
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor(a: __m512i, b: __m512i) -> __m512i {
    _mm512_xor_si512(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor5(a: __m512i, b: __m512i, c: __m512i, d: __m512i, e: __m512i) -> __m512i {
    _mm512_ternarylogic_epi64::<XOR3>(_mm512_ternarylogic_epi64::<XOR3>(a, b, c), d, e)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn chi(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi64::<CHI>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn rotate<const LEFT: i32, const RIGHT: i32>(a: __m512i) -> __m512i {
    const { assert!(LEFT + RIGHT == 64, "a rotation of a 64-bit word") };
    _mm512_rol_epi64::<LEFT>(a)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn broadcast(word: u64) -> __m512i {
    _mm512_set1_epi64(word.cast_signed())
}
