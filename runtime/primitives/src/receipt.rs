//! Outcomes of transactions. Everything here is hashed; stack, trap kind and texts are not.

use alloc::vec::Vec;

use parity_scale_codec::{Decode, Encode, MaxEncodedLen};

use crate::{AccountId, Amount, Bytes, Gas, Hash, HashBatch, Tag, merkle, tagged};

/// Greatest size of the payload a contract may give when it reverts, in bytes.
pub const REVERT_PAYLOAD_MAX: u32 = 256;
/// Greatest size of an event's data, in bytes.
pub const EVENT_SIZE_MAX: u32 = 4096;

/// A fact that a contract announced.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Event {
    /// The contract that announced it.
    pub contract: AccountId,
    /// The event's permanent id in the contract's manifest.
    pub event: u16,
    /// SCALE tuple of the event's declared fields.
    pub data: Bytes<EVENT_SIZE_MAX>,
}

impl Event {
    /// Leaf of the event in its receipt's tree: of its tagged hash, so that no other thing has the same leaf. What a
    /// verifier computes, and what tests compare [`events_roots`] with.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        merkle::leaf(&tagged(Tag::Event, &self.encode()).0)
    }
}

/// Root over the events of one transaction.
#[must_use]
pub fn events_root(events: &[Event]) -> Hash {
    let mut batch = HashBatch::default();
    push_events(&mut batch, events);
    merkle::root(&merkle::leaves_of(batch.finish().into_iter()))
}

fn push_events(batch: &mut HashBatch, events: &[Event]) {
    for event in events {
        batch.push_tagged(Tag::Event, |out| event.encode_to(out));
    }
}

/// [`events_root`] of each of several transactions, quicker than one by one.
#[must_use]
pub fn events_roots<'a>(transactions: impl Iterator<Item = &'a [Event]>) -> Vec<Hash> {
    let (mut batch, mut counts) = (HashBatch::default(), Vec::new());
    for events in transactions {
        counts.push(events.len());
        push_events(&mut batch, events);
    }
    merkle::roots(merkle::leaves_of(batch.finish().into_iter()), &counts)
}

/// Change of the storage deposits that a transaction's origin has locked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen)]
pub struct DepositDelta {
    /// Base units locked by the transaction, paid by its origin.
    pub locked: Amount,
    /// Base units returned to whoever had locked them.
    pub released: Amount,
}

/// Outcome of one included transaction.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Receipt {
    /// The transaction's id.
    pub id: Hash,
    /// 0 done; otherwise the stable code of the failure.
    pub code: u16,
    /// Index of the failing call inside a batch.
    pub failed_call: Option<u8>,
    /// Gas used and paid for.
    pub gas: Gas,
    /// Fee paid: `gas × min(max_fee, base_fee + tip)`.
    pub fee: Amount,
    /// Deposits locked and released; zero for a failed transaction.
    pub deposit: DepositDelta,
    /// `H("output" | output bytes)` of the call.
    pub output_hash: Hash,
    /// Root over the transaction's events.
    pub events_root: Hash,
    /// Number of events.
    pub event_count: u32,
    /// What a contract gave when it reverted: u16 LE error id and its SCALE fields; else empty.
    pub revert: Bytes<REVERT_PAYLOAD_MAX>,
}

impl Receipt {
    /// Leaf of the receipt in its block's tree: of its tagged hash, so that no other thing has the same leaf. What a
    /// verifier computes, and what tests compare [`receipt_leaves`] with.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        merkle::leaf(&tagged(Tag::Receipt, &self.encode()).0)
    }
}

/// Root over the receipts of one block.
#[must_use]
pub fn receipt_root(receipts: &[Receipt]) -> Hash {
    merkle::root(&receipt_leaves(receipts))
}

/// [`Receipt::leaf`] of each of several receipts, quicker than one by one.
#[must_use]
pub fn receipt_leaves(receipts: &[Receipt]) -> Vec<Hash> {
    let mut batch = HashBatch::with_capacity(receipts.len(), 192);
    for receipt in receipts {
        batch.push_tagged(Tag::Receipt, |out| receipt.encode_to(out));
    }
    merkle::leaves_of(batch.finish().into_iter())
}

/// Hash of a call's output as receipts carry it.
#[must_use]
pub fn output_hash(output: &[u8]) -> Hash {
    tagged(Tag::Output, output)
}

/// [`output_hash`] of each of several outputs, quicker than one by one.
#[must_use]
pub fn output_hashes<'a>(outputs: impl Iterator<Item = &'a [u8]>) -> Vec<Hash> {
    let mut batch = HashBatch::default();
    for output in outputs {
        batch.push_tagged(Tag::Output, |out| out.extend_from_slice(output));
    }
    batch.finish()
}

#[cfg(test)]
mod tests {
    use parity_scale_codec::DecodeAll;

    use super::*;
    use crate::transaction_root;

    /// Encodings of different kinds may coincide; leaves may not, or one would be proved as the other.
    #[test]
    fn a_receipt_that_reads_as_an_event_has_another_leaf() {
        let receipt = Receipt {
            id: Hash([7; 32]),
            code: 3,
            failed_call: Some(2),
            gas: Gas(1),
            fee: Amount(2),
            deposit: DepositDelta::default(),
            output_hash: output_hash(b""),
            events_root: events_root(&[]),
            event_count: 0,
            revert: alloc::vec![1, 2, 3].try_into().expect("short"),
        };
        let bytes = receipt.encode();
        let event = Event::decode_all(&mut bytes.as_slice()).expect("its bytes are an event's as well");
        assert_eq!(event.encode(), bytes);
        assert_ne!(event.leaf(), receipt.leaf());
        assert_ne!(events_root(&[event]), receipt_root(&[receipt]));
    }

    #[test]
    fn many_are_hashed_as_one_by_one() {
        // No two transactions share an event.
        let event = |group: u8, id: u8| {
            let data = alloc::vec![id; usize::from(group) * 30].try_into().expect("short");
            Event { contract: AccountId([group; 32]), event: id.into(), data }
        };
        let groups: Vec<Vec<Event>> =
            (0..9u8).map(|group| (0..group).map(|id| event(group, id)).collect()).collect();
        let leaves = |events: &[Event]| events.iter().map(Event::leaf).collect::<Vec<Hash>>();
        let expected: Vec<Hash> = groups.iter().map(|events| merkle::root(&leaves(events))).collect();
        assert_eq!(events_roots(groups.iter().map(Vec::as_slice)), expected);
        let outputs: [&[u8]; 3] = [b"", b"1", &[7; 500]];
        assert_eq!(output_hashes(outputs.into_iter()), outputs.map(output_hash));
        let receipt = |code: u16| Receipt {
            id: Hash::ZERO,
            code,
            failed_call: None,
            gas: Gas(1),
            fee: Amount(2),
            deposit: DepositDelta::default(),
            output_hash: Hash::ZERO,
            events_root: Hash::ZERO,
            event_count: 0,
            revert: alloc::vec![7; usize::from(code) * 25].try_into().expect("short"),
        };
        let receipts: Vec<Receipt> = (0..9).map(receipt).collect();
        let expected: Vec<Hash> = receipts.iter().map(Receipt::leaf).collect();
        assert_eq!(receipt_leaves(&receipts), expected);
        assert_eq!(receipt_root(&receipts), merkle::root(&expected));
    }

    #[test]
    fn leaves_of_no_kind_are_plain_leaves_of_their_bytes() {
        let event = Event { contract: AccountId([1; 32]), event: 2, data: Bytes::new() };
        assert_ne!(event.leaf(), merkle::leaf(&event.encode()));
        assert_eq!(event.leaf(), merkle::leaf(&tagged(Tag::Event, &event.encode()).0));
        assert_eq!(events_root(&[]), transaction_root(&[]), "nothing is nothing, of whatever kind");
    }
}
