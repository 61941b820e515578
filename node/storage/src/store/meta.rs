//! The records of the meta column.

use chainstack_primitives::{ChainId, Hash, Height, merkle::MountainRange};
use parity_scale_codec::{Decode, Encode};

use super::Head;

/// Key of the format record.
pub(crate) const FORMAT_KEY: &[u8] = b"format";
/// Key of the chain record.
pub(crate) const CHAIN_KEY: &[u8] = b"chain";
/// Key of the head record.
pub(crate) const HEAD_KEY: &[u8] = b"head";

/// The only format this program reads and writes.
pub(crate) const FORMAT: u32 = 1;
const MAGIC: &[u8; 16] = b"chainstack store";

/// The format record: readable to any version.
pub(crate) fn format_record(version: u32) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// The version in a format record; `None` if it is damaged.
pub(crate) fn format_version(record: &[u8]) -> Option<u32> {
    let (body, crc) = record.split_last_chunk::<4>()?;
    let version = body.strip_prefix(MAGIC)?;
    if crc32fast::hash(body).to_le_bytes() != *crc {
        return None;
    }
    Some(u32::from_le_bytes(version.try_into().ok()?))
}

/// Which chain, and how much history.
#[derive(Encode, Decode)]
pub(crate) struct ChainRecord {
    pub(crate) chain: ChainId,
    pub(crate) mode: u8,
}

/// The head, but for its header, which stands in the headers column.
#[derive(Encode, Decode)]
pub(crate) struct HeadRecord {
    pub(crate) height: Height,
    pub(crate) hash: Hash,
    pub(crate) oldest: Height,
    pub(crate) history: MountainRange,
}

impl HeadRecord {
    pub(crate) fn of(head: &Head) -> Self {
        let (height, history) = (head.height(), head.history.clone());
        Self { height, hash: head.hash, oldest: head.oldest, history }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_record_says_its_version_or_nothing() {
        assert_eq!(format_version(&format_record(7)), Some(7));
        let record = format_record(FORMAT);
        for bit in 0..record.len() * 8 {
            let mut flipped = record.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(format_version(&flipped), None, "bit {bit}");
        }
        assert_eq!(format_version(b""), None);
    }
}
