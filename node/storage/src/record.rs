//! The envelope of every stored value.
//!
//! `version u8 = 1 | crc u32 LE | payload`, where `crc` is CRC-32 (IEEE) over `column u8 | key | payload`. Column
//! and key are covered too, so a value that turns up under another key is refused like a flipped bit.

use crate::{Column, Damage, StorageFault};

/// The only version of the envelope.
pub(crate) const RECORD_VERSION: u8 = 1;
/// Bytes of the envelope.
pub(crate) const ENVELOPE_SIZE: usize = 5;

fn checksum(column: Column, key: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[column as u8]);
    hasher.update(key);
    hasher.update(payload);
    hasher.finalize()
}

/// Appends the sealed form of `payload`.
pub(crate) fn seal(out: &mut Vec<u8>, column: Column, key: &[u8], payload: &[u8]) {
    out.push(RECORD_VERSION);
    out.extend_from_slice(&checksum(column, key, payload).to_le_bytes());
    out.extend_from_slice(payload);
}

/// The payload of a sealed value.
///
/// # Errors
/// [`StorageFault::Corrupt`] with [`Damage::Truncated`], [`Damage::UnknownVersion`] or [`Damage::Checksum`].
pub(crate) fn open<'a>(column: Column, key: &[u8], sealed: &'a [u8]) -> Result<&'a [u8], StorageFault> {
    let corrupt = |damage| StorageFault::corrupt(column, key, damage);
    let (envelope, payload) =
        sealed.split_at_checked(ENVELOPE_SIZE).ok_or_else(|| corrupt(Damage::Truncated))?;
    match envelope {
        [RECORD_VERSION, found @ ..] if *found == checksum(column, key, payload).to_le_bytes() => Ok(payload),
        [RECORD_VERSION, ..] => Err(corrupt(Damage::Checksum)),
        [version, ..] => Err(corrupt(Damage::UnknownVersion(*version))),
        [] => Err(corrupt(Damage::Truncated)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen() {
        let mut sealed = Vec::new();
        seal(&mut sealed, Column::Accounts, b"key", b"payload");
        assert_eq!(open(Column::Accounts, b"key", &sealed), Ok(&b"payload"[..]));
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(Column::Accounts, b"key", &flipped).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(open(Column::Accounts, b"key", &sealed[..length]).is_err(), "length {length}");
        }
        assert!(open(Column::Accounts, b"kex", &sealed).is_err());
        assert!(open(Column::Entries, b"key", &sealed).is_err());
    }
}
