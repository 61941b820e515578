//! What the calls do.

use chainstack_primitives::{
    AccountId, Amount, Asset, BatchCall, Call, CodeSource, Gas, Hash, Instantiate, Invoke, Poke, Send, codes,
};

use super::Meter;
use crate::{
    block::BlockInfo,
    ports::{Completed, ContractExecutor, ExecutionError, Failure, Message},
    state::{Overlay, reserved},
};

/// Where calls run.
pub(crate) struct Scene<'a, 'b, 'c> {
    pub(crate) executor: &'a dyn ContractExecutor,
    pub(crate) block: &'a BlockInfo,
    pub(crate) state: &'a mut Overlay<'b>,
    pub(crate) meter: &'a mut Meter<'c>,
}

/// Why a call failed, and which one inside a batch.
pub(crate) struct CallError {
    pub(crate) error: ExecutionError,
    pub(crate) failed_call: Option<u8>,
}

impl From<ExecutionError> for CallError {
    fn from(error: ExecutionError) -> Self {
        Self { error, failed_call: None }
    }
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        ExecutionError::from(failure).into()
    }
}

/// Carries out `call` for the meter's origin. On an error the caller rolls back; a batch stops at its first
/// failing call.
pub(crate) fn run(scene: &mut Scene<'_, '_, '_>, call: &Call) -> Result<Completed, CallError> {
    match call {
        Call::Transfer { to, amount } => Ok(transfer(scene, to, *amount)?),
        Call::Upload { code } => {
            let origin = scene.meter.origin();
            Ok(scene.executor.upload(scene.state, scene.meter, scene.block, origin, code)?)
        }
        Call::Instantiate(call) => Ok(instantiate(scene, call)?),
        Call::Invoke(call) => Ok(invoke(scene, call)?),
        Call::Batch(calls) => batch(scene, calls),
        Call::Poke(call) => Ok(poke(scene, call)?),
        _ => Err(not_supported("this kind of call").into()),
    }
}

/// The output of a batch is that of its last call.
fn batch(scene: &mut Scene<'_, '_, '_>, calls: &[BatchCall]) -> Result<Completed, CallError> {
    let mut last = Completed::default();
    for (index, call) in calls.iter().enumerate() {
        let done = match call {
            BatchCall::Transfer { to, amount } => transfer(scene, to, *amount),
            BatchCall::Instantiate(call) => instantiate(scene, call),
            BatchCall::Invoke(call) => invoke(scene, call),
            BatchCall::Poke(call) => poke(scene, call),
        };
        // A batch has at most 64 calls.
        let failed_call = u8::try_from(index).ok();
        last = done.map_err(|error| CallError { error, failed_call })?;
    }
    Ok(last)
}

fn not_supported(what: &str) -> Failure {
    Failure::new(codes::NOT_SUPPORTED, format!("{what} is not supported by this protocol version"))
}

fn transfer(
    scene: &mut Scene<'_, '_, '_>,
    to: &AccountId,
    amount: Amount,
) -> Result<Completed, ExecutionError> {
    let origin = scene.meter.origin();
    scene.state.pay(scene.meter, &origin, to, amount)?;
    Ok(Completed::default())
}

fn instantiate(scene: &mut Scene<'_, '_, '_>, call: &Instantiate) -> Result<Completed, ExecutionError> {
    let origin = scene.meter.origin();
    let code = code_hash(scene, &call.code)?;
    let address = AccountId::contract(&scene.block.chain, &origin, &code, &call.salt);
    if scene.state.account(&address)?.is_some_and(|account| account.is_contract()) {
        return Err(Failure::new(codes::CONTRACT_EXISTS, format!("a contract stands at {address}")).into());
    }
    let message = Message { origin, value: call.value, args: &call.args, sends: &[] };
    let mut done =
        scene.executor.instantiate(scene.state, scene.meter, scene.block, address, code, message)?;
    done.output = address.0.to_vec();
    Ok(done)
}

fn code_hash(scene: &mut Scene<'_, '_, '_>, source: &CodeSource) -> Result<Hash, ExecutionError> {
    let name = match source {
        CodeSource::Hash(hash) => return Ok(*hash),
        CodeSource::Paradigm(name) => name,
    };
    scene.meter.charge(Gas(scene.meter.schedule().host.read))?;
    let entry = scene.state.entry(&reserved::PARADIGMS, reserved::PARADIGMS_CELL, name.as_bytes())?;
    let hash = entry.and_then(|entry| <[u8; 32]>::try_from(entry.value.as_slice()).ok());
    let missing = || Failure::new(codes::PARADIGM_NOT_FOUND, format!("no paradigm is called {name:?}"));
    Ok(hash.map(Hash).ok_or_else(missing)?)
}

fn poke(scene: &mut Scene<'_, '_, '_>, call: &Poke) -> Result<Completed, ExecutionError> {
    scene.executor.poke(scene.state, scene.meter, scene.block, call.contract, call.exit, &call.item)
}

fn invoke(scene: &mut Scene<'_, '_, '_>, call: &Invoke) -> Result<Completed, ExecutionError> {
    check_sends(&call.sends)?;
    let origin = scene.meter.origin();
    let message = Message { origin, value: call.value, args: &call.args, sends: &call.sends };
    scene.executor.invoke(scene.state, scene.meter, scene.block, call.contract, call.method.as_str(), message)
}

/// A consent that nobody reads would be worse than none: its signer relies on the bound.
fn check_sends(sends: &[Send]) -> Result<(), Failure> {
    for (index, send) in sends.iter().enumerate() {
        let problem = if send.asset == Asset::Native {
            "names the chain's coin, which comes with the call's value"
        } else if sends.iter().take(index).any(|before| before.asset == send.asset) {
            "names an asset that was named before"
        } else {
            continue;
        };
        return Err(Failure::new(codes::BAD_ARGUMENTS, format!("entry {index} of sends {problem}")));
    }
    Ok(())
}
