//! Roots of a trie in memory: random leaves of 72 bytes, then blocks of updates, half of them new leaves.
//!
//! The trie is the one that commits blocks, and the nodes that each block changes are written into a map in memory,
//! which is part of what is measured.

use std::time::Instant;

use anyhow::Result;
use chainstack_trie::{EMPTY_ROOT, MemoryNodes, WarmTrie};

use super::{BenchConfig, Draw, Measured, cost};
use crate::threads::Threads;

type Update = ([u8; 32], Option<[u8; 72]>);

fn value(draw: &mut Draw) -> [u8; 72] {
    let mut value = [0; 72];
    for chunk in value.chunks_exact_mut(8) {
        chunk.copy_from_slice(&draw.word().to_le_bytes());
    }
    value
}

fn sorted(mut updates: Vec<Update>) -> Vec<Update> {
    updates.sort_unstable_by_key(|(key, _)| *key);
    updates.dedup_by_key(|(key, _)| *key);
    updates
}

pub(super) fn run(config: &BenchConfig) -> Result<Measured> {
    let mut draw = Draw::new(config.seed);
    let join = Threads::of(config.threads);
    let mut keys: Vec<[u8; 32]> = (0..config.accounts).map(|_| draw.bytes()).collect();
    let base = keys.iter().map(|key| (*key, Some(value(&mut draw)))).collect();
    let (mut nodes, mut trie) = (MemoryNodes::new(), WarmTrie::new(EMPTY_ROOT));
    nodes.apply(trie.commit(&nodes, &sorted(base), &join)?.writes);
    let mut measured = Measured::default();
    let mut left = config.txs;
    while left > 0 {
        let count = left.min(config.block_txs.max(1));
        let updates: Vec<Update> = (0..count)
            .map(|index| {
                if index % 2 == 0 && !keys.is_empty() {
                    let old = usize::try_from(draw.below(u32::try_from(keys.len()).unwrap_or(u32::MAX)));
                    let key = old.ok().and_then(|old| keys.get(old)).copied().unwrap_or_default();
                    (key, Some(value(&mut draw)))
                } else {
                    let key = draw.bytes();
                    keys.push(key);
                    (key, Some(value(&mut draw)))
                }
            })
            .collect();
        let updates = sorted(updates);
        let (began, cpu, all) = (Instant::now(), cost::thread_cpu(), join.others_cpu());
        let writes = trie.commit(&nodes, &updates, &join)?.writes;
        nodes.apply(writes);
        let workers = join.others_cpu().saturating_sub(all).as_secs_f64();
        measured.seconds_commit += cost::thread_cpu().saturating_sub(cpu).as_secs_f64() + workers;
        measured.seconds_total += began.elapsed().as_secs_f64();
        measured.txs += u64::try_from(updates.len())?;
        measured.blocks += 1;
        left -= count;
    }
    measured.cpu_seconds = measured.seconds_commit;
    measured.state_root = trie.root();
    Ok(measured)
}
