//! Many transactions' signatures at once, with the verdicts of one-by-one verification.
//!
//! A batch checks one random linear combination of the verification equations: about half the work of the
//! single checks. If it holds, every member is taken as valid. This is sound only if the coefficients cannot
//! be known before **all** of the batch is fixed, the scalars `s` included.
//!
//! `schnorrkel::verify_batch_deterministic` does not give that: its coefficients `z` depend on keys, points `R`
//! and messages, but not on `s`. Whoever writes two members of a batch whose content he knows (a block's
//! proposer) computes `z`, then takes two good signatures and shifts `s₁` by `d·z₂` and `s₂` by `−d·z₁`: both
//! are now invalid, the sum is unchanged, the batch holds (`tests.rs` does it). System randomness would repair
//! this but make the verdict depend on the environment, which the pure crates refuse. So the coefficients are
//! drawn from a hash over everything — each key, whole signature and message — in the manner of Fiat and
//! Shamir: changing any `s` redraws all coefficients, and a bad batch holds with a probability of 2⁻¹²⁸ per
//! attempt, which the attacker pays with a hash each.

use alloc::{vec, vec::Vec};

use rand_core::{CryptoRng, Error, RngCore, impls};
use schnorrkel::{PublicKey, signing_context, verify_batch_rng};
use sha3::{Digest, Keccak256};

use super::{Purpose, SIGNING_CONTEXT, Signature, SignatureError, parse, sign_bytes, verify_transaction};
use crate::{AccountId, ChainId};

/// A transaction's body with the claim that `signer` signed it.
#[derive(Clone, Copy, Debug)]
pub struct SignedBody<'a> {
    /// The chain it is for; read by the wrapped form only.
    pub chain: ChainId,
    /// The encoded body.
    pub body_bytes: &'a [u8],
    /// Who is said to have signed.
    pub signer: AccountId,
    /// The signature.
    pub signature: Signature,
}

/// Members verified in one equation. Beyond this the gain per member flattens.
const BATCH_MAX: usize = 256;
/// Members of the parts into which a failing batch falls before it is judged one by one.
const PART_MAX: usize = 16;

/// Verifies each of `items` as [`verify_transaction`] does; the verdicts, in order, are always the same ones.
///
/// Deterministic: a function of `items` alone.
///
/// # Cost
/// About half of single verification if all hold in the direct form; at worst (every part has a bad member,
/// or one signed in the wrapped form) the batches come on top of the single checks, about twice the cost.
#[must_use]
pub fn verify_transactions(items: &[SignedBody<'_>]) -> Vec<Result<(), SignatureError>> {
    let mut verdicts = Vec::with_capacity(items.len());
    for chunk in items.chunks(BATCH_MAX) {
        let members: Vec<Result<Member<'_>, SignatureError>> = chunk.iter().map(Member::parse).collect();
        let sound: Vec<&Member<'_>> = members.iter().flatten().collect();
        let mut judged = judge(&sound).into_iter();
        verdicts.extend(members.iter().map(|member| match member {
            // `judge` answers once for each sound member.
            Ok(_) => judged.next().unwrap_or(Err(SignatureError::BadSignature)),
            Err(error) => Err(*error),
        }));
    }
    verdicts
}

/// A member whose key and signature are well formed, with the bytes of its direct form.
struct Member<'a> {
    item: &'a SignedBody<'a>,
    key: PublicKey,
    signature: schnorrkel::Signature,
    message: Vec<u8>,
}

impl<'a> Member<'a> {
    fn parse(item: &'a SignedBody<'a>) -> Result<Self, SignatureError> {
        let (key, signature) = parse(&item.signer, &item.signature)?;
        Ok(Self { item, key, signature, message: sign_bytes(Purpose::Transaction, item.body_bytes) })
    }

    fn verdict(&self) -> Result<(), SignatureError> {
        let SignedBody { chain, body_bytes, signer, signature } = self.item;
        verify_transaction(chain, body_bytes, signer, signature)
    }
}

fn judge(members: &[&Member<'_>]) -> Vec<Result<(), SignatureError>> {
    if all_hold(members) {
        return vec![Ok(()); members.len()];
    }
    let mut verdicts = Vec::with_capacity(members.len());
    for part in members.chunks(PART_MAX) {
        if part.len() < members.len() && all_hold(part) {
            verdicts.extend(part.iter().map(|_| Ok(())));
        } else {
            verdicts.extend(part.iter().map(|member| member.verdict()));
        }
    }
    verdicts
}

/// Whether every member's signature holds in the direct form.
fn all_hold(members: &[&Member<'_>]) -> bool {
    if members.len() < 2 {
        // One equation gains nothing from a coefficient.
        return members.iter().all(|member| super::holds(&member.key, &member.signature, &member.message));
    }
    let context = signing_context(SIGNING_CONTEXT);
    let transcripts = members.iter().map(|member| context.bytes(&member.message));
    let signatures: Vec<schnorrkel::Signature> = members.iter().map(|member| member.signature).collect();
    let keys: Vec<PublicKey> = members.iter().map(|member| member.key).collect();
    verify_batch_rng(transcripts, &signatures, &keys, false, HashStream::over(members)).is_ok()
}

/// The source of the coefficients: Keccak-256 in counter mode, seeded by the whole batch.
pub(super) struct HashStream {
    seed: [u8; 32],
    counter: u64,
}

impl HashStream {
    /// A stream from a given seed.
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0 }
    }

    fn over(members: &[&Member<'_>]) -> Self {
        // Node-local, never part of state; the text keeps it apart from the protocol's own tags.
        let mut hasher = Keccak256::new_with_prefix(b"chainstack signature batch coefficients v1");
        for member in members {
            // Fixed sizes, so no lengths are needed between the parts.
            hasher.update(member.item.signer.0);
            hasher.update(member.item.signature.0);
            hasher.update(Keccak256::digest(&member.message));
        }
        Self::new(hasher.finalize().into())
    }
}

impl RngCore for HashStream {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            let mut hasher = Keccak256::new_with_prefix(self.seed);
            hasher.update(self.counter.to_le_bytes());
            let block: [u8; 32] = hasher.finalize().into();
            // Wraps after 2⁶⁴ blocks; a batch draws one.
            self.counter = self.counter.wrapping_add(1);
            part.iter_mut().zip(block).for_each(|(to, from)| *to = from);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

/// The stream is unpredictable before the batch is fixed, which is what batch verification asks of it.
impl CryptoRng for HashStream {}
