//! What an approval is for: a call, by its hash.

use alloc::vec::Vec;

use crate::{AccountId, Amount, Hash, Tag, TaggedHasher};

/// The hash by which a call is approved: of the contract, the value, the method and its arguments, whoever makes it.
///
/// `H("call" | contract | value u128 LE | length of the method u32 LE | method | arguments)`: of fixed size but for the
/// method, whose length stands before it, and the arguments, which end it, so that no two calls have one preimage.
#[must_use]
pub fn call_hash(contract: &AccountId, method: &[u8], args: &[u8], value: Amount) -> Hash {
    let length = u32::try_from(method.len()).unwrap_or(u32::MAX); // a name has at most 64 bytes
    TaggedHasher::new(Tag::Call)
        .part(contract.as_bytes())
        .part(&value.0.to_le_bytes())
        .part(&length.to_le_bytes())
        .part(method)
        .part(args)
        .finish()
}

/// Key of an approval in the contract's reserved cell: the hash of the call, and who approved it.
#[must_use]
pub fn approval_key(call: &Hash, member: &AccountId) -> Vec<u8> {
    [call.as_bytes().as_slice(), member.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_call_is_in_its_hash() {
        let (one, other) = (AccountId([1; 32]), AccountId([2; 32]));
        let hash = call_hash(&one, b"pay", &[1, 2], Amount(3));
        assert_ne!(hash, call_hash(&other, b"pay", &[1, 2], Amount(3)));
        assert_ne!(hash, call_hash(&one, b"paid", &[1, 2], Amount(3)));
        assert_ne!(hash, call_hash(&one, b"pay", &[1, 3], Amount(3)));
        assert_ne!(hash, call_hash(&one, b"pay", &[1, 2], Amount(4)));
        assert_ne!(hash, call_hash(&one, b"pay\x01", &[2], Amount(3)), "a boundary is a part, too");
        assert_eq!(hash, call_hash(&one, b"pay", &[1, 2], Amount(3)));
    }
}
