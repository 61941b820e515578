//! Memory and globals from which every call of a module starts.

use crate::PAGE_BYTES;

/// Bytes are kept in runs; zeros between two runs shorter than this are stored as they are.
const GAP_BYTES: usize = 64;

/// Memory is looked through in blocks of this size, since most of it is zero.
const BLOCK_BYTES: usize = 512;

/// What memory is compared with before it is cleared.
static ZEROS: [u8; 4 * BLOCK_BYTES] = [0; 4 * BLOCK_BYTES];

/// What keeping one run takes besides its bytes: its place in the list and the allocator's own share.
const RUN_BYTES: usize = size_of::<(usize, Box<[u8]>)>() + 16;

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
        while let Some(start) = first_set(&memory[position..]).map(|at| at + position) {
            let end = start + run_length(&memory[start..]);
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
        self.runs.iter().map(|(_, bytes)| bytes.len() + RUN_BYTES).sum::<usize>() + self.globals.len() * 8
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
            clear(&mut memory[position..*start]);
            position = start + bytes.len();
            memory[*start..position].copy_from_slice(bytes);
        }
        clear(&mut memory[position..]);
    }

    /// Writes the non-zero runs only, into memory known to be zero.
    pub(crate) fn write_runs(&self, memory: &mut [u8]) {
        for (start, bytes) in &self.runs {
            memory[*start..start + bytes.len()].copy_from_slice(bytes);
        }
    }
}

/// Makes `memory` zero. Most of it is: a call touches little, and looking costs less than writing.
fn clear(memory: &mut [u8]) {
    for block in memory.chunks_mut(ZEROS.len()) {
        if *block != ZEROS[..block.len()] {
            block.fill(0);
        }
    }
}

/// Offset of the first byte that is not zero.
fn first_set(memory: &[u8]) -> Option<usize> {
    // Whole blocks at a time: without a way out in the middle, the loop over a block is a few wide instructions.
    let found = |block: &[u8]| block.iter().fold(0, |seen, byte| seen | byte) != 0;
    let at = memory.chunks(BLOCK_BYTES).position(found)? * BLOCK_BYTES;
    memory[at..].iter().position(|byte| *byte != 0).map(|offset| at + offset)
}

/// Length of the run that starts `memory`: up to its last byte before a gap, or before the end.
fn run_length(memory: &[u8]) -> usize {
    let (mut end, mut zeros) = (0, 0);
    for (at, byte) in memory.iter().enumerate() {
        if *byte == 0 {
            zeros += 1;
            if zeros > GAP_BYTES {
                break;
            }
        } else {
            (end, zeros) = (at + 1, 0);
        }
    }
    end
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
        assert!(image.held_bytes() < 700, "held {}", image.held_bytes());
        let mut dirty = vec![0xa5; memory.len()];
        image.write(&mut dirty);
        assert_eq!(dirty, memory);
        let mut clean = vec![0; memory.len()];
        image.write_runs(&mut clean);
        assert_eq!(clean, memory);
        // One byte that a call has changed, wherever it lies in a run or in what is looked through at once.
        let lengths =
            [0, 1, 70, 71, 511, 512, 2047, 2048, 2049, 2118, 2119, 4999, 5000, 5299, 5300, 7347, 7348];
        for at in lengths.into_iter().chain([PAGE_BYTES - 1, PAGE_BYTES, last - 1, last]) {
            let mut touched = memory.clone();
            touched[at] ^= 0x40;
            image.write(&mut touched);
            assert!(touched == memory, "byte {at}");
        }
    }

    #[test]
    fn runs_are_found_wherever_they_start_and_end() {
        let length = 3 * BLOCK_BYTES;
        for start in [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, length - 1] {
            for size in [1, 2, GAP_BYTES, BLOCK_BYTES] {
                let end = (start + size).min(length);
                let mut memory = vec![0; length];
                memory[start..end].fill(3);
                let image = Image::capture(&memory, Box::new([]));
                assert_eq!(image.runs().collect::<Vec<_>>(), [(start, &memory[start..end])]);
            }
        }
        // Zeros between two runs: up to the gap they are one run.
        for (zeros, expected) in [(GAP_BYTES, 1), (GAP_BYTES + 1, 2)] {
            let mut memory = vec![0; length];
            (memory[5], memory[6 + zeros]) = (1, 1);
            assert_eq!(Image::capture(&memory, Box::new([])).runs().count(), expected);
        }
    }

    #[test]
    fn many_short_runs_are_counted_for_what_they_take() {
        let mut memory = vec![0; PAGE_BYTES];
        memory.iter_mut().step_by(GAP_BYTES + 2).for_each(|byte| *byte = 1);
        let image = Image::capture(&memory, Box::new([]));
        let runs = image.runs().count();
        assert!(runs > 900 && image.held_bytes() >= runs * 40, "{runs} runs, held {}", image.held_bytes());
    }

    #[test]
    fn empty_memory_has_an_empty_image() {
        let image = Image::capture(&[], Box::new([]));
        assert_eq!((image.pages(), image.held_bytes()), (0, 0));
        image.write(&mut []);
    }
}
