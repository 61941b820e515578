//! An executor whose contracts do what their caller says: it writes, fails, traps and faults on command.

use chainstack_primitives::{AccountId, Amount, Event, Gas, Hash, Tag, codes, tagged};
use chainstack_runtime::{
    block::BlockInfo,
    ports::{Completed, ContractExecutor, ExecutionError, Failure, Fault, Message},
    state::{
        Overlay,
        reserved::{self, CodeRecord, ContractRecord},
    },
    transaction::Meter,
};
use parity_scale_codec::{Decode, Encode};

/// The cell that `set` and `delete` use.
pub(crate) const CELL: u16 = 7;
/// The code with which code that starts with `bad` is refused.
pub(crate) const REFUSED: u16 = 2000;

/// The executor.
pub(crate) struct Puppet;

fn arguments<T: Decode>(args: &[u8]) -> Result<T, Failure> {
    T::decode(&mut &*args).map_err(|_| Failure::new(codes::BAD_ARGUMENTS, "other arguments"))
}

impl ContractExecutor for Puppet {
    fn upload(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        _: &BlockInfo,
        origin: AccountId,
        code: &[u8],
    ) -> Result<Completed, ExecutionError> {
        if code.starts_with(b"bad") {
            return Err(Failure::new(REFUSED, "bad code").into());
        }
        let hash = tagged(Tag::Code, code);
        if state.code(&hash)?.is_some() {
            return Err(Failure::new(codes::CODE_EXISTS, "again").into());
        }
        let size = u32::try_from(code.len()).expect("bounded");
        let record = CodeRecord { size, manifest: Hash::ZERO, payer: origin };
        let deposit = meter.schedule().storage.code_deposit(size).expect("small");
        let key = (&reserved::CODES, reserved::CODES_CELL, &hash.0[..]);
        state.write_entry(meter, key, record.encode(), deposit)?;
        state.set_code(hash, code.into());
        Ok(Completed { output: hash.0.to_vec() })
    }

    fn instantiate(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        _: &BlockInfo,
        address: AccountId,
        code: Hash,
        message: Message<'_>,
    ) -> Result<Completed, ExecutionError> {
        if state.code(&code)?.is_none() {
            return Err(Failure::new(codes::CODE_NOT_FOUND, "no such code").into());
        }
        let mut account = state.account_or_new(&address)?;
        account.code_hash = code;
        state.set_account(&address, account)?;
        let record = ContractRecord { code, manifest: Hash::ZERO, creator: message.origin, version: 1 };
        let deposit = meter.schedule().storage.entry_deposit(100).expect("small");
        state.write_entry(meter, (&address, reserved::CONTRACT, &[]), record.encode(), deposit)?;
        state.pay(meter, &message.origin, &address, message.value)?;
        if message.args == b"fail" {
            return Err(Failure::new(codes::REVERTED, "told to fail").into());
        }
        Ok(Completed { output: b"replaced by the address".to_vec() })
    }

    fn invoke(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        _: &BlockInfo,
        contract: AccountId,
        method: &str,
        message: Message<'_>,
    ) -> Result<Completed, ExecutionError> {
        if !state.account_or_new(&contract)?.is_contract() {
            return Err(Failure::new(codes::CONTRACT_NOT_FOUND, "nothing there").into());
        }
        state.pay(meter, &message.origin, &contract, message.value)?;
        let deposit = meter.schedule().storage.entry_deposit(64).expect("small");
        match method {
            "set" | "fail" | "trap" | "fault" => {
                let (key, value): (Vec<u8>, Vec<u8>) = arguments(message.args)?;
                meter.charge(Gas(meter.schedule().host.write))?;
                let event = Event { contract, event: 1, data: key[..].try_into().expect("short") };
                state.write_entry(meter, (&contract, CELL, &key), value.clone(), deposit)?;
                state.emit(event);
                match method {
                    "set" => Ok(Completed { output: value }),
                    "fail" => {
                        let mut failure = Failure::new(codes::REVERTED, "told to fail");
                        failure.revert = value[..].try_into().expect("short");
                        Err(failure.into())
                    }
                    "trap" => Err(Failure::new(codes::TRAP, "told to trap").into()),
                    _ => Err(Fault::text("told to break").into()),
                }
            }
            "delete" => {
                let key: Vec<u8> = arguments(message.args)?;
                meter.charge(Gas(meter.schedule().host.write))?;
                let there = state.delete_entry(&contract, CELL, &key)?;
                Ok(Completed { output: vec![u8::from(there)] })
            }
            "burn" => {
                let gas: u64 = arguments(message.args)?;
                meter.charge(Gas(gas))?;
                Ok(Completed::default())
            }
            "send" => {
                let (to, amount): (AccountId, Amount) = arguments(message.args)?;
                state.pay(meter, &contract, &to, amount)?;
                Ok(Completed::default())
            }
            _ => Err(Failure::new(codes::UNKNOWN_METHOD, method).into()),
        }
    }

    /// An exit 1 that pays what the contract has to whom the item names.
    fn poke(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        _: &BlockInfo,
        contract: AccountId,
        exit: u16,
        item: &[u8],
    ) -> Result<Completed, ExecutionError> {
        if exit != 1 {
            return Err(Failure::new(codes::UNKNOWN_EXIT, "no such exit").into());
        }
        let balance = state.account_or_new(&contract)?.balance;
        state.pay(meter, &contract, &arguments(item)?, balance)?;
        Ok(Completed::default())
    }

    fn query(
        &self,
        state: &mut Overlay<'_>,
        _: &BlockInfo,
        contract: AccountId,
        _: &str,
        args: &[u8],
        gas_limit: Gas,
    ) -> Result<(Completed, Gas), ExecutionError> {
        if gas_limit < Gas(10) {
            return Err(Failure::new(codes::OUT_OF_GAS, "10 gas expected").into());
        }
        let entry = state.entry(&contract, CELL, args)?;
        let output = entry.map(|entry| entry.value.clone()).unwrap_or_default();
        Ok((Completed { output }, Gas(10)))
    }
}
