//! Memory and globals from which every call of a module starts.

use crate::PAGE_BYTES;

/// Bytes are kept in runs; zeros between two runs shorter than this are stored as they are.
const GAP_BYTES: usize = 64;

/// Memory and globals of a module after its data segments and `_initialize`: sparse, the same on every machine.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Image {
    pages: u32,
    runs: Vec<(usize, Box<[u8]>)>,
    globals: Box<[u64]>,
}

impl Image {
    /// Captures `memory`, whole pages of it, and the bits of the mutable globals in the order of their exports.
    #[must_use]
    pub(crate) fn capture(memory: &[u8], globals: Box<[u64]>) -> Self {
        let pages = u32::try_from(memory.len() / PAGE_BYTES).unwrap_or(u32::MAX);
        let mut runs = Vec::new();
        let mut position = 0;
        while let Some(start) = memory[position..].iter().position(|byte| *byte != 0).map(|at| at + position)
        {
            let mut end = start + 1;
            let mut zeros = 0;
            for (at, byte) in memory.iter().enumerate().skip(start) {
                zeros = if *byte == 0 { zeros + 1 } else { 0 };
                if *byte != 0 {
                    end = at + 1;
                }
                if zeros > GAP_BYTES {
                    break;
                }
            }
            runs.push((start, memory[start..end].into()));
            position = end;
        }
        Self { pages, runs, globals }
    }

    /// Length of memory in pages of 64 KiB.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// Length of memory in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.pages as usize * PAGE_BYTES
    }

    /// Bytes that this image holds: its share of a node's memory.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.runs.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() + self.globals.len() * 8
    }

    /// Non-zero runs of memory, ascending, with their offsets.
    pub fn runs(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.runs.iter().map(|(start, bytes)| (*start, &**bytes))
    }

    /// Bits of the mutable globals, in the order of their exports.
    #[must_use]
    pub fn globals(&self) -> &[u64] {
        &self.globals
    }

    /// Makes `memory` equal to the image. Its length must be [`Image::memory_bytes`].
    pub(crate) fn write(&self, memory: &mut [u8]) {
        let mut position = 0;
        for (start, bytes) in &self.runs {
            memory[position..*start].fill(0);
            position = start + bytes.len();
            memory[*start..position].copy_from_slice(bytes);
        }
        memory[position..].fill(0);
    }

    /// Writes the non-zero runs only, into memory known to be zero.
    pub(crate) fn write_runs(&self, memory: &mut [u8]) {
        for (start, bytes) in &self.runs {
            memory[*start..start + bytes.len()].copy_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_restores_every_byte() {
        let mut memory = vec![0_u8; 2 * PAGE_BYTES];
        memory[0] = 1;
        memory[70] = 2;
        memory[5000..5300].fill(7);
        let last = memory.len() - 1;
        memory[last] = 9;
        let image = Image::capture(&memory, Box::new([3]));
        assert_eq!(image.pages(), 2);
        assert!(image.held_bytes() < 600, "held {}", image.held_bytes());
        let mut dirty = vec![0xa5; memory.len()];
        image.write(&mut dirty);
        assert_eq!(dirty, memory);
        let mut clean = vec![0; memory.len()];
        image.write_runs(&mut clean);
        assert_eq!(clean, memory);
    }

    #[test]
    fn empty_memory_has_an_empty_image() {
        let image = Image::capture(&[], Box::new([]));
        assert_eq!((image.pages(), image.held_bytes()), (0, 0));
        image.write(&mut []);
    }
}
