//! The token as a few plain rules over maps: what the scenario files are checked against without a host.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::{
    Announced, CallRequest, DeployRequest, Executed, QueryRequest, Refusal, Request, ScenarioChain,
    UpgradeRequest,
};

const ZERO: &str = "0x0000000000000000000000000000000000000000000000000000000000000000";

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    params: BTreeMap<String, String>,
    balances: BTreeMap<String, u128>,
    allowances: BTreeMap<(String, String), u128>,
    events: Vec<Announced>,
    paused: bool,
    /// A refused call still writes.
    leaks: bool,
}

type Answer = Result<Value, Refusal>;

fn refusal(name: &str, fields: &[(&str, u128)]) -> Refusal {
    let field = |(name, value): &(&str, u128)| ((*name).to_owned(), json!(value.to_string()));
    Refusal { name: name.into(), fields: fields.iter().map(field).collect() }
}

fn given(account: &str) -> Result<(), Refusal> {
    if account == ZERO { Err(refusal("ZeroAddress", &[])) } else { Ok(()) }
}

impl Model {
    /// A faulty one, in which a refused call still writes.
    pub(super) fn leaking() -> Self {
        Self { leaks: true, ..Self::default() }
    }

    fn balance_of(&self, account: &str) -> u128 {
        self.balances.get(account).copied().unwrap_or(0)
    }

    fn allowed(&self, owner: &str, spender: &str) -> u128 {
        self.allowances.get(&(owner.into(), spender.into())).copied().unwrap_or(0)
    }

    fn supply(&self) -> u128 {
        self.balances.values().sum()
    }

    fn flag(&self, name: &str) -> bool {
        self.params.get(name).is_some_and(|text| text == "true")
    }

    fn cap(&self) -> u128 {
        self.params.get("cap").map_or(u128::MAX, |text| text.parse().expect("an amount"))
    }

    fn announce(&mut self, name: &str, parties: [(&str, &str); 2], amount: u128) {
        let mut fields: BTreeMap<String, Value> =
            parties.iter().map(|(field, account)| ((*field).into(), json!(account))).collect();
        fields.insert("amount".into(), json!(amount.to_string()));
        self.events.push(Announced { name: name.into(), fields });
    }

    fn credit(&mut self, to: &str, amount: u128) {
        if amount > 0 {
            *self.balances.entry(to.into()).or_default() += amount;
        }
    }

    fn debit(&mut self, from: &str, amount: u128) -> Result<(), Refusal> {
        let balance = self.balance_of(from);
        let left = balance
            .checked_sub(amount)
            .ok_or_else(|| refusal("InsufficientBalance", &[("balance", balance), ("needed", amount)]))?;
        self.balances.insert(from.into(), left);
        self.balances.retain(|_, balance| *balance > 0);
        Ok(())
    }

    fn transfer(&mut self, from: &str, to: &str, amount: u128) -> Answer {
        given(to)?;
        self.debit(from, amount)?;
        self.credit(to, amount);
        self.announce("Transfer", [("from", from), ("to", to)], amount);
        Ok(json!(true))
    }

    fn spend(&mut self, owner: &str, spender: &str, amount: u128) -> Result<(), Refusal> {
        let allowance = self.allowed(owner, spender);
        if allowance == u128::MAX {
            return Ok(());
        }
        let left = allowance.checked_sub(amount).ok_or_else(|| {
            refusal("InsufficientAllowance", &[("allowance", allowance), ("needed", amount)])
        })?;
        self.allow(owner, spender, left);
        Ok(())
    }

    fn allow(&mut self, owner: &str, spender: &str, amount: u128) {
        self.allowances.insert((owner.into(), spender.into()), amount);
        self.allowances.retain(|_, amount| *amount > 0);
    }

    fn approve(&mut self, owner: &str, spender: &str, amount: u128) -> Answer {
        given(spender)?;
        self.allow(owner, spender, amount);
        self.announce("Approval", [("owner", owner), ("spender", spender)], amount);
        Ok(json!(true))
    }

    fn mint(&mut self, to: &str, amount: u128) -> Answer {
        given(to)?;
        let (supply, cap) = (self.supply(), self.cap());
        let would_be = supply
            .checked_add(amount)
            .ok_or_else(|| refusal("SupplyOverflow", &[("supply", supply), ("amount", amount)]))?;
        if would_be > cap {
            return Err(refusal("CapExceeded", &[("cap", cap), ("would_be", would_be)]));
        }
        self.credit(to, amount);
        self.announce("Transfer", [("from", ZERO), ("to", to)], amount);
        Ok(Value::Null)
    }

    fn burn(&mut self, owner: &str, amount: u128) -> Answer {
        if !self.flag("burnable") {
            return Err(refusal("NotBurnable", &[]));
        }
        self.debit(owner, amount)?;
        self.announce("Transfer", [("from", owner), ("to", ZERO)], amount);
        Ok(Value::Null)
    }

    fn set_paused(&mut self, caller: &str, paused: bool) -> Answer {
        if self.paused == paused {
            return Err(refusal("WrongState", &[]));
        }
        if self.params.get("owner").is_none_or(|owner| owner != caller) {
            return Err(refusal("WrongCaller", &[]));
        }
        if paused && !self.flag("pausable") {
            return Err(refusal("GuardRefused", &[]));
        }
        self.paused = paused;
        let name = if paused { "Paused" } else { "Unpaused" };
        let fields = BTreeMap::from([("account".to_owned(), json!(caller))]);
        self.events.push(Announced { name: name.into(), fields });
        Ok(Value::Null)
    }

    fn invoke(&mut self, call: &CallRequest) -> Answer {
        let text = |name: &str| call.args.get(name).cloned().unwrap_or_default();
        let amount = || text("amount").parse::<u128>().expect("an amount");
        if call.value > 0 {
            return Err(refusal("ValueNotAccepted", &[]));
        }
        let moves =
            ["transfer", "transfer_from", "mint", "burn", "burn_from"].contains(&call.method.as_str());
        if moves && self.paused {
            return Err(refusal("WrongState", &[]));
        }
        match call.method.as_str() {
            "pause" | "unpause" => self.set_paused(&call.caller, call.method == "pause"),
            "transfer" => self.transfer(&call.caller, &text("to"), amount()),
            "transfer_from" => {
                given(&text("from"))?;
                self.spend(&text("from"), &call.caller, amount())?;
                self.transfer(&text("from"), &text("to"), amount())
            }
            "approve" => self.approve(&call.caller, &text("spender"), amount()),
            "compare_and_approve" => {
                let expected = text("expected").parse::<u128>().expect("an amount");
                let found = self.allowed(&call.caller, &text("spender"));
                if found != expected {
                    return Err(refusal("AllowanceChanged", &[("expected", expected), ("found", found)]));
                }
                self.approve(&call.caller, &text("spender"), amount())
            }
            "mint" if self.params.get("owner") != Some(&call.caller) => Err(refusal("WrongCaller", &[])),
            "mint" if !self.flag("mintable") => Err(refusal("NotMintable", &[])),
            "mint" => self.mint(&text("to"), amount()),
            "burn" => self.burn(&call.caller, amount()),
            "burn_from" => {
                given(&text("owner"))?;
                self.spend(&text("owner"), &call.caller, amount())?;
                self.burn(&text("owner"), amount())
            }
            _ => Err(refusal("UnknownMethod", &[])),
        }
    }

    /// Carries out `act` whole or not at all.
    fn whole(&mut self, act: impl FnOnce(&mut Self) -> Answer) -> Executed {
        let before = self.clone();
        self.events.clear();
        let outcome = act(self);
        if outcome.is_err() {
            *self = before;
            if self.leaks {
                self.credit("leak", 1);
            }
            return Executed { outcome, events: Vec::new(), gas: 10 };
        }
        Executed { outcome, events: std::mem::take(&mut self.events), gas: 10 }
    }
}

impl ScenarioChain for Model {
    fn address(&mut self, account: &str) -> Result<String, String> {
        Ok(account.into())
    }

    fn set_time(&mut self, _: u64) -> Result<(), String> {
        Ok(())
    }

    fn set_height(&mut self, _: u64) -> Result<(), String> {
        Ok(())
    }

    fn deploy(&mut self, request: &DeployRequest) -> Result<Executed, String> {
        let params = request.params.clone();
        Ok(self.whole(|model| {
            model.params = params;
            let owner = model.params.get("owner").cloned().unwrap_or_default();
            let supply = model.params.get("supply").map_or(0, |text| text.parse().expect("an amount"));
            model.mint(&owner, supply)
        }))
    }

    fn propose(&mut self, request: &UpgradeRequest) -> Result<Executed, String> {
        Err(format!("`{}` declares no upgrade", request.contract))
    }

    fn execute(&mut self, requests: &[Request]) -> Result<Vec<Executed>, String> {
        let mut executed = Vec::new();
        for request in requests {
            match request {
                Request::Call(call) => executed.push(self.whole(|model| model.invoke(call))),
                Request::Poke(poke) => return Err(format!("no exit `{}` is declared", poke.exit)),
            }
        }
        Ok(executed)
    }

    fn query(&mut self, request: &QueryRequest) -> Result<Answer, String> {
        let text = |name: &str| request.args.get(name).cloned().unwrap_or_default();
        let param = |name: &str| json!(self.params.get(name).cloned().unwrap_or_default());
        Ok(Ok(match request.method.as_str() {
            "total_supply" => json!(self.supply().to_string()),
            "balance_of" => json!(self.balance_of(&text("owner")).to_string()),
            "allowance" => json!(self.allowed(&text("owner"), &text("spender")).to_string()),
            "cap" => json!(self.cap().to_string()),
            "paused" => json!(self.paused),
            "mintable" | "burnable" | "pausable" => json!(self.flag(&request.method)),
            "name" | "symbol" | "owner" | "decimals" => param(&request.method),
            _ => return Ok(Err(refusal("UnknownMethod", &[]))),
        }))
    }

    fn state(&mut self, _: &str, cell: &str, key: &[String]) -> Result<Value, String> {
        Ok(match (cell, key) {
            ("balances", [account]) => {
                self.balances.get(account).map_or(Value::Null, |balance| json!(balance.to_string()))
            }
            ("allowances", [owner, spender]) => self
                .allowances
                .get(&(owner.clone(), spender.clone()))
                .map_or(Value::Null, |amount| json!({ "amount": amount.to_string() })),
            _ => return Err(format!("no cell {cell} with {} key fields", key.len())),
        })
    }

    fn escrowed(&mut self, _: &str, cell: &str, key: &[String]) -> Result<u128, String> {
        match (cell, key) {
            ("vault", []) => Ok(self.balance_of("vault")),
            _ => Err(format!("no escrow {cell} with {} key fields", key.len())),
        }
    }

    fn machine_state(&mut self, _: &str, machine: &str, key: &[String]) -> Result<Value, String> {
        match (machine, key) {
            ("main", []) => Ok(json!(if self.paused { "Paused" } else { "Active" })),
            _ => Err(format!("no machine {machine} with {} key fields", key.len())),
        }
    }

    fn storage_root(&mut self, _: &str) -> Result<String, String> {
        let entries: BTreeSet<String> =
            self.balances.iter().map(|(account, balance)| format!("{account} {balance}")).collect();
        Ok(format!("{entries:?}{:?}", self.allowances))
    }

    fn balance(&mut self, _: &str) -> Result<u128, String> {
        Ok(1000)
    }
}
