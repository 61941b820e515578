//! The token's scenarios on three engines: every block and every receipt must be the same.
#![expect(clippy::print_stderr, reason = "the counts are part of what the test says")]

use std::{cell::RefCell, path::Path, rc::Rc, sync::Arc};

use chainstack_engine::Compiler;
use chainstack_host::{EngineChoice, Executor, ExecutorConfig};
use chainstack_primitives::{Hash, Header, Receipt, codes};
use chainstack_runtime::{params::Schedule, transaction::Outcome};

use super::{LocalChain, Scenario, files, folder, run};

/// The engines, by whose name a difference is told.
const ENGINES: [(&str, EngineChoice); 3] = [
    ("singlepass", EngineChoice::Compiled(Compiler::Singlepass)),
    ("cranelift", EngineChoice::Compiled(Compiler::Cranelift)),
    ("interpreter", EngineChoice::Reference),
];

/// A block as one engine made it.
#[derive(Clone, PartialEq, Debug)]
struct Block {
    header: Header,
    receipts: Vec<Receipt>,
    outcomes: Vec<Outcome>,
}

fn executor(engine: EngineChoice, schedule: &Schedule) -> Arc<Executor> {
    let config = ExecutorConfig { engine, ..ExecutorConfig::default() };
    Arc::new(Executor::new(config, schedule.clone()).expect("an engine"))
}

/// Every block that a scenario makes, each expectation of the scenario met.
fn blocks(file: &Path, executor: &Arc<Executor>, schedule: &Schedule) -> Vec<Block> {
    let scenario = Scenario::read(file).unwrap_or_else(|error| panic!("{error}"));
    let seen = Rc::new(RefCell::new(Vec::new()));
    let sink = Rc::clone(&seen);
    let chain = LocalChain::new(Arc::clone(executor), Arc::new(schedule.clone())).expect("a chain");
    let mut chain = chain.watched_by(Box::new(move |applied| {
        sink.borrow_mut().push(Block {
            header: applied.header.clone(),
            receipts: applied.receipts.clone(),
            outcomes: applied.outcomes.clone(),
        });
    }));
    run(&scenario, &mut chain).unwrap_or_else(|error| panic!("{error}"));
    drop(chain);
    Rc::into_inner(seen).expect("nobody watches any more").into_inner()
}

/// The first thing that is not the same: what a receipt says (code, gas, fee, deposit, hash of the output, root of the
/// events, revert payload), then events, output and diagnostics, then the roots of the block.
fn difference(expected: &[Block], found: &[Block]) -> Option<String> {
    if expected.len() != found.len() {
        return Some(format!("{} blocks, then {}", expected.len(), found.len()));
    }
    for (expected, found) in expected.iter().zip(found) {
        let height = expected.header.core.height.0;
        for (index, pair) in expected.receipts.iter().zip(&found.receipts).enumerate() {
            if pair.0 != pair.1 {
                return Some(format!("block {height}, transaction {index}: {:?}, then {:?}", pair.0, pair.1));
            }
        }
        for (index, pair) in expected.outcomes.iter().zip(&found.outcomes).enumerate() {
            if pair.0 != pair.1 {
                return Some(format!("block {height}, transaction {index}: {:?}, then {:?}", pair.0, pair.1));
            }
        }
        if expected != found {
            return Some(format!("block {height}: {:?}, then {:?}", expected.header, found.header));
        }
    }
    None
}

#[derive(Default, Debug)]
struct Counts {
    scenarios: usize,
    blocks: usize,
    contracts: usize,
    transactions: usize,
    /// Of them, calls of a contract that stands.
    calls: usize,
    refused: usize,
    reverted: usize,
    events: usize,
}

impl Counts {
    fn add(&mut self, scenario: &Scenario, blocks: &[Block]) {
        self.scenarios += 1;
        self.contracts += scenario.contracts.len();
        self.blocks += blocks.len();
        for (receipt, outcome) in blocks.iter().flat_map(|block| block.receipts.iter().zip(&block.outcomes)) {
            self.transactions += 1;
            self.refused += usize::from(receipt.code != codes::OK);
            self.reverted += usize::from(receipt.code == codes::REVERTED && !receipt.revert.is_empty());
            self.events += outcome.events.len();
        }
        // Each contract was deployed by a transaction.
        self.calls = self.transactions - self.contracts;
    }
}

#[test]
fn three_engines_agree_on_the_token_scenarios() {
    let schedule = Schedule::base().expect("the program's own parameters");
    let executors = ENGINES.map(|(name, engine)| (name, executor(engine, &schedule)));
    let [(first, one), others @ ..] = &executors;
    let mut counts = Counts::default();
    for file in [files(&folder()), files(&folder().join("more"))].concat() {
        let expected = blocks(&file, one, &schedule);
        for (name, other) in others {
            if let Some(what) = difference(&expected, &blocks(&file, other, &schedule)) {
                panic!("{}: {first}, then {name}: {what}", file.display());
            }
        }
        let scenario = Scenario::read(&file).unwrap_or_else(|error| panic!("{error}"));
        counts.add(&scenario, &expected);
    }
    eprintln!("three engines give the same blocks for the ERC20 scenarios: {counts:?}");
    assert!(counts.scenarios > 35 && counts.contracts >= counts.scenarios, "{counts:?}");
    assert!(counts.calls > 500 && counts.blocks > 100, "{counts:?}");
    assert!(counts.refused > 20 && counts.reverted > 15 && counts.events > 100, "{counts:?}");
}

/// A chain whose instructions cost one gas more is found to differ: the comparison sees what it must.
#[test]
fn a_difference_between_engines_would_show() {
    let schedule = Schedule::base().expect("the program's own parameters");
    let mut dearer = schedule.clone();
    dearer.host.instruction.simple += 1;
    let file = folder().join("transfer_part.toml");
    let [(_, engine), ..] = ENGINES;
    let expected = blocks(&file, &executor(engine, &schedule), &schedule);
    assert_eq!(difference(&expected, &expected), None);
    let found = blocks(&file, &executor(engine, &dearer), &dearer);
    let what = difference(&expected, &found).expect("other gas");
    assert!(what.contains("transaction 0") && what.contains("gas"), "{what}");
    // And one whose receipts are the same, but not its state.
    let mut other = expected.clone();
    other.last_mut().expect("a block").header.core.state_root = Hash([7; 32]);
    assert!(difference(&expected, &other).expect("another root").contains("state_root"));
}
