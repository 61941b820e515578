//! Metrics of the node: base units, no rates, bounded labels, each with help text.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use chainstack_host::ExecutorCounts;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// A label that takes few values: the stable code's name.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct Outcome {
    /// Name of the code, from [`chainstack_primitives::codes::TABLE`] or a fixed word.
    pub outcome: String,
}

/// Every metric of the node.
pub struct Metrics {
    registry: Mutex<Registry>,
    /// Height of the head.
    pub height: Gauge,
    /// Blocks committed by this process.
    pub blocks: Counter,
    /// Gas used by committed blocks.
    pub gas: Counter,
    /// Transactions included, by outcome.
    pub transactions: Family<Outcome, Counter>,
    /// Transactions refused at submission, by reason.
    pub refused: Family<Outcome, Counter>,
    /// Transactions waiting in the pool.
    pub mempool_transactions: Gauge,
    /// Bytes waiting in the pool.
    pub mempool_bytes: Gauge,
    /// Seconds to build, execute, commit and sync a block.
    pub block_seconds: Histogram,
    /// Syncs of the store.
    pub storage_syncs: Counter,
    /// Base fee of the next block, in base units.
    pub base_fee: Gauge<f64, AtomicU64>,
    /// Times that code of contracts was compiled.
    pub code_compilations: Counter,
    /// Times that compiled code was taken from disk instead.
    pub code_cache_loads: Counter,
    /// Contracts kept ready in memory.
    pub contracts_kept: Gauge,
    /// Bytes that the uploaded ones among them hold, by estimate.
    pub contracts_kept_bytes: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Registers every metric.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("chainstack");
        let metrics = Self {
            registry: Mutex::new(Registry::default()),
            height: Gauge::default(),
            blocks: Counter::default(),
            gas: Counter::default(),
            transactions: Family::default(),
            refused: Family::default(),
            mempool_transactions: Gauge::default(),
            mempool_bytes: Gauge::default(),
            block_seconds: Histogram::new(exponential_buckets(0.0005, 2.0, 14)),
            storage_syncs: Counter::default(),
            base_fee: Gauge::default(),
            code_compilations: Counter::default(),
            code_cache_loads: Counter::default(),
            contracts_kept: Gauge::default(),
            contracts_kept_bytes: Gauge::default(),
        };
        registry.register("chain_height_blocks", "Height of the head of the chain", metrics.height.clone());
        registry.register("chain_blocks", "Blocks committed by this process", metrics.blocks.clone());
        registry.register(
            "chain_gas",
            "Gas used by the blocks committed by this process",
            metrics.gas.clone(),
        );
        let (name, help) = ("chain_transactions", "Transactions included, by outcome");
        registry.register(name, help, metrics.transactions.clone());
        let (name, help) = ("rpc_transactions_refused", "Transactions refused at submission, by reason");
        registry.register(name, help, metrics.refused.clone());
        let (name, help) = ("mempool_waiting_transactions", "Transactions waiting in the pool");
        registry.register(name, help, metrics.mempool_transactions.clone());
        let (name, help) = ("mempool_waiting_bytes", "Bytes of the transactions waiting in the pool");
        registry.register(name, help, metrics.mempool_bytes.clone());
        let (name, help) = ("chain_block_seconds", "Time to build, execute, commit and sync a block");
        registry.register(name, help, metrics.block_seconds.clone());
        registry.register("storage_syncs", "Synced writes of the store", metrics.storage_syncs.clone());
        let (name, help) = ("chain_base_fee_units", "Base fee of the next block, in base units per gas");
        registry.register(name, help, metrics.base_fee.clone());
        let (name, help) = ("host_code_compilations", "Times that code of contracts was compiled");
        registry.register(name, help, metrics.code_compilations.clone());
        let (name, help) = ("host_code_cache_loads", "Times that compiled code was taken from disk instead");
        registry.register(name, help, metrics.code_cache_loads.clone());
        let (name, help) = ("host_kept_contracts", "Contracts kept ready in memory");
        registry.register(name, help, metrics.contracts_kept.clone());
        let (name, help) = ("host_kept_bytes", "Bytes held by uploaded contracts kept ready, by estimate");
        registry.register(name, help, metrics.contracts_kept_bytes.clone());
        Self { registry: Mutex::new(registry), ..metrics }
    }

    /// Takes over what the room of contracts counts by itself.
    pub fn set_contracts(&self, counts: &ExecutorCounts) {
        raise(&self.code_compilations, counts.compiled);
        raise(&self.code_cache_loads, counts.from_cache);
        let wide = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.contracts_kept.set(wide(counts.kept));
        self.contracts_kept_bytes.set(wide(counts.kept_bytes));
    }

    /// All metrics in Prometheus' text format 0.0.4.
    #[must_use]
    pub fn text(&self) -> String {
        classic(&self.open_metrics())
    }

    fn open_metrics(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a string cannot fail.
        if encode(&mut text, &registry).is_err() {
            text.clear();
        }
        text
    }
}

/// Sets a counter to what was counted elsewhere; never back, also when two readers come at once.
pub fn raise(counter: &Counter, counted: u64) {
    counter.inner().fetch_max(counted, Ordering::Relaxed);
}

/// The older text format from the newer one: there a counter's help and type stand under its name without `_total`,
/// and a last line says that it is the last.
fn classic(text: &str) -> String {
    let counters: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut out = String::with_capacity(text.len());
    for line in text.lines().filter(|line| *line != "# EOF" && !line.starts_with("# UNIT ")) {
        let described =
            ["# HELP ", "# TYPE "].into_iter().find_map(|kind| Some((kind, line.strip_prefix(kind)?)));
        match described.and_then(|(kind, rest)| Some((kind, rest.split_once(' ')?))) {
            Some((kind, (name, rest))) if counters.contains(name) => {
                out.push_str(&format!("{kind}{name}_total {rest}\n"));
            }
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_help_and_type_under_its_own_name() {
        let metrics = Metrics::new();
        metrics.blocks.inc();
        metrics.transactions.get_or_create(&Outcome { outcome: "Ok".to_owned() }).inc();
        metrics.block_seconds.observe(0.01);
        let text = metrics.text();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        for sample in samples {
            let name = sample.split(['{', ' ']).next().expect("a name");
            let family =
                ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            assert!(text.contains(&format!("# HELP {family} ")), "{name}");
            assert!(text.contains(&format!("# TYPE {family} ")), "{name}");
        }
        assert!(text.contains("\nchainstack_chain_blocks_total 1\n") && !text.contains("# EOF"));
    }
}
