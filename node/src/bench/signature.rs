//! Verification of signatures: decoded from bytes, verified in batches on every thread.

use std::{sync::Mutex, time::Instant};

use anyhow::{Result, bail};
use chainstack_primitives::Transaction;
use chainstack_runtime::{ports::Parallel as _, transaction::VerifiedTransaction};

use super::{BenchConfig, Measured, cost, path::Holders};
use crate::threads::Threads;

/// Transactions verified together.
pub(super) const BATCH: usize = 256;

pub(super) fn run(config: &BenchConfig) -> Result<Measured> {
    let holders = Holders::new(config);
    let signed = holders.transfers(config, chainstack_primitives::ChainId::default());
    let threads = Threads::of(config.threads);
    let (began, cpu, process) = (Instant::now(), cost::thread_cpu(), cost::process_cpu());
    let verified = verify_all(&threads, &signed)?;
    Ok(Measured {
        txs: u64::try_from(verified.len())?,
        cpu_seconds: cost::process_cpu().saturating_sub(process).as_secs_f64(),
        seconds_sig: (cost::thread_cpu().saturating_sub(cpu) + threads.others_cpu()).as_secs_f64(),
        seconds_total: began.elapsed().as_secs_f64(),
        ..Measured::default()
    })
}

/// Decodes and verifies transactions on every thread; the order is kept.
pub(super) fn verify_all(threads: &Threads, signed: &[Vec<u8>]) -> Result<Vec<VerifiedTransaction>> {
    let batches: Vec<&[Vec<u8>]> = signed.chunks(BATCH).collect();
    let verified: Vec<Mutex<Vec<VerifiedTransaction>>> = batches.iter().map(|_| Mutex::default()).collect();
    threads.for_each(batches.len(), &|index| {
        let (Some(batch), Some(slot)) = (batches.get(index), verified.get(index)) else { return };
        let decoded = batch.iter().filter_map(|bytes| Transaction::decode_all(bytes).ok()).collect();
        let good = VerifiedTransaction::verify_many(decoded).into_iter().filter_map(Result::ok).collect();
        if let Ok(mut slot) = slot.lock() {
            *slot = good;
        }
    });
    let all: Vec<_> = verified.into_iter().flat_map(|slot| slot.into_inner().unwrap_or_default()).collect();
    if all.len() != signed.len() {
        bail!("{} of {} signatures did not verify", signed.len() - all.len(), signed.len());
    }
    Ok(all)
}
