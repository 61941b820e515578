//! What declared expressions observe, answered from raw state: the host's own answers are not asked.

use chainstack_analysis::{Environment, EvaluationError, Value, evaluate};
use chainstack_primitives::{
    AccountId, Amount, Height, TimeMs,
    manifest::{
        CallerRule, CellKind, Clock, Exit, Expression, Field, HOLDER_ACCOUNT, ItemBinding, ItemField,
        KeyTerm, RoleKind, StateSet, Transition, Type, Window, escrow_holder,
    },
};
use chainstack_runtime::{
    block::BlockInfo,
    state::{
        escrow::AssetEscrow,
        reserved::{self, ASSET_ESCROWS, NATIVE_ESCROWS},
    },
};
use parity_scale_codec::DecodeAll as _;

use super::{
    model::{Contract, Layout, account_of, number, split_fields},
    world::Store,
};

/// Where an expression is evaluated.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Raw state.
    pub store: &'a Store,
    /// The contract.
    pub contract: &'a Contract,
    /// The block.
    pub block: &'a BlockInfo,
    /// Who calls; who signed, too: calls come from outside.
    pub caller: AccountId,
    /// Coins that come with the call.
    pub value: u128,
    /// Declared arguments, and their values.
    pub args: (&'a [Field], Vec<&'a [u8]>),
    /// The bound item: its cell, key, and value if it is there.
    pub item: Option<Bound<'a>>,
}

/// An item that a call or exit is bound to.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    /// Its cell.
    pub layout: &'a Layout,
    /// Its key.
    pub key: &'a [u8],
    /// What is stored; none: it is not there.
    pub value: Option<&'a [u8]>,
}

/// What the oracle says of a call before it is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// All that the declaration asks for on entry holds.
    Open,
    /// Something does not: what.
    Closed(String),
    /// The oracle cannot tell.
    Unknown,
}

type Answer<T> = Result<T, String>;

fn unknown<T>(what: &str) -> Answer<T> {
    Err(format!("the oracle does not know {what}"))
}

fn decoded(ty: &Type, bytes: &[u8]) -> Answer<Value> {
    Value::decode(ty, bytes).ok_or_else(|| format!("{bytes:02x?} is no {ty}"))
}

impl<'a> Facts<'a> {
    /// Facts of a contract where nobody calls: for invariants.
    #[must_use]
    pub fn of(store: &'a Store, block: &'a BlockInfo, contract: &'a Contract) -> Self {
        let (args, caller) = ((&[] as &[Field], Vec::new()), AccountId::ZERO);
        Self { store, contract, block, caller, value: 0, args, item: None }
    }

    /// Bytes that a key term stands for before the call.
    #[must_use]
    pub fn term(&self, term: &KeyTerm) -> Option<Vec<u8>> {
        match term {
            KeyTerm::Arg(index) => self.args.1.get(usize::from(*index)).map(|bytes| bytes.to_vec()),
            KeyTerm::Param(index) => self.contract.params().get(usize::from(*index)).map(|it| it.to_vec()),
            KeyTerm::Caller | KeyTerm::Origin => Some(self.caller.0.to_vec()),
            KeyTerm::SelfAddress => Some(self.contract.address.0.to_vec()),
            KeyTerm::Literal(bytes) => Some(bytes.to_vec()),
            KeyTerm::Item(index) => {
                let Bound { layout, key, .. } = self.item?;
                let fields = self.contract.declared(layout).key();
                let values = split_fields(&self.contract.manifest, fields, key)?;
                values.get(usize::from(*index)).map(|bytes| bytes.to_vec())
            }
            KeyTerm::Head(index) => {
                let Bound { layout, value, .. } = self.item?;
                layout.field(value?, usize::from(*index)).map(<[u8]>::to_vec)
            }
            KeyTerm::ArgField { .. } | KeyTerm::Any => None,
        }
    }

    /// State of a machine: of the contract, or of the bound item.
    ///
    /// # Errors
    /// If there is none.
    pub fn state(&self, machine: u16) -> Answer<u8> {
        let declared = self.contract.manifest.machine(machine).ok_or("no such machine")?;
        if declared.cell.is_none() {
            let stored = self.store.value(&self.contract.address, reserved::STATES, &machine.to_le_bytes());
            return stored.and_then(|value| value.first().copied()).ok_or_else(|| "no state".to_owned());
        }
        let item = self.item.ok_or("no item is bound")?;
        Ok(item.value.and_then(|value| value.first().copied()).unwrap_or(declared.initial))
    }

    /// Who holds a role here.
    ///
    /// # Errors
    /// For roles that the oracle does not know.
    pub fn holder(&self, role: u16) -> Answer<Option<AccountId>> {
        match self.contract.manifest.role(role).map(|role| &role.kind) {
            Some(RoleKind::Account { .. }) => {
                let stored = self.store.value(&self.contract.address, reserved::ROLES, &role.to_le_bytes());
                Ok(stored.and_then(|value| <[u8; 32]>::try_from(value).ok()).map(AccountId))
            }
            Some(RoleKind::Item { field, .. }) => {
                let named = self.item.and_then(|Bound { layout, value, .. }| match field {
                    ItemField::Head(index) => {
                        let bytes = <[u8; 32]>::try_from(layout.field(value?, usize::from(*index))?);
                        bytes.ok().map(AccountId).filter(|account| !account.is_zero())
                    }
                    ItemField::Owner => account_of(layout.holder(value?)?),
                });
                Ok(named)
            }
            Some(RoleKind::Set { .. }) | None => unknown("who holds a set role"),
        }
    }

    fn in_states(&self, sets: &[StateSet]) -> Answer<bool> {
        for set in sets {
            if !set.states.contains(&self.state(set.machine)?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The value of an expression; `None` if its arithmetic has none.
    fn eval(&mut self, expression: &Expression) -> Answer<Option<Value>> {
        match evaluate(expression, self) {
            Ok(value) => Ok(Some(value)),
            Err(EvaluationError::Arithmetic(_)) => Ok(None),
            Err(EvaluationError::Environment { error, .. }) => Err(error),
            Err(EvaluationError::IllFormed(problem)) => Err(problem.to_string()),
        }
    }

    /// Whether a rule holds; one that has no value does not.
    ///
    /// # Errors
    /// What the oracle does not know.
    pub fn holds(&mut self, rule: &Expression) -> Answer<bool> {
        Ok(self.eval(rule)? == Some(Value::Bool(true)))
    }

    fn is_open(&mut self, window: &Window) -> Answer<bool> {
        let now = match window.clock {
            Clock::Height => self.block.height.0,
            Clock::TimeMs => self.block.time_ms.0,
        };
        let now = Value::Uint(u128::from(now));
        let mut bound = |expression: &Option<Expression>| match expression {
            Some(expression) => Ok::<_, String>(Some(self.eval(expression)?)),
            None => Ok(None),
        };
        let (opens, closes) = (bound(&window.opens)?, bound(&window.closes)?);
        let past = |bound: Option<Value>| match (bound, now) {
            (Some(Value::Uint(bound)), Value::Uint(now)) => Some(now >= bound),
            _ => None,
        };
        Ok(opens.is_none_or(|it| past(it) == Some(true)) && closes.is_none_or(|it| past(it) == Some(false)))
    }

    /// What stands in the way of an exit of the bound item.
    #[must_use]
    pub fn judge_exit(&mut self, exit: &Exit) -> Verdict {
        let verdict = (|| {
            if exit.item.is_some() && self.item.is_none_or(|item| item.value.is_none()) {
                return Ok(Some("there is no item"));
            }
            if !self.in_states(&exit.from)? {
                return Ok(Some("wrong state"));
            }
            self.judge_rules(exit.window.as_ref(), exit.guard.as_ref())
        })();
        verdict_of(verdict)
    }

    /// What stands in the way of a transition that is bound to at most one item.
    #[must_use]
    pub fn judge(&mut self, transition: &Transition) -> Verdict {
        let verdict = (|| {
            let there = self.item.is_some_and(|item| item.value.is_some());
            match transition.item {
                ItemBinding::Existing { .. } if !there => return Ok(Some("there is no item")),
                ItemBinding::New { .. } if there => return Ok(Some("the item is there")),
                ItemBinding::Each { .. } => return unknown("lists of items"),
                _ => {}
            }
            if !self.in_states(&transition.from)? {
                return Ok(Some("wrong state"));
            }
            if let CallerRule::Roles(roles) = &transition.caller {
                let mut any = false;
                for role in roles {
                    any |= self.holder(*role)? == Some(self.caller);
                }
                if !any {
                    return Ok(Some("wrong caller"));
                }
            }
            self.judge_rules(transition.window.as_ref(), transition.guard.as_ref())
        })();
        verdict_of(verdict)
    }

    fn judge_rules(
        &mut self,
        window: Option<&Window>,
        guard: Option<&Expression>,
    ) -> Answer<Option<&'static str>> {
        if let Some(window) = window
            && !self.is_open(window)?
        {
            return Ok(Some("outside its window"));
        }
        if let Some(guard) = guard
            && !self.holds(guard)?
        {
            return Ok(Some("its guard does not hold"));
        }
        Ok(None)
    }

    fn aggregate(&self, cell: u16, key: &[u8]) -> u128 {
        self.store.value(&self.contract.address, cell, key).map_or(0, number)
    }

    fn stored_head(&self, cell: u16, key: &[u8], field: u8) -> Answer<Value> {
        let layout = self.contract.layout(cell).ok_or("no such cell")?;
        let declared =
            self.contract.declared(layout).head().get(usize::from(field)).ok_or("no such field")?;
        let zeros = vec![0; layout.head[usize::from(field)].1];
        let value = self.store.value(&self.contract.address, cell, key);
        let bytes = value.and_then(|value| layout.field(value, usize::from(field))).unwrap_or(&zeros);
        decoded(&declared.ty, bytes)
    }
}

fn verdict_of(found: Answer<Option<&'static str>>) -> Verdict {
    match found {
        Ok(None) => Verdict::Open,
        Ok(Some(why)) => Verdict::Closed(why.to_owned()),
        Err(_) => Verdict::Unknown,
    }
}

/// What an escrow holds, by its record.
#[must_use]
pub fn escrowed(store: &Store, contract: &AccountId, holder: &[u8]) -> u128 {
    if let Some(coins) = store.value(contract, NATIVE_ESCROWS, holder) {
        return number(coins);
    }
    let record = store.value(contract, ASSET_ESCROWS, holder);
    let record = record.and_then(|mut bytes| AssetEscrow::decode_all(&mut bytes).ok());
    record.map_or(0, |record| record.held.amount().0)
}

impl Environment for Facts<'_> {
    type Error = String;

    fn arg(&mut self, index: u8) -> Answer<Value> {
        let (declared, values) = &self.args;
        let found = declared.get(usize::from(index)).zip(values.get(usize::from(index)));
        let (declared, bytes) = found.ok_or("no such argument")?;
        decoded(&declared.ty, bytes)
    }

    fn param(&mut self, index: u8) -> Answer<Value> {
        let declared = self.contract.manifest.params.get(usize::from(index)).ok_or("no such parameter")?;
        decoded(&declared.ty, self.contract.params().get(usize::from(index)).ok_or("no such parameter")?)
    }

    fn caller(&mut self) -> Answer<AccountId> {
        Ok(self.caller)
    }

    fn origin(&mut self) -> Answer<AccountId> {
        Ok(self.caller)
    }

    fn self_address(&mut self) -> Answer<AccountId> {
        Ok(self.contract.address)
    }

    fn value(&mut self) -> Answer<Amount> {
        Ok(Amount(self.value))
    }

    fn time(&mut self) -> Answer<TimeMs> {
        Ok(self.block.time_ms)
    }

    fn height(&mut self) -> Answer<Height> {
        Ok(self.block.height)
    }

    fn item_key(&mut self, index: u8) -> Answer<Value> {
        let Bound { layout, key, .. } = self.item.ok_or("no item is bound")?;
        let fields = self.contract.declared(layout).key();
        let values = split_fields(&self.contract.manifest, fields, key).ok_or("no such key")?;
        let field = fields.get(usize::from(index)).ok_or("no such key field")?;
        decoded(&field.ty, values.get(usize::from(index)).ok_or("no such key field")?)
    }

    fn head(&mut self, index: u8) -> Answer<Value> {
        let Bound { layout, value, .. } = self.item.ok_or("no item is bound")?;
        let field = self.contract.declared(layout).head().get(usize::from(index)).ok_or("no such field")?;
        let zeros = vec![0; layout.head[usize::from(index)].1];
        decoded(&field.ty, value.and_then(|it| layout.field(it, usize::from(index))).unwrap_or(&zeros))
    }

    fn owner(&mut self) -> Answer<AccountId> {
        let Bound { layout, value, .. } = self.item.ok_or("no item is bound")?;
        let holder = value.and_then(|value| layout.holder(value));
        Ok(holder.and_then(account_of).unwrap_or_default())
    }

    fn value_head(&mut self, cell: u16, field: u8) -> Answer<Value> {
        self.stored_head(cell, &[], field)
    }

    fn entry_head(&mut self, cell: u16, key: &[u8], field: u8) -> Answer<Value> {
        self.stored_head(cell, key, field)
    }

    fn ledger_entry(&mut self, cell: u16, key: &[u8]) -> Answer<u128> {
        let layout = self.contract.layout(cell).ok_or("no such cell")?;
        let stored =
            if layout.ledger == Some(true) { [&[HOLDER_ACCOUNT], key].concat() } else { key.to_vec() };
        Ok(self.aggregate(cell, &stored))
    }

    fn ledger_sum(&mut self, cell: u16) -> Answer<u128> {
        Ok(self.aggregate(reserved::SUMS, &cell.to_le_bytes()))
    }

    fn head_sum(&mut self, cell: u16, field: u8) -> Answer<u128> {
        let [low, high] = cell.to_le_bytes();
        Ok(self.aggregate(reserved::SUMS, &[low, high, field]))
    }

    fn count(&mut self, cell: u16) -> Answer<u64> {
        let count = self.aggregate(reserved::COUNTS, &cell.to_le_bytes());
        u64::try_from(count).map_err(|error| error.to_string())
    }

    fn escrowed(&mut self, cell: u16) -> Answer<u128> {
        let declared = self.contract.manifest.cell(cell).map(|cell| &cell.kind);
        let Some(CellKind::Escrow(escrow)) = declared else { return unknown("such an escrow") };
        let key = match escrow.item {
            Some(_) => self.item.ok_or("no item is bound")?.key,
            None => &[],
        };
        let address = &self.contract.address;
        Ok(escrowed(self.store, address, &escrow_holder(address, cell, key)))
    }

    fn balance(&mut self) -> Answer<Amount> {
        Ok(Amount(self.store.balance(&self.contract.address)))
    }

    fn in_state(&mut self, machine: u16, states: &[u8]) -> Answer<bool> {
        Ok(states.contains(&self.state(machine)?))
    }

    fn member(&mut self, role: u16) -> Answer<bool> {
        Ok(self.holder(role)? == Some(self.caller))
    }

    fn quorum(&mut self, _role: u16) -> Answer<bool> {
        unknown("who approved")
    }
}
