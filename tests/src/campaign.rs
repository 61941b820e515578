//! Long counts against a running node: seeds printed, results kept with the commit they were made at.
//!
//! | file | what |
//! | --- | --- |
//! | `draw` | numbers from a seed |
//! | `load` | many transactions, and what they add up to |
//! | `kill` | kill -9 under load, again and again |
//! | `memory` | whether resident memory grows |
//! | `peers` | the program's speed, with other projects' programs beside it |
//! | `transitions` | random calls of the samples, with the declaration as oracle |
//! | `suites` | the counts of other rooms, run with `CHAINSTACK_CAMPAIGN=1` |
//!
//! A campaign goes on where it stopped: counts done are kept in its result, and begin anew with another commit.

mod draw;
mod kill;
mod load;
mod memory;
mod peers;
mod suites;
mod transitions;

pub use draw::Draw;

/// A campaign: its name, and what runs it from a seed. The seed is printed by whoever starts it.
pub struct Campaign {
    /// Name of its result in `tests/campaign`.
    pub name: &'static str,
    /// Runs it: what was observed. Writes the result itself.
    pub run: fn(seed: u64) -> Result<String, String>,
}

/// Every campaign, the short ones first.
pub const CAMPAIGNS: &[Campaign] = &[
    Campaign { name: "kill", run: kill::run },
    Campaign { name: "memory-calls", run: memory::calls },
    Campaign { name: "memory-deploys", run: memory::deploys },
    Campaign { name: "peers", run: peers::measure },
    Campaign { name: "transitions", run: transitions::run },
    Campaign { name: "trie", run: suites::trie },
    Campaign { name: "wasm", run: suites::wasm },
    Campaign { name: "rooms", run: suites::rooms },
    Campaign { name: "ci-warm", run: suites::ci_warm },
    Campaign { name: "ci-cold", run: suites::ci_cold },
];

/// What every campaign against the program exercises: all that the program is built from.
const PROGRAM: &[&str] =
    &["runtime", "host", "node", "sdk", "contracts", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"];
