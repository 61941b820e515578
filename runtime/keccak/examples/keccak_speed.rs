//! Prints the time of one digest, alone and in batches, for the lengths that trie nodes have.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::{hint::black_box, time::Instant};

use chainstack_keccak::{backend, keccak256, keccak256_many};

fn main() {
    println!("backend {}", backend());
    for length in [32, 110, 136, 532] {
        let inputs = vec![vec![7u8; length]; 1024];
        let slices: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
        let mut digests = vec![[0; 32]; 1024];
        let single = best(|| slices.iter().for_each(|input| _ = black_box(keccak256(input))));
        print!("{length:4} bytes: one at a time {single:5} ns");
        for size in [1, 2, 3, 4, 8, 16, 1024] {
            let batched = best(|| {
                for (inputs, digests) in slices.chunks(size).zip(digests.chunks_mut(size)) {
                    keccak256_many(black_box(inputs), digests);
                }
            });
            print!("  by {size} {batched:5} ns");
        }
        println!();
    }
}

/// Best of 20 runs over 1,024 inputs, in nanoseconds for one input.
fn best(mut run: impl FnMut()) -> u128 {
    (0..20)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_nanos() / 1024
        })
        .min()
        .unwrap_or_default()
}
