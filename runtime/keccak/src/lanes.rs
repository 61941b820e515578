//! Feeds inputs of any lengths to N lanes and refills each lane as soon as its input ends.

use crate::{BLOCK_BYTES, DIGEST_BYTES};

/// Words of one block.
const BLOCK_WORDS: usize = BLOCK_BYTES / 8;

/// N sponge states side by side: `words[w][lane]` is word `w` of a lane, so that one row is one vector.
#[repr(C, align(64))]
pub(crate) struct State<const N: usize> {
    pub(crate) words: [[u64; N]; 25],
}

impl<const N: usize> State<N> {
    /// XORs one block into a lane.
    fn absorb(&mut self, lane: usize, block: &[u8; BLOCK_BYTES]) {
        for (row, bytes) in self.words.iter_mut().zip(block.as_chunks::<8>().0) {
            row[lane] ^= u64::from_le_bytes(*bytes);
        }
    }

    /// Empties a lane for the next input.
    fn reset(&mut self, lane: usize) {
        for row in &mut self.words {
            row[lane] = 0;
        }
    }

    /// Reads a lane's digest.
    fn squeeze(&self, lane: usize, digest: &mut [u8; DIGEST_BYTES]) {
        for (bytes, row) in digest.as_chunks_mut::<8>().0.iter_mut().zip(&self.words) {
            *bytes = row[lane].to_le_bytes();
        }
    }
}

/// What a lane is doing.
#[derive(Clone, Copy)]
enum Lane<'a> {
    /// No input is left for it.
    Idle,
    /// Absorbing input `index`, of which `rest` is still to come.
    Busy { index: usize, rest: &'a [u8] },
    /// The last block of input `index` is absorbed: the digest is there after the next permutation.
    Last { index: usize },
}

/// Whether a batch keeps at least `worth` lanes busy on average: its work in blocks against its longest input.
pub(crate) fn fills(inputs: &[&[u8]], worth: usize) -> bool {
    if inputs.len() < worth {
        return false;
    }
    let mut longest: usize = 0;
    let mut total: usize = 0;
    for input in inputs {
        let blocks = input.len() / BLOCK_BYTES + 1;
        longest = longest.max(blocks);
        total = total.saturating_add(blocks); // only compared: a sum past the address space still "fills"
    }
    total >= longest.saturating_mul(worth)
}

/// Hashes every input with `permute`, a permutation of N states at once.
pub(crate) fn absorb_all<const N: usize>(
    inputs: &[&[u8]],
    digests: &mut [[u8; DIGEST_BYTES]],
    permute: impl Fn(&mut State<N>),
) {
    let mut state = State { words: [[0; N]; 25] };
    let mut lanes = [Lane::Idle; N];
    let mut waiting = inputs.iter().enumerate();
    loop {
        let mut busy = false;
        for (number, lane) in lanes.iter_mut().enumerate() {
            if let Lane::Last { index } = *lane {
                state.squeeze(number, &mut digests[index]);
                *lane = Lane::Idle;
            }
            if let Lane::Idle = *lane
                && let Some((index, input)) = waiting.next()
            {
                state.reset(number);
                *lane = Lane::Busy { index, rest: input };
            }
            if let Lane::Busy { index, rest } = *lane {
                busy = true;
                *lane = match rest.split_first_chunk::<BLOCK_BYTES>() {
                    Some((block, rest)) => {
                        state.absorb(number, block);
                        Lane::Busy { index, rest }
                    }
                    None => {
                        state.absorb(number, &last_block(rest));
                        Lane::Last { index }
                    }
                };
            }
        }
        if !busy {
            return;
        }
        permute(&mut state);
    }
}

/// The last block of an input: the rest of it, shorter than a block, with Keccak's padding `0x01 0x00… 0x80`.
fn last_block(rest: &[u8]) -> [u8; BLOCK_BYTES] {
    let mut block = [0; BLOCK_BYTES];
    block[..rest.len()].copy_from_slice(rest);
    block[rest.len()] = 0x01;
    block[BLOCK_WORDS * 8 - 1] |= 0x80;
    block
}
