//! From the number of a host function to what it does.

use chainstack_engine::{Guest, Host, HostTrap};
use chainstack_primitives::codes;
use chainstack_runtime::ports::{ExecutionError, Failure};

use super::{
    Answered, Scene,
    table::{Function, Status},
};
use crate::{budget, run::Run};

/// What the engine is told when a host function ends a call; the reason stays with the run.
const ENDED: HostTrap = HostTrap(1);

impl Host for Run<'_, '_, '_> {
    fn call(&mut self, function: u32, args: &[u64], guest: &mut Guest<'_>) -> Result<u64, HostTrap> {
        self.function(function, args, guest).map_err(|error| {
            self.end(error);
            ENDED
        })
    }
}

impl Run<'_, '_, '_> {
    fn function(&mut self, number: u32, args: &[u64], guest: &mut Guest<'_>) -> Answered {
        let function = Function::from_number(number).ok_or_else(unknown)?;
        let row = function.row();
        budget::charge_function(guest, self.meter.schedule(), row, args)?;
        let frame = self.frames.last_mut().ok_or_else(unknown)?;
        if row.status == Status::Transitions && frame.read_only {
            let text = format!("`{}` called inside a view", row.name);
            return Err(Failure::new(codes::READ_ONLY, text).into());
        }
        match function {
            Function::Invoke => return self.invoke_other(args, guest),
            Function::EscrowAssetIn => return self.escrow_asset_in(args, guest),
            Function::EscrowOut => return self.escrow_out(args, guest),
            _ => {}
        }
        let Some((frame, below)) = self.frames.split_last_mut() else { return Err(unknown()) };
        let mut scene = Scene {
            frame,
            below,
            state: self.state,
            meter: self.meter,
            block: self.block,
            origin: &self.origin,
            guest,
            key: &mut self.key,
            phases: self.executor.phases(),
        };
        scene.run(function, args)
    }
}

fn unknown() -> ExecutionError {
    // The engine links the same table, so that no code can get here.
    Failure::new(codes::BAD_HOST_ARGUMENT, "no such host function").into()
}

impl Scene<'_, '_, '_, '_, '_> {
    fn run(&mut self, function: Function, args: &[u64]) -> Answered {
        match (function, args) {
            (Function::Input, [out, cap]) => self.input(*out, *cap),
            (Function::Output, [ptr, len]) => self.output(*ptr, *len),
            (Function::Result, [out, cap]) => self.result(*out, *cap),
            (Function::Revert, [code, ptr, len]) => self.revert(*code, *ptr, *len),
            (Function::Caller, [out]) => self.caller(*out),
            (Function::Origin, [out]) => self.origin(*out),
            (Function::SelfAddress, [out]) => self.self_address(*out),
            (Function::Value, [out]) => self.value(*out),
            (Function::Balance, [out]) => self.balance(*out),
            (Function::Height, []) => Ok(self.block.height.0),
            (Function::TimeMs, []) => Ok(self.block.time_ms.0),
            (Function::GasLeft, []) => Ok(self.guest.gas()),
            (Function::Chain, [out]) => self.chain(*out),
            (Function::Param, [index, out, cap]) => self.param(*index, *out, *cap),
            (Function::Role, [role, out]) => self.role(*role, *out),
            (Function::CellGet, [cell, key, key_len, out, cap]) => {
                self.cell_get(*cell, (*key, *key_len), *out, *cap)
            }
            (Function::CellSet, [cell, key, key_len, ptr, len]) => {
                self.cell_set(*cell, (*key, *key_len), (*ptr, *len))
            }
            (Function::CellDelete, [cell, key, key_len]) => self.cell_delete(*cell, (*key, *key_len)),
            (Function::CellCount, [cell]) => self.cell_count(*cell),
            (Function::CellSum, [cell, field, out]) => self.cell_sum(*cell, *field, *out),
            (Function::LedgerGet, [cell, key, key_len, out]) => {
                self.ledger_get(*cell, (*key, *key_len), *out)
            }
            (Function::LedgerAdd, [cell, key, key_len, amount]) => {
                self.ledger_add(*cell, (*key, *key_len), *amount)
            }
            (Function::LedgerSub, [cell, key, key_len, amount]) => {
                self.ledger_sub(*cell, (*key, *key_len), *amount)
            }
            (Function::LedgerMove, [cell, from, from_len, to, to_len, amount]) => {
                self.ledger_move(*cell, (*from, *from_len), (*to, *to_len), *amount)
            }
            (Function::Transfer, [to, amount]) => self.transfer(*to, *amount),
            (Function::State, [machine, key, key_len]) => self.state(*machine, (*key, *key_len)),
            (Function::Transition, [machine, state]) => self.transition(*machine, *state),
            (Function::EscrowIn, [cell, item, len, amount]) => self.escrow_in(*cell, (*item, *len), *amount),
            (Function::UniqueMint, [cell, key, key_len, owner, ptr, len]) => {
                self.unique_mint(*cell, (*key, *key_len), *owner, (*ptr, *len))
            }
            (Function::UniqueMove, [cell, key, key_len, to]) => {
                self.unique_move(*cell, (*key, *key_len), *to)
            }
            (Function::UniqueOwner, [cell, key, key_len, out]) => {
                self.unique_owner(*cell, (*key, *key_len), *out)
            }
            (Function::UniqueCount, [cell, account]) => self.unique_count(*cell, *account),
            (Function::Escrowed, [cell, item, len, out]) => self.escrowed(*cell, (*item, *len), *out),
            (Function::Emit, [event, ptr, len]) => self.emit(*event, *ptr, *len),
            (Function::Notify, [contract, method, method_len, args, args_len, expected, expected_len]) => {
                self.notify(*contract, (*method, *method_len), (*args, *args_len), (*expected, *expected_len))
            }
            (Function::Keccak256, [ptr, len, out]) => {
                self.hash(super::crypto::Digest::Keccak256, *ptr, *len, *out)
            }
            (Function::Sha3_256, [ptr, len, out]) => self.hash(super::crypto::Digest::Sha3, *ptr, *len, *out),
            (Function::Blake2b256, [ptr, len, out]) => {
                self.hash(super::crypto::Digest::Blake2b, *ptr, *len, *out)
            }
            (Function::Sr25519Verify, [public, signature, ptr, len]) => {
                self.sr25519_verify(*public, *signature, *ptr, *len)
            }
            (Function::Ed25519Verify, [public, signature, ptr, len]) => {
                self.ed25519_verify(*public, *signature, *ptr, *len)
            }
            (Function::EcdsaRecover, [digest, signature, out]) => {
                self.ecdsa_recover(*digest, *signature, *out)
            }
            _ => Err(unknown()),
        }
    }
}
