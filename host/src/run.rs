//! Frames: one call from outside, and every call it makes.
//!
//! A frame that fails leaves no trace but its gas. Its caller gets the code as a status; a fault of this machine ends
//! everything. Order of a frame: charge, find, bind its items, check the declaration (states, caller, window, guard), move
//! the value, run, move machines, merge sums and counts, check the invariants and the output, unlock, run the
//! notifications.

use std::sync::Arc;

use chainstack_engine::{Outcome, TrapKind};
use chainstack_primitives::{AccountId, Amount, Hash, Send, codes, manifest::Reenter};
use chainstack_runtime::{
    block::BlockInfo,
    ports::{ExecutionError, Failure, Fault},
    state::Overlay,
    transaction::Meter,
};
use hashbrown::HashMap;

use crate::{
    budget::{CALL_DEPTH_MAX, GAS_KEPT_DIVISOR, GasLeft},
    error::engine_fault,
    executor::Executor,
    functions::{Consents, load_params},
    machine::{
        Contract, Frame, HostCall, HostMethod, MethodKind, Notice, Place, RoleMethod, Spans, check_entry,
        check_invariants, complete, flush, locate_fields, run_approval_method, run_role_method,
        run_set_method,
    },
    phases::Phase,
};

/// Room made for the keys of one access, in bytes: that of two accounts with their marks, so that it seldom grows.
const KEYS_ROOM: usize = 128;

/// A call as one contract, or a transaction, asks for it.
pub(crate) struct Target<'t> {
    pub(crate) address: AccountId,
    pub(crate) method: &'t [u8],
    pub(crate) input: Vec<u8>,
    pub(crate) value: Amount,
    pub(crate) caller: AccountId,
    pub(crate) read_only: bool,
    /// Most gas that the method may use.
    pub(crate) gas_max: u64,
    /// Stack units that its code may use.
    pub(crate) stack: u32,
}

/// One call from outside, with its stack of frames.
pub(crate) struct Run<'e, 'o, 'm> {
    pub(crate) executor: &'e Executor,
    pub(crate) state: &'e mut Overlay<'o>,
    pub(crate) meter: &'e Meter<'m>,
    pub(crate) block: &'e BlockInfo,
    pub(crate) origin: AccountId,
    pub(crate) frames: Vec<Frame>,
    pub(crate) key: Vec<u8>,
    /// Uploaded code that this call has paid for: held to its end, so that needing it again is free in deed.
    loaded: HashMap<Hash, Arc<Contract>>,
    ended: Option<ExecutionError>,
    /// What the signer consents to send.
    pub(crate) consents: Consents,
}

/// What a called contract brought: its output, or why there is none.
pub(crate) type Ended = Result<Vec<u8>, Failure>;

impl<'e, 'o, 'm> Run<'e, 'o, 'm> {
    pub(crate) fn new(
        executor: &'e Executor,
        state: &'e mut Overlay<'o>,
        meter: &'e Meter<'m>,
        block: &'e BlockInfo,
    ) -> Self {
        let origin = meter.origin();
        let (frames, loaded) = (Vec::new(), HashMap::new());
        let key = Vec::with_capacity(KEYS_ROOM);
        let consents = Consents::default();
        Self { executor, state, meter, block, origin, frames, key, loaded, ended: None, consents }
    }

    /// The same, with what the signer consents to send into escrows of the contract that is called.
    pub(crate) fn consenting(self, sends: &[Send]) -> Self {
        Self { consents: Consents::new(sends), ..self }
    }

    /// Holds code that was paid for until this call ends.
    pub(crate) fn hold(&mut self, contract: &Arc<Contract>) {
        // Code of genesis is never dropped.
        if !contract.source.genesis {
            self.loaded.insert(contract.source.code, Arc::clone(contract));
        }
    }

    /// The contract with this code, charged for the first time that this call needs it.
    pub(crate) fn load(&mut self, code: &Hash, gas: &mut GasLeft) -> Result<Arc<Contract>, ExecutionError> {
        if let Some(contract) = self.loaded.get(code) {
            return Ok(Arc::clone(contract));
        }
        let contract = self.executor.contract(self.state, self.meter.schedule(), code, gas)?;
        self.hold(&contract);
        Ok(contract)
    }

    /// Notes why a host function ends the running call.
    pub(crate) fn end(&mut self, error: ExecutionError) {
        self.ended = Some(error);
    }

    /// The running frame.
    pub(crate) fn top(&mut self) -> Result<&mut Frame, Fault> {
        self.frames.last_mut().ok_or_else(|| Fault::text("a host function was called outside of a frame"))
    }

    /// Calls a contract. On a failure state is as before.
    ///
    /// # Errors
    /// What concerns the one who calls: [`codes::OUT_OF_GAS`] if the start of the frame cannot be paid, and faults.
    pub(crate) fn call_contract(
        &mut self,
        gas: &mut GasLeft,
        target: Target<'_>,
    ) -> Result<Ended, ExecutionError> {
        let prices = &self.meter.schedule().host;
        gas.charge(prices.frame)?;
        if self.frames.len() >= CALL_DEPTH_MAX {
            let text = format!("{CALL_DEPTH_MAX} frames on the stack, no more are allowed");
            return Ok(Err(Failure::new(codes::CALL_DEPTH, text)));
        }
        let account = self.state.account(&target.address)?;
        let Some(code) = account.filter(|account| account.is_contract()).map(|account| account.code_hash)
        else {
            let text = format!("no contract stands at {}", target.address);
            return Ok(Err(Failure::new(codes::CONTRACT_NOT_FOUND, text)));
        };
        let contract = self.load(&code, gas)?;
        gas.charge(prices.memory_page.saturating_mul(u64::from(contract.pages)))?;
        match self.enter(gas, contract, target) {
            Ok(output) => Ok(Ok(output)),
            Err(ExecutionError::Failed(failure)) => Ok(Err(failure)),
            Err(fault) => Err(fault),
        }
    }

    fn enter(
        &mut self,
        gas: &mut GasLeft,
        contract: Arc<Contract>,
        target: Target<'_>,
    ) -> Result<Vec<u8>, ExecutionError> {
        if target.method.first() == Some(&b'$') {
            self.check_in_flight(&contract, &target.address, None)?;
            return self.host_owned(gas, &contract, &target);
        }
        let position = contract.find(target.method).ok_or_else(|| unknown_method(target.method))?;
        let method = contract.method(position)?;
        if method.kind == MethodKind::Constructor {
            return Err(unknown_method(target.method).into());
        }
        if target.read_only && method.kind != MethodKind::View {
            let text = format!("`{}` changes state, a view was running or asked for", method.name);
            return Err(Failure::new(codes::READ_ONLY, text).into());
        }
        if target.value > method.value_max {
            return Err(value_refused(&method.name, method.value_max, target.value).into());
        }
        let declared = contract.args(method);
        let types = declared.iter().map(|field| &field.ty);
        let args = Spans::validate(&contract.manifest, types, &target.input).map_err(|(index, error)| {
            let name = declared.get(index).map_or("(end)", |field| field.name.as_str());
            Failure::new(codes::BAD_ARGUMENTS, format!("argument `{name}` of `{}`: {error}", method.name))
        })?;
        let fields = locate_fields(&contract, method, &target.input, &args);
        let read_only = target.read_only || method.kind == MethodKind::View;
        let accounts = (target.address, target.caller);
        let frame = Frame::new(Arc::clone(&contract), position, accounts, target.value, target.input, args);
        let mut frame = Frame { fields, read_only, signed: self.frames.is_empty(), ..frame };
        // What is asked on entry is paid from what the caller gives, as what the code uses is.
        let given = self.allowance(gas, target.gas_max);
        let mut inner = GasLeft(given);
        let checked = self.check_entry(&mut inner, &mut frame);
        let used = given.saturating_sub(inner.0); // what is left is at most what was given
        gas.0 = gas.0.saturating_sub(used);
        checked?;
        self.check_in_flight(&contract, &frame.address, Some(&frame))?;
        self.run_frame(gas, frame, target.gas_max.saturating_sub(used), target.stack)
    }

    /// Checks all that a transition asks for before it runs, and says of what is refused where that was.
    pub(crate) fn check_entry(&mut self, gas: &mut GasLeft, frame: &mut Frame) -> Result<(), ExecutionError> {
        let known = (self.block, &self.origin);
        let phases = self.executor.phases();
        let checked = || check_entry(self.state, self.meter.schedule(), known, gas, frame);
        phases.tell(Phase::Guards, checked).map_err(|error| match error {
            ExecutionError::Failed(mut failure) => {
                failure.diagnostics.text = located(frame, &failure.diagnostics.text);
                failure.into()
            }
            fault => fault,
        })
    }

    /// A contract with a transition on the stack that has not ended may be entered only if that transition says so.
    fn check_in_flight(
        &self,
        contract: &Contract,
        address: &AccountId,
        entering: Option<&Frame>,
    ) -> Result<(), Failure> {
        let running = self.frames.iter().filter(|frame| frame.address == *address && !frame.unlocked);
        for frame in running {
            let method = frame.contract.method(frame.method)?;
            let allowed = match method.reenter {
                // Coins that left with the call may have broken an invariant for as long as it runs.
                _ if frame.unsettled => false,
                Reenter::None => false,
                Reenter::All => true,
                Reenter::OtherItems => entering.is_some_and(|entering| entering.is_elsewhere(frame)),
            };
            if !allowed {
                let name = contract.manifest.name.as_str();
                let text = format!("`{}` of contract `{name}` is running", method.name);
                return Err(Failure::new(codes::IN_FLIGHT, text));
            }
        }
        Ok(())
    }

    fn host_owned(
        &mut self,
        gas: &mut GasLeft,
        contract: &Contract,
        target: &Target<'_>,
    ) -> Result<Vec<u8>, ExecutionError> {
        let name = str::from_utf8(target.method).unwrap_or_default();
        let method = HostMethod::find(name).ok_or_else(|| unknown_method(target.method))?;
        if target.read_only {
            return Err(Failure::new(codes::READ_ONLY, "host-owned methods change state").into());
        }
        if !target.value.is_zero() {
            return Err(value_refused(name, Amount::ZERO, target.value).into());
        }
        let given = self.allowance(gas, target.gas_max);
        let mut inner = GasLeft(given);
        let checkpoint = self.state.checkpoint();
        let (address, caller, args) = (&target.address, &target.caller, &*target.input);
        let call = HostCall { address, caller, name, args };
        let done = match method {
            HostMethod::Role(method) => self.role_method(&mut inner, contract, call, method),
            HostMethod::Set(method) => {
                run_set_method(self.state, self.meter, self.block, &mut inner, contract, call, method)
            }
            HostMethod::Upgrade(method) => self.run_upgrade_method(&mut inner, contract, call, method),
            HostMethod::Approval(method) => {
                run_approval_method(self.state, self.meter, self.block, &mut inner, contract, call, method)
            }
        };
        gas.0 = gas.0.saturating_sub(given.saturating_sub(inner.0)); // what is left is at most what was given
        if done.is_err() {
            self.state.rollback(checkpoint);
        }
        done.map(|()| Vec::new())
    }

    fn role_method(
        &mut self,
        gas: &mut GasLeft,
        contract: &Contract,
        call: HostCall<'_>,
        method: RoleMethod,
    ) -> Result<(), ExecutionError> {
        let prices = &self.meter.schedule().host;
        // At most two entries, of which one is new, and the accounts of who paid for those that are deleted.
        gas.charge(prices.read.saturating_add(prices.write).saturating_mul(4).saturating_add(prices.new))?;
        run_role_method(self.state, self.meter, contract, call.address, call.caller, method, call.args)
    }

    /// Most gas that a frame may use: what its caller gives, and not the part that a calling contract keeps.
    fn allowance(&self, gas: &GasLeft, gas_max: u64) -> u64 {
        let kept = if self.frames.is_empty() { 0 } else { gas.0 / GAS_KEPT_DIVISOR };
        gas.0.saturating_sub(kept).min(gas_max)
    }

    /// Runs a frame that has passed the checks on entry. On a failure state is as before.
    pub(crate) fn run_frame(
        &mut self,
        gas: &mut GasLeft,
        frame: Frame,
        gas_max: u64,
        stack: u32,
    ) -> Result<Vec<u8>, ExecutionError> {
        let ceiling = frame.contract.method(frame.method)?.gas_max;
        let depth = self.frames.len();
        let allowance = self.allowance(gas, gas_max);
        let given = allowance.min(ceiling);
        let checkpoint = self.state.checkpoint();
        self.frames.push(frame);
        let mut inner = GasLeft(given);
        let (ended, lost) = self.run_code(&mut inner, stack);
        // What is left is at most what was given, and that at most what there was.
        gas.0 = gas.0.saturating_sub(given.saturating_sub(inner.0));
        if lost {
            // What the instance costs to make again. Charged when it happens, so that what a call uses is all that it
            // needs; who has less left pays with all of it, and what is not paid is bounded by the depth of calls.
            gas.0 = gas.0.saturating_sub(self.meter.schedule().host.trap);
        }
        let ended = ended.map_err(|error| self.explain(error, given < allowance, ceiling));
        self.frames.truncate(depth);
        if ended.is_err() {
            self.state.rollback(checkpoint);
        }
        ended
    }

    /// Completes a failure of the running frame: which limit it met, and where.
    fn explain(&self, error: ExecutionError, by_ceiling: bool, ceiling: u64) -> ExecutionError {
        let ExecutionError::Failed(mut failure) = error else { return error };
        if failure.code == codes::OUT_OF_GAS && by_ceiling {
            failure.code = codes::CEILING_GAS;
            failure.diagnostics.text = format!("ceiling of {ceiling} gas: {}", failure.diagnostics.text);
        }
        if failure.diagnostics.stack.is_empty() {
            let stack = self.frames.iter().map(|frame| (frame.address, frame.method_name()));
            failure.diagnostics.stack = stack.collect();
            if let Some(frame) = self.frames.last() {
                failure.diagnostics.text = located(frame, &failure.diagnostics.text);
            }
        }
        failure.into()
    }

    /// What the running frame ended with, and whether its instance is lost: it is if the code trapped, or let memory
    /// grow past what a call may start with. Where the host ended the call, as it does for `revert`, the instance is
    /// reset like one that returned (measured in `host/docs/adr-003-the-price-of-loading-code.md`). All of it depends on
    /// the code alone.
    fn run_code(&mut self, gas: &mut GasLeft, stack: u32) -> (Result<Vec<u8>, ExecutionError>, bool) {
        let before = self.prepare_code(gas);
        let (contract, position) = match before {
            Ok(found) => found,
            Err(error) => return (Err(error), false),
        };
        let executor = self.executor;
        let name = match contract.method(position) {
            Ok(method) => &*method.name,
            Err(failure) => return (Err(failure.into()), false),
        };
        let report = match executor.run_code(&contract, name, gas.0, stack, self) {
            Ok(report) => report,
            Err(fault) => return (Err(engine_fault(fault).into()), true),
        };
        gas.0 = report.gas_left;
        let grown = report.pages != contract.pages;
        match report.outcome {
            Outcome::Return => (self.finish(gas, &contract, position, stack), grown),
            Outcome::Trap(kind) => (Err(trap(kind).into()), true),
            Outcome::Host(_) => {
                let error = self.ended.take();
                let missing = || Fault::text("a host function ended a call without a reason").into();
                (Err(error.unwrap_or_else(missing)), grown)
            }
        }
    }

    /// Uses approvals up, moves the value and reads the parameters that key terms name.
    fn prepare_code(&mut self, gas: &mut GasLeft) -> Result<(Arc<Contract>, usize), ExecutionError> {
        let price = self.meter.schedule().host.read;
        let frame = self.frames.last_mut().ok_or_else(|| Fault::text("no frame to run"))?;
        if let Some(approvals) = &frame.approvals {
            gas.charge(approvals.spend_gas(self.meter.schedule()))?;
            approvals.spend(self.state, &frame.address)?;
        }
        if !frame.value.is_zero() {
            self.state.transfer(&frame.caller, &frame.address, frame.value)?;
        }
        if frame.contract.method(frame.method)?.needs_params && frame.params.is_none() {
            gas.charge(price)?;
            load_params(self.state, frame)?;
        }
        Ok((Arc::clone(&frame.contract), frame.method))
    }

    /// After the code returned: machines, sums and counts, invariants, output, notifications.
    fn finish(
        &mut self,
        gas: &mut GasLeft,
        contract: &Contract,
        position: usize,
        stack: u32,
    ) -> Result<Vec<u8>, ExecutionError> {
        let (state, schedule) = (&mut *self.state, self.meter.schedule());
        let frame = self.frames.last_mut().ok_or_else(|| Fault::text("no frame to finish"))?;
        self.executor.phases().tell(Phase::Guards, || complete(state, schedule, gas, frame))?;
        self.settle(|more| gas.charge(more))?;
        let frame = self.top()?;
        let output = std::mem::take(&mut frame.output);
        check_output(contract, position, &output)?;
        let notices = std::mem::take(&mut frame.notices);
        if !notices.is_empty() {
            frame.unlocked = true;
            let caller = frame.address;
            for notice in notices {
                self.notify(gas, caller, notice, stack)?;
            }
        }
        Ok(output)
    }

    /// Merges what the running frame changed of sums and counts, and checks its contract's invariants if something
    /// changed since they were checked: before somebody else can see the contract.
    ///
    /// # Errors
    /// What [`flush`] and [`check_invariants`] refuse, and what `charge` says to their price.
    pub(crate) fn settle(
        &mut self,
        charge: impl FnOnce(u64) -> Result<(), Failure>,
    ) -> Result<(), ExecutionError> {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let contract = Arc::clone(&frame.contract);
        let phases = self.executor.phases();
        let merged = || flush(self.state, &contract, &frame.address, &mut frame.pending);
        phases.tell(Phase::Aggregates, merged)?;
        if !frame.used.changed || contract.manifest.invariants.is_empty() {
            return Ok(());
        }
        let schedule = self.meter.schedule();
        let params = contract.invariants_params && frame.params.is_none();
        charge(contract.invariants.gas(schedule).saturating_add(schedule.host.read * u64::from(params)))?;
        if params {
            load_params(self.state, frame)?;
        }
        let at = Place::of(frame, self.block, &self.origin, None)?;
        phases.tell(Phase::Invariants, || check_invariants(self.state, at))?;
        frame.used.changed = false;
        Ok(())
    }

    fn notify(
        &mut self,
        gas: &mut GasLeft,
        caller: AccountId,
        notice: Notice,
        stack: u32,
    ) -> Result<(), ExecutionError> {
        let target = Target {
            address: notice.contract,
            method: &notice.method,
            input: notice.args,
            value: Amount::ZERO,
            caller,
            read_only: false,
            gas_max: u64::MAX,
            stack,
        };
        let failed = |text: String| {
            let method = String::from_utf8_lossy(&notice.method);
            let text = format!("`{}` of {}: {text}", method.escape_debug(), notice.contract);
            ExecutionError::from(Failure::new(codes::NOTIFY_FAILED, text))
        };
        match self.call_contract(gas, target)? {
            Ok(output) if output == notice.expected => Ok(()),
            Ok(output) => {
                let (expected, found) = (notice.expected.len(), output.len());
                Err(failed(format!("output of {found} bytes is not the {expected} expected")))
            }
            Err(failure) => Err(failed(format!("code {}, {}", failure.code, failure.diagnostics.text))),
        }
    }
}

/// A diagnostic with the contract, method and address that it concerns.
fn located(frame: &Frame, text: &str) -> String {
    format!("{}.{} at {}: {text}", frame.contract.manifest.name.as_str(), frame.method_name(), frame.address)
}

fn check_output(contract: &Contract, position: usize, output: &[u8]) -> Result<(), Failure> {
    let method = contract.method(position)?;
    let bad = |text: String| Failure::new(codes::BAD_OUTPUT, text);
    match &method.returns {
        Some(ty) => contract
            .manifest
            .validate_whole(ty, output)
            .map_err(|error| bad(format!("output of `{}`: {error}", method.name))),
        None if output.is_empty() => Ok(()),
        None => Err(bad(format!("`{}` declares no output, {} bytes found", method.name, output.len()))),
    }
}

fn trap(kind: TrapKind) -> Failure {
    let code = match kind {
        TrapKind::OutOfGas => codes::OUT_OF_GAS,
        TrapKind::StackOverflow => codes::STACK_OVERFLOW,
        _ => codes::TRAP,
    };
    Failure::new(code, kind.name())
}

fn unknown_method(name: &[u8]) -> Failure {
    let name: String = String::from_utf8_lossy(name).chars().take(64).collect();
    Failure::new(codes::UNKNOWN_METHOD, format!("the manifest declares no method `{}`", name.escape_debug()))
}

pub(crate) fn value_refused(method: &str, allowed: Amount, found: Amount) -> Failure {
    let text = format!("`{method}` accepts at most {allowed} native, {found} found");
    Failure::new(codes::VALUE_NOT_ACCEPTED, text)
}
