//! How far writes were acknowledged, outside the database.
//!
//! The database cannot tell damage inside its log from a write that power loss cut short: it stops replaying at
//! either, and would come up at an earlier block as if the later ones had never been. So each acknowledged write
//! leaves the database's sequence number, which only ever grows, in a file of its own, and opening compares.
//!
//! `sequence u64 LE | crc u32 LE`, overwritten in place. The file is synced when the database is opened and not for
//! each write: the write itself is, and the number is put down after it. So the number is never ahead of what is
//! durable; after power loss it may be behind by as much as the system had not written back, and after the death of
//! the process alone it is exact. A file that is missing or torn says nothing, which is taken as 0.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Name of the file in the data folder.
pub const ACKNOWLEDGED_FILE: &str = "ACKNOWLEDGED";

/// The open file.
pub(super) struct Acknowledged(Mutex<File>);

impl Acknowledged {
    /// Opens the file in `folder`, making it if there is none; and the number in it.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, u64)> {
        let path = folder.join(ACKNOWLEDGED_FILE);
        let mut file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
        let mut bytes = Vec::new();
        (&mut file).take(12).read_to_end(&mut bytes)?;
        Ok((Self(Mutex::new(file)), decode(&bytes).unwrap_or(0)))
    }

    /// Puts down that everything up to `sequence` was acknowledged.
    pub(super) fn put(&self, sequence: u64) -> io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.rewind()?;
        file.write_all(&encode(sequence))
    }

    /// As [`Acknowledged::put`], and synced.
    pub(super) fn put_synced(&self, sequence: u64) -> io::Result<()> {
        self.put(sequence)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).sync_all()
    }
}

fn encode(sequence: u64) -> [u8; 12] {
    let mut bytes = [0; 12];
    let (number, crc) = bytes.split_at_mut(8);
    number.copy_from_slice(&sequence.to_le_bytes());
    crc.copy_from_slice(&crc32fast::hash(number).to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<u64> {
    let (number, crc) = bytes.split_first_chunk::<8>()?;
    (crc == crc32fast::hash(number).to_le_bytes()).then(|| u64::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_number_says_nothing() {
        let sound = encode(0x0102_0304_0506_0708);
        assert_eq!(decode(&sound), Some(0x0102_0304_0506_0708));
        for bit in 0..sound.len() * 8 {
            let mut flipped = sound;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&flipped), None, "bit {bit}");
        }
        for length in 0..sound.len() {
            assert_eq!(decode(&sound[..length]), None, "cut to {length}");
        }
        assert_eq!(decode(&[0; 12]), None, "zeros are no number");
    }
}
