//! kill -9 under load: nothing acknowledged is lost, and the books balance.

use std::{
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

use chainstack_primitives::AccountId;
use serde_json::{Value, json};

use super::{
    Draw, PROGRAM,
    load::{Supply, is_gone, number},
};
use crate::{
    accept::record,
    node::TestNode,
    wallet::{Wallet, hex_of},
};

/// Kills in all.
const ROUNDS: u64 = 100;
/// Shortest and longest time under load before a kill, in milliseconds.
const DELAY_MS: (u64, u64) = (5, 700);
/// Accounts that send at the same time.
const SENDERS: [&str; 2] = ["//Alice", "//Bob"];
/// Transfers of one submission.
const CHUNK: usize = 25;

/// What the chain acknowledged to one sender: the height and the nonce after it.
#[derive(Default)]
struct Acknowledged {
    height: AtomicU64,
    nonce: AtomicU64,
}

/// Kills a node 100 times.
///
/// # Errors
/// What did not hold, and in which round.
pub(super) fn run(seed: u64) -> Result<String, String> {
    let mut done = resumed(seed);
    let mut node = TestNode::kept(&["--log", "warn"]);
    let _address = node.token("gold");
    let token = node.cli(&["call", "gold", "transfer", "to=//Bob", "amount=250", "--from", "//Alice"]);
    if token.status != Some(0) {
        return Err(format!("{token:?}"));
    }
    let deposits = deposits(&node)?;
    let mut supply = Supply::default();
    let mut draw = Draw::new(seed);
    for _ in 0..done {
        // The delays of the rounds that were done before.
        let _drawn = draw.between(DELAY_MS.0, DELAY_MS.1);
    }
    let mut blocks = 0;
    while done < ROUNDS {
        let delay = Duration::from_millis(draw.between(DELAY_MS.0, DELAY_MS.1));
        let before = node.height();
        let outcome = round(&mut node, delay, &mut supply, deposits);
        if let Err(why) = outcome {
            let observed = format!("round {done}, killed after {delay:?} (seed {seed}): {why}");
            record::write("kill", Some(false), &observed, PROGRAM, json!({"seed": seed, "rounds": done}))?;
            return Err(observed);
        }
        blocks += node.height() - before;
        done += 1;
        if done.is_multiple_of(10) && done < ROUNDS {
            let observed = format!("{done} kills of {ROUNDS}");
            record::write("kill", None, &observed, PROGRAM, json!({"seed": seed, "rounds": done}))?;
        }
    }
    if blocks == 0 {
        return Err(format!("{ROUNDS} kills, and not one block in between (seed {seed})"));
    }
    let observed = format!(
        "{ROUNDS} kills under load (seed {seed}), {blocks} blocks in this run: heads at or past what was acknowledged, \
         supply exact, queries and proofs answered"
    );
    record::write("kill", Some(true), &observed, PROGRAM, json!({"seed": seed, "rounds": done}))?;
    Ok(observed)
}

/// Rounds that an earlier run of this seed has done.
fn resumed(seed: u64) -> u64 {
    let earlier = record::read("kill").unwrap_or_default();
    let same = earlier.get("seed") == Some(&json!(seed)) && earlier.get("passed") == Some(&Value::Null);
    let rounds = earlier.get("rounds").and_then(Value::as_u64);
    rounds.filter(|_| same).unwrap_or(0)
}

/// Deposits locked by the token's two entries and its contract: what genesis had and nobody holds freely.
fn deposits(node: &TestNode) -> Result<u128, String> {
    // Learnt once at the start, and constant from then on: the load makes no entries.
    let mut fresh = Supply::default();
    match fresh.check(node, 0) {
        Ok(_) => Ok(0),
        Err(_) => {
            let locked = events_of_deposits(node);
            fresh.check(node, locked).map(|_| locked)
        }
    }
}

/// What receipts so far say is locked.
fn events_of_deposits(node: &TestNode) -> u128 {
    let mut locked = 0;
    for height in 1..=node.height() {
        let block = node.rpc("chain_block", &[json!(height)]);
        for transaction in block["transactions"].as_array().into_iter().flatten() {
            let receipt = node.rpc("chain_receipt", &[transaction["id"].clone()]);
            locked += number(&receipt["deposit_locked"]);
            locked -= number(&receipt["deposit_released"]);
        }
    }
    locked
}

fn round(node: &mut TestNode, delay: Duration, supply: &mut Supply, deposits: u128) -> Result<(), String> {
    let acknowledged: Vec<Acknowledged> = SENDERS.iter().map(|_| Acknowledged::default()).collect();
    let to = Wallet::of(node, "//Charlie").account();
    let wallets: Vec<Wallet> = SENDERS.iter().map(|uri| Wallet::of(node, uri)).collect();
    let addresses: Vec<String> = wallets.iter().map(Wallet::address).collect();
    let process = node.process();
    let running = &*node;
    let wrong: Vec<String> = thread::scope(|scope| {
        let (ended, wait) = channel::<()>();
        let senders: Vec<_> = wallets
            .into_iter()
            .zip(&acknowledged)
            .map(|(wallet, acknowledged)| {
                let ended = ended.clone();
                scope.spawn(move || {
                    let outcome = send_until_gone(running, wallet, to, acknowledged);
                    drop(ended);
                    outcome
                })
            })
            .collect();
        drop(ended);
        // The delay: ends early only if both senders ended, which is a failure of its own.
        let early = wait.recv_timeout(delay) == Err(RecvTimeoutError::Disconnected);
        let mut wrong: Vec<String> = kill(process).err().into_iter().collect();
        wrong.extend(early.then(|| "the senders ended before the kill".to_owned()));
        wrong.extend(senders.into_iter().filter_map(|sender| match sender.join() {
            Ok(outcome) => outcome.err(),
            Err(_) => Some("a sender panicked".to_owned()),
        }));
        wrong
    });
    if let Some(why) = wrong.into_iter().next() {
        return Err(why);
    }
    node.restart();
    verify(node, &acknowledged, &addresses, supply, deposits)
}

/// SIGKILL, from outside the node's owner, which is busy asking.
fn kill(process: u32) -> Result<(), String> {
    let status = std::process::Command::new("kill").args(["-9", &process.to_string()]).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("kill -9 {process}: {other:?}")),
    }
}

/// Sends chunks and asks for each until the node is gone.
fn send_until_gone(
    node: &TestNode,
    mut wallet: Wallet,
    to: AccountId,
    acknowledged: &Acknowledged,
) -> Result<(), String> {
    loop {
        let chunk: Vec<_> = (0..CHUNK).map(|_| wallet.transfer(to, 1)).collect();
        let many: Vec<Value> = chunk.iter().map(hex_of).collect();
        let verdicts = match node.try_rpc("tx_submit_many", &[json!(many)]) {
            Ok(verdicts) => verdicts,
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) => return Err(format!("tx_submit_many: {error}")),
        };
        if let Some(refused) =
            verdicts.as_array().into_iter().flatten().find(|row| row.get("error").is_some())
        {
            return Err(format!("refused: {refused}"));
        }
        let id = chunk.last().map(|last| last.id().to_string()).unwrap_or_default();
        loop {
            match node.try_rpc("tx_status", &[json!(id)]) {
                Ok(status) if status["status"] == "included" => {
                    let height = status["receipt"]["height"].as_u64().unwrap_or(0);
                    acknowledged.height.fetch_max(height, Ordering::Relaxed);
                    acknowledged.nonce.store(wallet.nonce, Ordering::Relaxed);
                    break;
                }
                Ok(_) => thread::yield_now(),
                Err(error) if is_gone(&error) => return Ok(()),
                Err(error) => return Err(format!("tx_status: {error}")),
            }
        }
    }
}

fn verify(
    node: &TestNode,
    acknowledged: &[Acknowledged],
    addresses: &[String],
    supply: &mut Supply,
    deposits: u128,
) -> Result<(), String> {
    let head = node.height();
    for (acknowledged, address) in acknowledged.iter().zip(addresses) {
        let (height, nonce) =
            (acknowledged.height.load(Ordering::Relaxed), acknowledged.nonce.load(Ordering::Relaxed));
        if head < height {
            return Err(format!("head {head} is below the acknowledged {height}"));
        }
        let found = node.rpc("state_account", &[json!(address)])["nonce"].as_u64().unwrap_or(0);
        if found < nonce {
            return Err(format!("nonce {found} of {address} is below the acknowledged {nonce}"));
        }
    }
    supply.check(node, deposits)?;
    let asked = node.cli(&["query", "gold", "balance_of", "owner=//Bob"]);
    if asked.stdout.trim() != "250" {
        return Err(format!("balance_of answers {asked:?}"));
    }
    let proof = node.cli(&["proof", "get", "gold", "balances", "//Bob"]);
    let file = node.file("p.json", proof.stdout.as_bytes());
    let verified = node.cli(&["proof", "verify", &file, "--root", &node.state_root()]);
    if verified.status != Some(0) {
        return Err(format!("the proof does not hold: {verified:?}"));
    }
    Ok(())
}
