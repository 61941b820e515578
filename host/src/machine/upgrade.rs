//! Upgrades: other code for a contract that allows it, proposed, waited for, and put in place by the host.
//!
//! | method | arguments | who | what |
//! | --- | --- | --- | --- |
//! | `$upgrade.propose` | `(code hash)` | the role of the upgrade | proposes uploaded code; replaces what was proposed, and the wait begins anew |
//! | `$upgrade.withdraw` | none | the role of the upgrade | takes the proposal back |
//! | `$upgrade.veto` | none | the vetoing role | ends the proposal |
//! | `$upgrade.apply` | none | anybody, after the delay | puts the code in place |
//!
//! The gate of [`chainstack_analysis::diff`] judges the new declaration as it is proposed, and again as it is applied.
//! What state must be for it to pass, and what state becomes, is here.

use chainstack_analysis::{UpgradeVerdict, diff, diff_cost};
use chainstack_primitives::{
    AccountId, Amount, Hash, codes,
    manifest::{CellKind, Role, UPGRADE_APPLY, UPGRADE_PROPOSE, UPGRADE_VETO, UPGRADE_WITHDRAW, Upgrade},
};
use chainstack_runtime::{
    block::BlockInfo,
    params::Schedule,
    ports::{ExecutionError, Failure, Fault},
    state::{Overlay, reserved, reserved::UpgradeProposal},
    transaction::Meter,
};
use parity_scale_codec::{DecodeAll as _, Encode as _};

use super::{
    aggregate::{COUNT, LEDGER_SUM, aggregates, close_aggregates, open_aggregates, read_aggregate},
    contract::{CellPlan, Contract},
    facts::Place,
    frame::Spans,
    hosted::{HostCall, act_by_role},
    invariant::check_invariants,
    judge::check_paid_params,
    role::{close_role, set_initial_roles},
    set::Set,
    state::open_states,
};
use crate::budget::{GasLeft, entry_deposit};

/// Size of a proposal.
const PROPOSAL_BYTES: u32 = 72;

/// A host-owned method of upgrades.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum UpgradeMethod {
    Propose,
    Withdraw,
    Veto,
    Apply,
}

impl UpgradeMethod {
    /// The method called `name`.
    pub(crate) fn find(name: &str) -> Option<Self> {
        match name {
            UPGRADE_PROPOSE => Some(Self::Propose),
            UPGRADE_WITHDRAW => Some(Self::Withdraw),
            UPGRADE_VETO => Some(Self::Veto),
            UPGRADE_APPLY => Some(Self::Apply),
            _ => None,
        }
    }
}

/// What one host-owned method works on.
pub(crate) struct Upgrading<'u, 'o, 'm> {
    pub(crate) state: &'u mut Overlay<'o>,
    pub(crate) meter: &'u Meter<'m>,
    pub(crate) block: &'u BlockInfo,
    pub(crate) call: HostCall<'u>,
}

/// Who may change the code of a contract, and how long everybody has to leave first.
struct Policy<'c> {
    role: &'c Role,
    delay_blocks: u32,
    veto: Option<&'c Role>,
}

impl<'c> Policy<'c> {
    fn of(contract: &'c Contract) -> Result<Self, ExecutionError> {
        let Upgrade::Gated { role, delay_blocks, veto } = contract.manifest.upgrade else {
            let text = "the contract declares no upgrade: its code never changes";
            return Err(Failure::new(codes::UNKNOWN_METHOD, text).into());
        };
        let named = |id: u16| {
            let role = contract.manifest.role(id);
            role.ok_or_else(|| Fault::text("the role of an upgrade is not declared"))
        };
        Ok(Self { role: named(role)?, delay_blocks, veto: veto.map(named).transpose()? })
    }
}

fn no_arguments(args: &[u8]) -> Result<(), Failure> {
    if args.is_empty() {
        return Ok(());
    }
    Err(Failure::new(codes::BAD_ARGUMENTS, format!("no arguments expected, {} bytes found", args.len())))
}

impl Upgrading<'_, '_, '_> {
    /// Checks who proposes; the hash of what is proposed.
    ///
    /// # Errors
    /// - [`codes::UNKNOWN_METHOD`] if the contract declares no upgrade.
    /// - [`codes::BAD_ARGUMENTS`] if the argument is no hash, or that of the code in use.
    /// - What [`act_by_role`] refuses.
    pub(crate) fn proposed_code(
        &mut self,
        gas: &mut GasLeft,
        contract: &Contract,
    ) -> Result<Hash, ExecutionError> {
        let policy = Policy::of(contract)?;
        let bad = |text: String| Failure::new(codes::BAD_ARGUMENTS, text);
        let code = Hash(<[u8; 32]>::try_from(self.call.args).map_err(|_| {
            bad(format!("32 bytes expected, the hash of code; {} found", self.call.args.len()))
        })?);
        if code == contract.source.code {
            return Err(bad(format!("the contract runs code {code} already")).into());
        }
        act_by_role(self.state, self.meter, self.block, gas, contract, self.call, policy.role)?;
        Ok(code)
    }

    /// Proposes `new`. Charged before it is done.
    ///
    /// # Cost
    /// `byte × bytes of both manifests + expression × pairs` ([`diff_cost`]), `read + write + new`, and a `read` of the
    /// parameters.
    ///
    /// # Errors
    /// What [`judge`] refuses.
    pub(crate) fn propose(
        &mut self,
        gas: &mut GasLeft,
        contract: &Contract,
        new: &Contract,
    ) -> Result<(), ExecutionError> {
        let prices = &self.meter.schedule().host;
        gas.charge(gate_gas(self.meter.schedule(), contract, new))?;
        gas.charge(prices.read.saturating_mul(2).saturating_add(prices.write).saturating_add(prices.new))?;
        let params = params_of(self.state, self.call.address)?;
        judge(contract, new, &params)?;
        let proposal = UpgradeProposal {
            code: new.source.code,
            proposed: self.block.height.0,
            proposer: *self.call.caller,
        };
        let deposit = entry_deposit(self.meter.schedule(), PROPOSAL_BYTES)?;
        let key = (self.call.address, reserved::PROPOSAL, &[][..]);
        self.state.write_entry(self.meter, key, proposal.encode(), deposit)
    }

    /// Ends the proposal: by the role that made it, or by the one that may veto. Charged before it is done.
    ///
    /// # Cost
    /// What [`act_by_role`] costs, and `2 × (read + write)`.
    ///
    /// # Errors
    /// - [`codes::UNKNOWN_METHOD`] if the contract declares no upgrade, or no veto.
    /// - [`codes::NO_PROPOSAL`], and what [`act_by_role`] refuses.
    pub(crate) fn end(
        &mut self,
        gas: &mut GasLeft,
        contract: &Contract,
        method: UpgradeMethod,
    ) -> Result<(), ExecutionError> {
        let policy = Policy::of(contract)?;
        no_arguments(self.call.args)?;
        let role = match (method, policy.veto) {
            (UpgradeMethod::Veto, None) => {
                let text = "the contract declares nobody who may veto upgrades";
                return Err(Failure::new(codes::UNKNOWN_METHOD, text).into());
            }
            (UpgradeMethod::Veto, Some(veto)) => veto,
            _ => policy.role,
        };
        act_by_role(self.state, self.meter, self.block, gas, contract, self.call, role)?;
        let prices = &self.meter.schedule().host;
        gas.charge(prices.read.saturating_add(prices.write).saturating_mul(2))?;
        if !self.state.delete_entry(self.call.address, reserved::PROPOSAL, &[])? {
            return Err(no_proposal().into());
        }
        Ok(())
    }

    /// The code that may be put in place now. Charged before it is done: a `read`.
    ///
    /// # Errors
    /// - [`codes::UNKNOWN_METHOD`] if the contract declares no upgrade.
    /// - [`codes::NO_PROPOSAL`], [`codes::UPGRADE_TOO_EARLY`].
    pub(crate) fn ripe_code(
        &mut self,
        gas: &mut GasLeft,
        contract: &Contract,
    ) -> Result<Hash, ExecutionError> {
        let policy = Policy::of(contract)?;
        no_arguments(self.call.args)?;
        gas.charge(self.meter.schedule().host.read)?;
        let Some(entry) = self.state.entry(self.call.address, reserved::PROPOSAL, &[])? else {
            return Err(no_proposal().into());
        };
        let proposal = UpgradeProposal::decode_all(&mut entry.value.as_slice())
            .map_err(|_| Fault::text("a proposal in state is damaged"))?;
        let (now, ripe) = (self.block.height.0, proposal.proposed.saturating_add(policy.delay_blocks.into()));
        if now < ripe {
            let text = format!("height {now}: code {} can be applied from height {ripe} on", proposal.code);
            return Err(Failure::new(codes::UPGRADE_TOO_EARLY, text).into());
        }
        Ok(proposal.code)
    }

    /// Puts `new` in place of `old`. Charged before it is done.
    ///
    /// # Cost
    /// The gate as [`Upgrading::propose`] has it; a `read` for each cell that is dropped; `read + write + new` for each
    /// sum, count, machine and role that is new, and `write_byte × 40 × members_max` for a set; `2 × (read + write)` for
    /// each that is gone, of a role three times; the parameters as they are written; `4 × (read + write)` for record,
    /// account and proposal; the invariants.
    ///
    /// # Errors
    /// - What [`judge`] refuses; [`codes::CELL_NOT_EMPTY`].
    /// - [`codes::BAD_MEMBERS`], [`codes::ZERO_ADDRESS`] of new roles, [`codes::INVARIANT_BROKEN`].
    pub(crate) fn apply(
        &mut self,
        gas: &mut GasLeft,
        old: &Contract,
        new: &Contract,
    ) -> Result<(), ExecutionError> {
        let (meter, address) = (self.meter, self.call.address);
        gas.charge(gate_gas(meter.schedule(), old, new))?;
        gas.charge(change_gas(meter.schedule(), old, new))?;
        let mut params = params_of(self.state, address)?;
        judge(old, new, &params)?;
        for cell in dropped_cells(old, new) {
            check_nothing_in(self.state, old, cell, address)?;
        }
        let added = added_params(old, new);
        if !added.is_empty() {
            params.extend(added);
            self.state.delete_entry(address, reserved::PARAMS, &[])?;
            let deposit = entry_deposit(meter.schedule(), u32::try_from(params.len()).unwrap_or(u32::MAX))?;
            self.state.write_entry(meter, (address, reserved::PARAMS, &[]), params.clone(), deposit)?;
        }
        let spans = spans_of(new, &params)?;
        let creator = self.replace_record(new)?;
        for cell in dropped_cells(old, new) {
            close_aggregates(self.state, cell, address)?;
        }
        for role in old.manifest.roles.iter().filter(|role| new.manifest.role(role.id).is_none()) {
            close_role(self.state, address, role.id)?;
        }
        open_aggregates(self.state, meter, new, address, |id| old.manifest.cell(id).is_none())?;
        open_states(self.state, meter, new, address, |id| old.manifest.machine(id).is_none())?;
        let wanted = |id: u16| old.manifest.role(id).is_none();
        set_initial_roles(self.state, meter, new, address, &creator, (&params, &spans), wanted)?;
        self.state.delete_entry(address, reserved::PROPOSAL, &[])?;
        let origin = meter.origin();
        let at = Place {
            contract: new,
            address,
            block: self.block,
            origin: &origin,
            caller: self.call.caller,
            value: Amount::ZERO,
            args: (&[], &[], &Spans::EMPTY),
            params: Some((&params, &spans)),
            item: None,
            approvals: None,
        };
        check_invariants(self.state, at)
    }

    /// Writes what code the contract runs from now on. Who created it.
    fn replace_record(&mut self, new: &Contract) -> Result<AccountId, ExecutionError> {
        let address = self.call.address;
        let entry = self.state.entry(address, reserved::CONTRACT, &[])?;
        let record =
            entry.and_then(|entry| reserved::ContractRecord::decode_all(&mut entry.value.as_slice()).ok());
        let mut record = record.ok_or_else(|| Fault::text("a contract's record is missing in state"))?;
        record.code = new.source.code;
        record.manifest = new.manifest_hash;
        record.version = record.version.saturating_add(1); // an upgrade takes a block: 2^32 of them are centuries
        let place = self.state.place(address, reserved::CONTRACT, &[])?;
        self.state.set_value_at(place, record.encode());
        let mut account = self.state.account_or_new(address)?;
        account.code_hash = new.source.code;
        self.state.set_account(address, account)?;
        Ok(record.creator)
    }
}

fn no_proposal() -> Failure {
    Failure::new(codes::NO_PROPOSAL, "no upgrade is proposed")
}

fn params_of(state: &mut Overlay<'_>, address: &AccountId) -> Result<Vec<u8>, ExecutionError> {
    Ok(state.entry(address, reserved::PARAMS, &[])?.map_or_else(Vec::new, |entry| entry.value.clone()))
}

fn spans_of(contract: &Contract, params: &[u8]) -> Result<Spans, ExecutionError> {
    let types = contract.manifest.params.iter().map(|param| &param.ty);
    let spans = Spans::validate(&contract.manifest, types, params);
    Ok(spans.map_err(|_| Fault::text("parameters in state are not those of the manifest"))?)
}

/// Defaults of the parameters that are new.
fn added_params(old: &Contract, new: &Contract) -> Vec<u8> {
    let added = new.manifest.params.iter().skip(old.manifest.params.len());
    added.filter_map(|param| param.default.as_ref()).flat_map(|bytes| bytes.iter().copied()).collect()
}

/// Judges the declaration of a new version, and its exits by the parameters of this contract.
///
/// # Errors
/// - [`codes::UPGRADE_REFUSED`] with the first thing that is not as it was promised.
/// - [`codes::RECEIVER_REFUSED`] if an exit would pay a parameter that takes no coins.
fn judge(old: &Contract, new: &Contract, params: &[u8]) -> Result<(), ExecutionError> {
    let found = diff(&old.manifest, &new.manifest);
    let mut refused = found.changes.iter().filter(|change| change.verdict == UpgradeVerdict::Refused);
    if let Some(first) = refused.next() {
        let more = match refused.count() {
            0 => String::new(),
            more => format!(" And {more} more."),
        };
        let text = format!("code {}: {}: {}{more}", new.source.code, first.rule, first.sentence);
        return Err(Failure::new(codes::UPGRADE_REFUSED, text).into());
    }
    let mut params = params.to_vec();
    params.extend(added_params(old, new));
    check_paid_params(new, &params, &spans_of(new, &params)?)?;
    Ok(())
}

fn gate_gas(schedule: &Schedule, old: &Contract, new: &Contract) -> u64 {
    let (prices, cost) = (&schedule.host, diff_cost(&old.manifest, &new.manifest));
    prices.byte.saturating_mul(cost.bytes).saturating_add(prices.expression.saturating_mul(cost.pairs))
}

/// What [`Upgrading::apply`] costs besides the gate.
fn change_gas(schedule: &Schedule, old: &Contract, new: &Contract) -> u64 {
    let prices = &schedule.host;
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let new_cells = new.cells.iter().filter(|cell| old.manifest.cell(cell.id).is_none());
    let sums = new_cells.map(|cell| aggregates(cell).count()).fold(0, usize::saturating_add);
    let machines = new.manifest.machines.iter().filter(|machine| machine.cell.is_none());
    let machines = machines.filter(|machine| old.manifest.machine(machine.id).is_none()).count();
    let new_roles = || new.manifest.roles.iter().filter(|role| old.manifest.role(role.id).is_none());
    let created = count(sums).saturating_add(count(machines)).saturating_add(count(new_roles().count()));
    let members = new_roles().filter_map(Set::of).map(|set| u64::from(set.bytes_max()));
    let params = params_bytes(new);
    let bytes = members.fold(params, u64::saturating_add);

    let dropped = || dropped_cells(old, new);
    let sums = dropped().map(|cell| aggregates(cell).count()).fold(0, usize::saturating_add);
    let roles = old.manifest.roles.iter().filter(|role| new.manifest.role(role.id).is_none()).count();
    let gone = count(sums).saturating_add(count(roles).saturating_mul(3));

    let update = prices.read.saturating_add(prices.write);
    let creating = update.saturating_add(prices.new).saturating_mul(created.saturating_add(1));
    let deleting = update.saturating_mul(2).saturating_mul(gone.saturating_add(1));
    let looking = prices.read.saturating_mul(count(dropped().count()).saturating_add(1));
    [
        deleting,
        looking,
        update.saturating_mul(4),
        prices.write_byte.saturating_mul(bytes),
        new.invariants.gas(schedule),
    ]
    .into_iter()
    .fold(creating, u64::saturating_add)
}

/// Greatest size of a contract's parameters.
fn params_bytes(contract: &Contract) -> u64 {
    let sizes = contract.manifest.params.iter().map(|param| contract.manifest.max_size(&param.ty));
    sizes.map(|size| size.unwrap_or(u64::MAX)).fold(0, u64::saturating_add)
}

fn dropped_cells<'c>(old: &'c Contract, new: &'c Contract) -> impl Iterator<Item = &'c CellPlan> {
    old.cells.iter().filter(|cell| new.manifest.cell(cell.id).is_none())
}

/// Checks that nothing is stored in a cell, by what the host keeps of it. The caller has charged for a read.
fn check_nothing_in(
    state: &mut Overlay<'_>,
    contract: &Contract,
    cell: &CellPlan,
    address: &AccountId,
) -> Result<(), ExecutionError> {
    let declared = contract.declared(cell)?;
    let found = match &declared.kind {
        CellKind::Value(_) => state.entry(address, cell.id, &[])?.map(|_| "holds a value".to_owned()),
        _ if cell.count => {
            let count = read_aggregate(state, cell, address, COUNT)?;
            (count > 0).then(|| format!("holds {count} entries"))
        }
        CellKind::Ledger(_) if cell.sum => {
            let sum = read_aggregate(state, cell, address, LEDGER_SUM)?;
            (sum > 0).then(|| format!("holds balances of {sum} together"))
        }
        _ => Some("keeps neither sum nor count, so that nobody can tell what it holds".to_owned()),
    };
    match found {
        None => Ok(()),
        Some(found) => {
            let text = format!("the new version drops cell {}, which {found}", contract.cell_name(cell));
            Err(Failure::new(codes::CELL_NOT_EMPTY, text).into())
        }
    }
}
