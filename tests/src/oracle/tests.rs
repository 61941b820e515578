//! The oracle over the samples, and that it can say no.

use super::*;

/// The seed that is usual; `CHAINSTACK_SEED` names another.
const SEED: u64 = 3;

fn from_environment(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn random_transitions(name: &str) {
    let (seed, calls) = (from_environment("CHAINSTACK_SEED", SEED), from_environment("CHAINSTACK_CALLS", 20_000));
    let sample = SAMPLES.iter().find(|sample| sample.name == name).expect("a sample");
    let ground = Ground::new(*sample).expect("the sample is ready");
    let mut counts = Counts::default();
    for index in 0..calls.div_ceil(WORLD_CALLS) {
        let calls = WORLD_CALLS.min(calls - index * WORLD_CALLS);
        let run = ground.run(world_seed(seed, index), calls, index % 2 == 0);
        counts.add(&run.unwrap_or_else(|why| panic!("seed {seed}: {why}")));
    }
    print(&format!("{name}, seed {seed}: {counts}"));
    assert_eq!(ground.never(&counts), Vec::<String>::new(), "never carried out, seed {seed}");
}

#[expect(clippy::print_stdout, reason = "seeds and counts are for whoever runs this")]
fn print(text: &str) {
    println!("{text}");
}

#[test]
fn random_transitions_of_erc20_keep_to_its_declaration() {
    random_transitions("erc20");
}

#[test]
fn random_transitions_of_escrow_keep_to_its_declaration() {
    random_transitions("escrow");
}

#[test]
fn random_transitions_of_auction_keep_to_its_declaration() {
    random_transitions("auction");
}

#[test]
fn random_transitions_of_custody_keep_to_its_declaration() {
    random_transitions("custody");
}

#[test]
fn random_transitions_of_deed_keep_to_its_declaration() {
    random_transitions("deed");
}
