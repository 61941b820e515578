//! What every command that sends a transaction shares: simulate, show the cost, sign, submit, wait.

use std::{
    io::IsTerminal as _,
    path::PathBuf,
    thread::sleep,
    time::{Duration, Instant},
};

use chainstack_client::{
    KeyName, KeyPair, Keystore, Ss58Prefix,
    rpc::RpcError,
    transaction::{Terms, Unsigned, sign},
};
use chainstack_primitives::{AccountId, Amount, Body, Call, ChainId, Gas, Hash, Height, Nonce, codes};
use parity_scale_codec::Encode as _;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{
    Outcome,
    context::Context,
    contract_view::ContractView,
    error::{CliError, Exit, name_of},
    limits::PASSWORD_FILE_SIZE_MAX,
    output::{Answer, remark},
    secret,
    trie::read_bounded,
};
use crate::rpc::params::{parse_hash, parse_hex};

/// Time a command waits for its transaction to be in a block, in seconds.
pub(super) const WAIT_S: u64 = 60;
/// Pause between two looks at a transaction, in milliseconds.
const LOOK_MS: u64 = 20;
/// Gas limit of a simulation: the most a block takes.
const SIMULATED_GAS: u64 = 1_000_000_000;

/// Options of commands that send a transaction.
#[derive(clap::Args, Debug)]
pub(super) struct SendOptions {
    /// Who signs: the name of a key, or a secret URI such as //Alice.
    #[arg(long, value_name = "KEY")]
    from: String,
    /// Most gas [default: a quarter more than a simulation used].
    #[arg(long, value_name = "GAS")]
    gas_limit: Option<u64>,
    /// Most base units per gas [default: twice the base fee].
    #[arg(long, value_name = "UNITS")]
    max_fee: Option<u128>,
    /// Base units per gas for the proposer.
    #[arg(long, value_name = "UNITS", default_value_t = 0)]
    tip: u128,
    /// Most base units locked as storage deposits [default: what a simulation locked].
    #[arg(long, value_name = "UNITS")]
    max_deposit: Option<u128>,
    /// The nonce [default: the next].
    #[arg(long)]
    nonce: Option<u64>,
    /// Show what would happen and what it would cost, and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print the unsigned transaction, for `tx sign` on another machine, and send nothing; one that would fail is
    /// refused, unless --gas-limit is given.
    #[arg(long, conflicts_with = "dry_run")]
    unsigned: bool,
    /// File with the key's password [default: asked for].
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// What a sent call came to.
pub(super) enum Sent {
    /// It was only shown or printed.
    Shown(Answer),
    /// It is in a block.
    Included(Box<Included>),
}

/// A transaction in a block that did what it asked for.
pub(super) struct Included {
    /// The node's receipt.
    pub receipt: Value,
    /// What the call returned, as simulated just before.
    pub output: Vec<u8>,
    /// One line about the cost.
    pub cost: String,
}

/// Whose key signs.
enum Signer {
    Known(AccountId),
    Key(Box<KeyPair>),
}

impl SendOptions {
    /// Simulates `call`, shows the cost, and sends it unless told otherwise. `contract` words what it refuses.
    ///
    /// # Errors
    /// With the exit code of what went wrong: the simulation's, the node's, or the receipt's.
    pub(super) fn send(
        &self,
        context: &Context,
        call: Call,
        contract: Option<&ContractView>,
    ) -> Result<Sent, CliError> {
        let signer = self.signer(context)?;
        let account = match &signer {
            Signer::Known(account) => *account,
            Signer::Key(pair) => pair.public(),
        };
        let chain = ChainState::read(context, &account)?;
        let (body, report) = self.prepare(context, &chain, &account, call)?;
        let cost = cost_line(&report, &body);
        let verdict = check(&self.without_own_queue(report.clone()), contract);
        if self.unsigned {
            let answer = self.unsigned_answer(Unsigned { signer: account, body }, &report, verdict)?;
            if !context.is_json() {
                remark(&cost);
            }
            return Ok(Sent::Shown(answer));
        }
        verdict?;
        if self.dry_run {
            return Ok(Sent::Shown(shown(&cost, report, contract)));
        }
        let Signer::Key(pair) = signer else { return Err(self.keyless()) };
        if !context.is_json() {
            remark(&cost);
        }
        let transaction = sign(body, &pair);
        let bytes = format!("0x{}", hex::encode(transaction.encode()));
        context.rpc("tx_submit", &[json!(bytes)])?;
        let receipt = wait(context, &transaction.id())?;
        check(&receipt, contract)?;
        let output = report.get("output").and_then(Value::as_str).and_then(parse_hex).unwrap_or_default();
        Ok(Sent::Included(Box::new(Included { receipt, output, cost })))
    }

    /// What `tx sign` takes, with what a simulation says of it. A call that would fail is refused with its own exit
    /// code, unless a gas limit says that it is wanted all the same: the simulation then cannot tell one.
    fn unsigned_answer(
        &self,
        unsigned: Unsigned,
        report: &Value,
        verdict: Result<(), CliError>,
    ) -> Result<Answer, CliError> {
        let hex = format!("0x{}", hex::encode(unsigned.encode()));
        let mut answer = Answer::new(hex.clone(), json!({"unsigned": hex}));
        for field in ["gas", "fee", "deposit_locked", "deposit_released"] {
            answer = answer.with(field, report.get(field).cloned().unwrap_or_default());
        }
        match verdict {
            Ok(()) => Ok(answer),
            Err(error) if self.gas_limit.is_none() => {
                let hint = error.hint.clone().map_or(String::new(), |hint| format!("{hint}; "));
                Err(error.hint(format!("{hint}to print it all the same, give --gas-limit")))
            }
            Err(error) => {
                remark(&format!("warning: as the chain stands it would fail: {}", error.message));
                Ok(answer.with("would_fail", json!(error.message)))
            }
        }
    }

    /// As [`SendOptions::send`], with the answer that most commands give.
    ///
    /// # Errors
    /// As [`SendOptions::send`].
    pub(super) fn send_and_answer(
        &self,
        context: &Context,
        call: Call,
        contract: Option<&ContractView>,
        done: &str,
    ) -> Outcome {
        match self.send(context, call, contract)? {
            Sent::Shown(answer) => Ok(answer),
            Sent::Included(included) => Ok(included_answer(&included, contract, done)),
        }
    }

    /// After a transaction of the same command: a nonce that was given is the first one's.
    pub(super) const fn use_next_nonce(&mut self) {
        if let Some(nonce) = &mut self.nonce {
            *nonce = nonce.saturating_add(1);
        }
    }

    /// The signer's next nonce, or the one given.
    ///
    /// # Errors
    /// If the node does not say.
    pub(super) fn next_nonce(&self, context: &Context) -> Result<u64, CliError> {
        if let Some(nonce) = self.nonce {
            return Ok(nonce);
        }
        let account = context.account(&self.from)?;
        Ok(ChainState::read(context, &account)?.next_nonce)
    }

    /// A report without the complaint that earlier transactions of ours still wait: the pool keeps them in order.
    fn without_own_queue(&self, mut report: Value) -> Value {
        let waits = report.get("refused").is_some_and(|refused| code(refused) == codes::NONCE_TOO_HIGH);
        if waits && self.nonce.is_none() {
            report["refused"] = Value::Null;
        }
        report
    }

    fn signer(&self, context: &Context) -> Result<Signer, CliError> {
        secret::refuse(&self.from)?;
        if self.from.starts_with("//") {
            let pair = KeyPair::from_uri(&self.from).map_err(|error| CliError::misuse(error.to_string()))?;
            return Ok(Signer::Key(Box::new(pair)));
        }
        let store = keystore(context)?;
        let known = KeyName::parse(&self.from).ok().filter(|name| store.info(name).is_ok());
        let signs = !self.unsigned && !self.dry_run;
        let Some(name) = known else {
            let account = context.account(&self.from)?;
            return if signs { Err(self.keyless()) } else { Ok(Signer::Known(account)) };
        };
        if !signs {
            let info = store.info(&name).map_err(|error| CliError::failed(error.to_string()))?;
            return Ok(Signer::Known(info.account));
        }
        let password = password(self.password_file.as_ref(), &format!("password of {}: ", name.as_str()))?;
        let pair = store.open(&name, &password);
        let pair = pair.map_err(|error| CliError::new(Exit::Unauthorised, error.to_string()))?;
        Ok(Signer::Key(Box::new(pair)))
    }

    /// The signer is an account whose key is not here.
    fn keyless(&self) -> CliError {
        let text = format!("{} names an account without a key here", secret::shown(&self.from));
        CliError::new(Exit::Unauthorised, text)
            .hint("give a key's name or secret URI, or use --unsigned and `tx sign`")
    }

    /// The body to sign, and what its simulation says.
    fn prepare(
        &self,
        context: &Context,
        chain: &ChainState,
        account: &AccountId,
        call: Call,
    ) -> Result<(Body, Value), CliError> {
        let mut terms = Terms {
            chain: chain.id,
            nonce: Nonce(self.nonce.unwrap_or(chain.next_nonce)),
            valid_until: Terms::furthest(chain.height),
            gas_limit: Gas(self.gas_limit.unwrap_or(SIMULATED_GAS)),
            max_fee_per_gas: Amount(self.max_fee.unwrap_or(chain.base_fee.saturating_mul(2))),
            tip_per_gas: Amount(self.tip),
            max_deposit: Amount(self.max_deposit.unwrap_or(chain.balance)),
        };
        let first = simulate(context, account, &terms.clone().body(call.clone()))?;
        if self.max_deposit.is_none() {
            terms.max_deposit = Amount(number(&first, "deposit_locked"));
        }
        if code(&first) != codes::OK {
            return Ok((terms.body(call), first));
        }
        // A call holds gas in reserve that it gives back when it ends well, so what it used is the least that can
        // do; the exact terms are simulated until they suffice.
        let used = first.get("gas").and_then(Value::as_u64).unwrap_or(0);
        let mut margin = used / 4;
        loop {
            if self.gas_limit.is_none() {
                terms.gas_limit = Gas(used.saturating_add(margin).saturating_add(1_000).min(SIMULATED_GAS));
            }
            let body = terms.clone().body(call.clone());
            let report = simulate(context, account, &body)?;
            let suffices = code(&report) != codes::OUT_OF_GAS;
            if suffices || self.gas_limit.is_some() || terms.gas_limit.0 >= SIMULATED_GAS {
                return Ok((body, report));
            }
            margin = margin.saturating_mul(2).saturating_add(25_000);
        }
    }
}

struct ChainState {
    id: ChainId,
    height: Height,
    base_fee: u128,
    /// The signer's.
    balance: u128,
    /// The signer's, waiting transactions counted.
    next_nonce: u64,
}

impl ChainState {
    fn read(context: &Context, account: &AccountId) -> Result<Self, CliError> {
        let strange = || CliError::failed("the node's answer is not of this version");
        let status = context.rpc("chain_status", &[])?;
        let record = context.rpc("state_account", &[json!(account.to_string())])?;
        let id = status.get("chain").and_then(Value::as_str).and_then(parse_hash).ok_or_else(strange)?;
        Ok(Self {
            id: ChainId(id),
            height: Height(status.get("height").and_then(Value::as_u64).ok_or_else(strange)?),
            base_fee: number(&status, "base_fee"),
            balance: number(&record, "balance"),
            next_nonce: record.get("next_nonce").and_then(Value::as_u64).ok_or_else(strange)?,
        })
    }
}

/// The user's keys.
///
/// # Errors
/// If the user has no folder.
pub(super) fn keystore(context: &Context) -> Result<Keystore, CliError> {
    Ok(Keystore::new(context.home()?.join("keys"), Ss58Prefix::DEFAULT))
}

/// A password from a file (its first line), or asked for on the terminal.
///
/// # Errors
/// If there is neither.
pub(super) fn password(file: Option<&PathBuf>, prompt: &str) -> Result<String, CliError> {
    if let Some(file) = file {
        let bytes = Zeroizing::new(read_bounded(file, PASSWORD_FILE_SIZE_MAX)?);
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| CliError::misuse(format!("{}: text expected", file.display())))?;
        return Ok(text.lines().next().unwrap_or_default().to_owned());
    }
    if !std::io::stdin().is_terminal() {
        return Err(CliError::misuse("a password is needed and there is no terminal to ask on")
            .hint("give --password-file"));
    }
    rpassword::prompt_password(prompt).map_err(|error| CliError::failed(format!("no password: {error}")))
}

fn simulate(context: &Context, account: &AccountId, body: &Body) -> Result<Value, CliError> {
    let bytes = format!("0x{}", hex::encode(body.encode()));
    context.rpc("tx_simulate", &[json!(account.to_string()), json!(bytes)])
}

fn number(value: &Value, field: &str) -> u128 {
    value.get(field).and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn code(value: &Value) -> u16 {
    value.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()).unwrap_or(codes::OK)
}

/// Amounts of the native coin as people write them.
#[must_use]
pub(super) fn coins(units: u128) -> String {
    let (whole, rest) = (units / Amount::UNITS_PER_COIN, units % Amount::UNITS_PER_COIN);
    let digits = format!("{rest:018}");
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() { format!("{whole} CSK") } else { format!("{whole}.{digits} CSK") }
}

fn cost_line(report: &Value, body: &Body) -> String {
    let gas = report.get("gas").and_then(Value::as_u64).unwrap_or(0);
    let fee = coins(number(report, "fee"));
    let mut line = format!("cost: {gas} gas (limit {}), fee {fee}", body.gas_limit);
    let (locked, released) = (number(report, "deposit_locked"), number(report, "deposit_released"));
    if locked > 0 {
        line.push_str(&format!(", deposit {}", coins(locked)));
    }
    if released > 0 {
        line.push_str(&format!(", deposit back {}", coins(released)));
    }
    line
}

/// Whether a simulation or receipt says that the call did what it asked for.
fn check(report: &Value, contract: Option<&ContractView>) -> Result<(), CliError> {
    let failed = code(report);
    if failed != codes::OK {
        return Err(refusal(failed, report, contract));
    }
    match report.get("refused") {
        None | Some(Value::Null) => Ok(()),
        Some(refused) => {
            let message = refused.get("message").and_then(Value::as_str).unwrap_or_default();
            let reason = code(refused);
            Err(CliError::chain(reason, format!("{}: {message}", name_of(reason))))
        }
    }
}

/// Words a failed call, with the contract's own error where it gave one.
#[must_use]
pub(super) fn refusal(failed: u16, report: &Value, contract: Option<&ContractView>) -> CliError {
    let text = report.get("text").and_then(Value::as_str).unwrap_or_default();
    let revert = report.get("revert").and_then(Value::as_str).and_then(parse_hex).unwrap_or_default();
    let worded = contract.filter(|_| failed == codes::REVERTED).and_then(|view| view.word_revert(&revert));
    let mut error = match worded {
        Some((message, fields)) => {
            let mut error = CliError::chain(failed, message);
            error.data.extend(fields);
            error
        }
        None if text.is_empty() => CliError::chain(failed, name_of(failed)),
        None => CliError::chain(failed, format!("{}: {text}", name_of(failed))),
    };
    if let Some(id) = report.get("id").and_then(Value::as_str) {
        error = error.field("id", id);
    }
    error
}

fn shown(cost: &str, report: Value, contract: Option<&ContractView>) -> Answer {
    let mut fields = match report {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    fields.insert("dry_run".to_owned(), json!(true));
    if let (Some(view), Some(events)) = (contract, fields.get_mut("events").and_then(Value::as_array_mut)) {
        events.iter_mut().for_each(|event| view.word_event(event));
    }
    Answer::new(format!("would succeed\n{cost}"), Value::Object(fields))
}

/// Waits until a block includes the transaction: its receipt.
///
/// # Errors
/// If the node dropped it, or no block included it in [`WAIT_S`] seconds.
pub(super) fn wait(context: &Context, id: &Hash) -> Result<Value, CliError> {
    let deadline = Instant::now() + Duration::from_secs(WAIT_S);
    loop {
        let status = match context.client().call("tx_status", &[json!(id.to_string())]) {
            // A node that restarts is given the time.
            Err(RpcError::Unreachable { .. }) if Instant::now() < deadline => Value::Null,
            other => other?,
        };
        match status.get("status").and_then(Value::as_str) {
            Some("included") => return Ok(status.get("receipt").cloned().unwrap_or_default()),
            Some("unknown") => {
                let text = format!("the node dropped the transaction {id}");
                return Err(
                    CliError::failed(text).hint("send it again; it could not be included at its turn")
                );
            }
            _ => {}
        }
        if Instant::now() >= deadline {
            let text = format!("no block included the transaction {id} in {WAIT_S} s");
            return Err(CliError::failed(text).hint("look again with `chainstack tx status`"));
        }
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "a poll of another process pauses between two looks")]
fn pause() {
    sleep(Duration::from_millis(LOOK_MS));
}

/// The answer of a command whose transaction is in a block.
#[must_use]
pub(super) fn included_answer(included: &Included, contract: Option<&ContractView>, done: &str) -> Answer {
    let mut receipt = included.receipt.clone();
    let mut lines = vec![format!(
        "{done} in block {} ({})",
        receipt.get("height").unwrap_or(&Value::Null),
        receipt.get("id").and_then(Value::as_str).unwrap_or_default()
    )];
    if let (Some(view), Some(events)) = (contract, receipt.get_mut("events").and_then(Value::as_array_mut)) {
        for event in events {
            view.word_event(event);
            lines.push(format!("event: {}", super::contract_view::event_line(event)));
        }
    }
    Answer::new(lines.join("\n"), receipt)
}
