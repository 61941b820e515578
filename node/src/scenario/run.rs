//! Taking the steps of a scenario and comparing what they bring.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use super::chain::{
    CallRequest, DeployRequest, Executed, PokeRequest, QueryRequest, Refusal, Request, ScenarioChain, Source,
    UpgradeRequest,
};
use super::error::At;
use super::random::Draw;
use super::schema::{Answer, Contract, Escrowed, Expect, Random, Scenario, Step, Sum};
use super::value::{Names, number};
use super::{Announced, ScenarioError};

/// What a passing scenario did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Transactions carried out, deployments included.
    pub transactions: usize,
    /// Transactions refused.
    pub refused: usize,
    /// Greatest gas of one transaction.
    pub gas_max: u64,
}

/// Runs `scenario` on a fresh `chain`.
///
/// # Errors
/// [`ScenarioError`] for the first contract or step that does not bring what is expected.
pub fn run(scenario: &Scenario, chain: &mut impl ScenarioChain) -> Result<Report, ScenarioError> {
    let names = Names(&scenario.accounts);
    let mut runner = Runner { scenario, names, chain, report: Report::default(), deployed: Vec::new() };
    runner.steps().map_err(|(at, what)| ScenarioError::new(&scenario.file, at, what))?;
    Ok(runner.report)
}

struct Runner<'a, C> {
    scenario: &'a Scenario,
    names: Names<'a>,
    chain: &'a mut C,
    report: Report,
    /// Names of contracts that exist.
    deployed: Vec<&'a str>,
}

impl<'a, C: ScenarioChain> Runner<'a, C> {
    fn steps(&mut self) -> Result<(), (At, String)> {
        if let Some(time_ms) = self.scenario.time_ms {
            self.chain.set_time(time_ms).map_err(|what| (At::File, what))?;
        }
        for contract in &self.scenario.contracts {
            self.deploy(contract).map_err(|what| (At::Contract(contract.name.clone()), what))?;
        }
        for (index, step) in self.scenario.steps.iter().enumerate() {
            let at = At::Step(index.saturating_add(1), step.label());
            self.step(step).map_err(|what| (at, what))?;
        }
        Ok(())
    }

    fn deploy(&mut self, contract: &'a Contract) -> Result<(), String> {
        let source = match (&contract.code, &contract.paradigm, &contract.wasm) {
            (Some(code), ..) => Source::Code(Arc::clone(code)),
            (None, Some(name), _) => Source::Paradigm(name.clone()),
            (None, None, Some(path)) => Source::Wasm(self.path(path)),
            (None, None, None) => return Err("expected `paradigm` or `wasm`".into()),
        };
        let request = DeployRequest {
            name: contract.name.clone(),
            source,
            caller: self.names.resolve(&contract.caller)?.into(),
            params: self.names.texts(&contract.params)?,
            value: contract.value.as_ref().map_or(Ok(0), |value| self.names.amount(value))?,
        };
        let before = self.roots()?;
        let executed = self.chain.deploy(&request)?;
        if executed.outcome.is_ok() {
            self.deployed.push(&contract.name);
        }
        self.compare(&contract.expect, &executed, true)?;
        self.after(&contract.expect, executed.outcome.is_err(), &before)
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        // Heights first: the blocks that fill them take their time too.
        if let Some(height) = step.at_height {
            self.chain.set_height(height)?;
        }
        if let Some(at_ms) = step.at_ms {
            let start = self.scenario.time_ms.ok_or("`at_ms` needs the scenario's `time_ms`")?;
            self.chain.set_time(start.saturating_add(at_ms))?;
        }
        if let Some(view) = &step.query {
            return self.query(view, step);
        }
        let before = self.roots()?;
        if let Some(wasm) = &step.upgrade {
            return self.upgrade(wasm, step, &before);
        }
        let calls = match (&step.block, &step.random) {
            (Some(calls), _) => calls.as_slice(),
            (None, Some(random)) => {
                self.random(random, step)?;
                return self.after(&step.expect, false, &before);
            }
            (None, None) => std::slice::from_ref(step),
        };
        let requests: Vec<Request> = calls.iter().map(|call| self.request(call)).collect::<Result<_, _>>()?;
        let executed = self.chain.execute(&requests)?;
        if executed.len() != calls.len() {
            return Err(format!("{} calls sent, {} answers found", calls.len(), executed.len()));
        }
        for (call, executed) in calls.iter().zip(&executed) {
            let in_block =
                |what| if step.block.is_some() { format!("{}: {what}", call.label()) } else { what };
            self.compare(&call.expect, executed, false).map_err(in_block)?;
        }
        let nothing_done = executed.iter().all(|executed| executed.outcome.is_err());
        for call in calls {
            self.after(&call.expect, nothing_done, &before)?;
        }
        if step.block.is_some() {
            self.after(&step.expect, nothing_done, &before)?;
        }
        Ok(())
    }

    /// A path from the scenario's folder.
    fn path(&self, path: &Path) -> PathBuf {
        self.scenario.file.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }

    fn upgrade(&mut self, wasm: &Path, step: &Step, before: &[(String, String)]) -> Result<(), String> {
        let caller = step.caller.as_ref().ok_or("expected `caller`")?;
        let request = UpgradeRequest {
            contract: self.contract(step.contract.as_deref())?,
            wasm: self.path(wasm),
            caller: self.names.resolve(caller)?.to_owned(),
        };
        let executed = self.chain.propose(&request)?;
        self.compare(&step.expect, &executed, false)?;
        self.after(&step.expect, executed.outcome.is_err(), before)
    }

    fn request(&self, step: &Step) -> Result<Request, String> {
        let caller = step.caller.as_ref().ok_or("expected `caller`")?;
        let caller = self.names.resolve(caller)?.to_owned();
        let contract = self.contract(step.contract.as_deref())?;
        match (&step.call, &step.poke) {
            (Some(method), _) => Ok(Request::Call(CallRequest {
                contract,
                method: method.clone(),
                caller,
                args: self.names.texts(&step.args)?,
                value: step.value.as_ref().map_or(Ok(0), |value| self.names.amount(value))?,
                sends: step
                    .sends
                    .iter()
                    .map(|(asset, max)| Ok((asset.clone(), self.names.amount(max)?)))
                    .collect::<Result<_, String>>()?,
                approve: step.approve,
            })),
            (None, Some(exit)) => {
                let item = self.key(&step.item)?;
                Ok(Request::Poke(PokeRequest { contract, exit: exit.clone(), caller, item }))
            }
            (None, None) => Err("expected `call` or `poke`".into()),
        }
    }

    /// The texts of a key.
    fn key(&self, fields: &[toml::Value]) -> Result<Vec<String>, String> {
        fields.iter().map(|field| self.names.text(field)).collect()
    }

    fn contract(&self, named: Option<&str>) -> Result<String, String> {
        match (named, self.scenario.contracts.as_slice()) {
            (Some(name), contracts) if contracts.iter().any(|contract| contract.name == name) => {
                Ok(name.into())
            }
            (Some(name), _) => Err(format!("no contract is called `{name}`")),
            (None, [only]) => Ok(only.name.clone()),
            (None, _) => Err("there are several contracts: say which with `contract`".into()),
        }
    }

    fn query(&mut self, view: &str, step: &Step) -> Result<(), String> {
        let request = QueryRequest {
            contract: self.contract(step.contract.as_deref())?,
            method: view.into(),
            args: self.names.texts(&step.args)?,
        };
        let outcome = self.chain.query(&request)?;
        self.compare(&step.expect, &Executed { outcome, events: Vec::new(), gas: 0 }, false)?;
        self.after(&step.expect, false, &[])
    }

    fn random(&mut self, random: &Random, step: &Step) -> Result<(), String> {
        let contract = self.contract(step.contract.as_deref())?;
        let mut draw = Draw::new(random.seed);
        let (mut left, mut succeeded) = (random.count, 0_usize);
        while left > 0 {
            let size = left.min(random.per_block);
            left = left.saturating_sub(size);
            let calls: Vec<Request> =
                (0..size).map(|_| draw.call(random, &self.names, &contract)).collect::<Result<_, _>>()?;
            for (call, executed) in calls.iter().zip(self.chain.execute(&calls)?) {
                self.count(&executed);
                match &executed.outcome {
                    Ok(_) => succeeded = succeeded.saturating_add(1),
                    Err(refusal) if random.errors.contains(&refusal.name) => {}
                    Err(refusal) => {
                        let (seed, found) = (random.seed, describe(refusal));
                        return Err(format!("seed {seed}: {call:?} was refused with {found}"));
                    }
                }
            }
        }
        if succeeded < random.succeed_min {
            let least = random.succeed_min;
            return Err(format!(
                "seed {}: {succeeded} calls succeeded, expected at least {least}",
                random.seed
            ));
        }
        Ok(())
    }

    fn count(&mut self, executed: &Executed) {
        self.report.transactions = self.report.transactions.saturating_add(1);
        if executed.outcome.is_err() {
            self.report.refused = self.report.refused.saturating_add(1);
        }
        self.report.gas_max = self.report.gas_max.max(executed.gas);
    }

    /// Storage roots of all contracts there are.
    fn roots(&mut self) -> Result<Vec<(String, String)>, String> {
        let names: Vec<String> = self.deployed.iter().map(|name| (*name).to_owned()).collect();
        names.into_iter().map(|name| Ok((name.clone(), self.chain.storage_root(&name)?))).collect()
    }

    /// Outcome, events and gas of one transaction or query.
    fn compare(&mut self, expect: &Expect, executed: &Executed, deployment: bool) -> Result<(), String> {
        self.count(executed);
        match (&expect.error, &executed.outcome) {
            (None, Err(refusal)) => return Err(format!("expected success, found {}", describe(refusal))),
            (Some(error), Ok(_)) => return Err(format!("expected error {error}, found success")),
            (Some(error), Err(refusal)) => {
                self.compare_error(error, refusal)?;
                if let Some(text) = expect.text.as_ref().filter(|text| !says(refusal, text)) {
                    return Err(format!(
                        "expected a refusal that says `{text}`, found {}",
                        describe(refusal)
                    ));
                }
                if !executed.events.is_empty() {
                    return Err(format!("refused, and yet it announced {}", list(&executed.events)));
                }
            }
            (None, Ok(returned)) => {
                if let Some(expected) = &expect.returns
                    && !deployment
                    && !self.names.same(self.chain, expected, returned)?
                {
                    return Err(format!("expected return {expected}, found {returned}"));
                }
            }
        }
        self.compare_events(expect, &executed.events)?;
        match expect.gas_max {
            Some(most) if executed.gas > most => {
                Err(format!("expected at most {most} gas, found {}", executed.gas))
            }
            _ => Ok(()),
        }
    }

    fn compare_error(&mut self, error: &toml::Value, refusal: &Refusal) -> Result<(), String> {
        let same = match error {
            toml::Value::String(name) => *name == refusal.name,
            toml::Value::Table(table) => match table.iter().next() {
                Some((name, toml::Value::Table(fields))) => {
                    *name == refusal.name
                        && self.names.same_fields(self.chain, fields.iter(), refusal.fields.iter())?
                }
                _ => false,
            },
            _ => false,
        };
        if same { Ok(()) } else { Err(format!("expected error {error}, found {}", describe(refusal))) }
    }

    fn compare_events(&mut self, expect: &Expect, found: &[Announced]) -> Result<(), String> {
        let Some(expected) = &expect.events else { return Ok(()) };
        let mut same = expected.len() == found.len();
        for (expected, found) in expected.iter().zip(found) {
            let Some((name, fields)) = expected.iter().next() else { continue };
            same = same
                && *name == found.name
                && self.names.same_fields(self.chain, fields.iter(), found.fields.iter())?;
        }
        if same { Ok(()) } else { Err(format!("expected events {expected:?}, found {}", list(found))) }
    }

    /// What holds after a step; `before` are the storage roots from before it.
    fn after(&mut self, expect: &Expect, refused: bool, before: &[(String, String)]) -> Result<(), String> {
        if refused {
            for (name, root) in before {
                let found = self.chain.storage_root(name)?;
                if found != *root {
                    return Err(format!("refused, and yet storage of `{name}` went from {root} to {found}"));
                }
            }
        }
        for entry in &expect.state {
            let contract = self.contract(entry.contract.as_deref())?;
            let key = self.key(&entry.key)?;
            let found = self.chain.state(&contract, &entry.cell, &key)?;
            let same = match &entry.value {
                None => found.is_null(),
                Some(expected) => self.names.same(self.chain, expected, &found)?,
            };
            if !same {
                let expected = entry.value.as_ref().map_or_else(|| "no entry".into(), ToString::to_string);
                return Err(format!("{}{key:?}: expected {expected}, found {found}", entry.cell));
            }
        }
        for standing in &expect.machines {
            let contract = self.contract(standing.contract.as_deref())?;
            let key = self.key(&standing.key)?;
            let found = self.chain.machine_state(&contract, &standing.machine, &key)?;
            if found.as_str() != standing.state.as_deref() {
                let expected = standing.state.as_deref().unwrap_or("no item");
                let machine = &standing.machine;
                return Err(format!("machine {machine}{key:?}: expected {expected}, found {found}"));
            }
        }
        for held in &expect.escrows {
            self.escrow(held)?;
        }
        for answer in &expect.views {
            self.view(answer)?;
        }
        for (account, expected) in &expect.balances {
            let account = self.names.resolve(account)?.to_owned();
            let (expected, found) = (self.names.amount(expected)?, self.chain.balance(&account)?);
            if expected != found {
                return Err(format!("balance of {account}: expected {expected}, found {found}"));
            }
        }
        match &expect.sum {
            None => Ok(()),
            Some(sum) => self.sum(sum),
        }
    }

    fn escrow(&mut self, held: &Escrowed) -> Result<(), String> {
        let contract = self.contract(held.contract.as_deref())?;
        let key = self.key(&held.key)?;
        let found = self.chain.escrowed(&contract, &held.cell, &key)?;
        let (same, expected) = match (&held.value, held.holds) {
            (Some(value), _) => {
                let value = self.names.amount(value)?;
                (value == found, value.to_string())
            }
            (None, Some(true)) => (found > 0, "something".to_owned()),
            (None, _) => (found == 0, "nothing".to_owned()),
        };
        if same {
            Ok(())
        } else {
            Err(format!("escrow {}{key:?}: expected {expected}, found {found}", held.cell))
        }
    }

    fn ask(&mut self, request: &QueryRequest) -> Result<Json, String> {
        let method = &request.method;
        self.chain.query(request)?.map_err(|refusal| format!("view {method}: found {}", describe(&refusal)))
    }

    fn view(&mut self, answer: &Answer) -> Result<(), String> {
        let request = QueryRequest {
            contract: self.contract(answer.contract.as_deref())?,
            method: answer.query.clone(),
            args: self.names.texts(&answer.args)?,
        };
        let found = self.ask(&request)?;
        if self.names.same(self.chain, &answer.returns, &found)? {
            return Ok(());
        }
        Err(format!("view {}: expected {}, found {found}", answer.query, answer.returns))
    }

    fn sum(&mut self, sum: &Sum) -> Result<(), String> {
        let contract = self.contract(None)?;
        let mut total = 0_u128;
        for account in &sum.over {
            let key = [self.names.resolve(account)?.to_owned()];
            let found = number(&self.chain.state(&contract, &sum.cell, &key)?)?;
            total = total.checked_add(found).ok_or("the sum passes the greatest amount")?;
        }
        let request = QueryRequest { contract, method: sum.query.clone(), args: Default::default() };
        let said = number(&self.ask(&request)?)?;
        if said == total {
            return Ok(());
        }
        Err(format!("sum of {}: the entries give {total}, {} says {said}", sum.cell, sum.query))
    }
}

/// Whether the refusal says so.
fn says(refusal: &Refusal, text: &str) -> bool {
    refusal.fields.values().filter_map(Json::as_str).any(|said| said.contains(text))
}

fn describe(refusal: &Refusal) -> String {
    if refusal.fields.is_empty() {
        return refusal.name.clone();
    }
    let fields: Vec<String> =
        refusal.fields.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!("{} {{ {} }}", refusal.name, fields.join(", "))
}

fn list(events: &[Announced]) -> String {
    let describe = |event: &Announced| {
        let fields: Vec<String> =
            event.fields.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        format!("{} {{ {} }}", event.name, fields.join(", "))
    };
    let events: Vec<String> = events.iter().map(describe).collect();
    format!("[{}]", events.join(", "))
}
