//! Random transitions of the samples over the real host, with the declaration as oracle.
//!
//! A world is made from a seed: a sample, the contracts that keep its assets, people with coins. Calls are drawn from the
//! seed ([`draw`]), each is judged before it is made ([`foresee`], [`facts`]), carried out by the host ([`world`]), and
//! what it left is held against the declaration: each change after each call ([`check`], [`entry`], [`moves`]), sums and
//! counts that follow the changes ([`kept`]), and all of state anew every 250 calls ([`whole`]). Nothing here is
//! written for one contract: all of it reads the manifest.
//!
//! What is promised, and where it is looked at:
//!
//! | promise | by |
//! | --- | --- |
//! | sums, counts, owners, deposits, coins are those of the entries | [`kept`], [`whole`] |
//! | gas, entries, bytes, events are within what is declared | [`check`], [`entry`] |
//! | no state but a declared one, no move but along a declared edge | [`entry`], [`moves`] |
//! | nothing is written but where the touches and escrows say | [`check`] |
//! | a refused call leaves nothing; one that is let in was to be | [`check`], [`facts`] |
//! | an exit that stands open is never refused, and pays whom it names | [`check`] |
//!
//! The ceiling of gas is that of the method's own frame and all that it calls: value, code, host functions, machines,
//! sums, invariants, notifications. Not in it, and bounded by [`model::Contract::entry_gas`]: the frame's start, making
//! code and memory ready, and what is asked on entry. Code that fails pays `trap` besides.

pub mod check;
pub mod counts;
pub mod draw;
pub mod entry;
pub mod facts;
pub mod foresee;
pub mod kept;
pub mod model;
pub mod moves;
pub mod whole;
pub mod world;

use std::{fs, sync::Arc};

use chainstack_client::module::manifest_section;
use chainstack_host::{Executor, ExecutorConfig};
use chainstack_primitives::{AccountId, codes, manifest::Manifest};
use chainstack_runtime::params::Schedule;

use self::{
    check::check_call,
    counts::Counts,
    draw::{DEPOSIT, Drawer, GAS},
    foresee::Foreseen,
    kept::Kept,
    model::Contract,
    whole::check_all,
    world::{Ask, Call, World},
};
use crate::vectors::project;

/// A sample, and the contracts that keep assets for it.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Its name: `contracts/artifacts/<name>.wasm`.
    pub name: &'static str,
    /// Names of those that keep its assets.
    pub keepers: &'static [&'static str],
}

/// Every sample.
pub const SAMPLES: &[Sample] = &[
    Sample { name: "erc20", keepers: &[] },
    Sample { name: "escrow", keepers: &[] },
    Sample { name: "auction", keepers: &["deed", "deed"] },
    Sample { name: "custody", keepers: &["erc20", "erc20"] },
    Sample { name: "deed", keepers: &[] },
];

/// Samples that the chain brings with its genesis: their code is made ready without a price.
pub const PARADIGMS: &[&str] = &["erc20"];

/// Calls of one world.
pub const WORLD_CALLS: u64 = 5_000;
/// Calls between two checks of all of state.
const WHOLE_EVERY: u64 = 250;
/// Times that parameters are drawn until a contract takes them.
const PARAMS_TRIES: usize = 200;

/// A sample made ready: worlds of it are made from one that has its code.
pub struct Ground {
    sample: Sample,
    base: World,
    /// Code and manifest: of the sample, then of the keepers.
    parts: Vec<(&'static str, chainstack_primitives::Hash, Manifest)>,
}

impl Ground {
    /// Uploads a sample's code.
    ///
    /// # Errors
    /// In words, if an artifact is missing or refused.
    pub fn new(sample: Sample) -> Result<Self, String> {
        let schedule = Schedule::base().map_err(|error| error.to_string())?;
        let executor = || {
            let executor = Executor::new(ExecutorConfig::default(), schedule.clone());
            executor.map(Arc::new).map_err(|fault| fault.to_string())
        };
        let mut base = World::new(executor()?, Arc::new(schedule.clone()));
        let mut parts: Vec<(&'static str, chainstack_primitives::Hash, Manifest)> = Vec::new();
        for name in std::iter::once(&sample.name).chain(sample.keepers) {
            let known = parts.iter().find(|(known, ..)| known == name).cloned();
            let part = match known {
                Some(part) => part,
                None => {
                    let path = project().join(format!("contracts/artifacts/{name}.wasm"));
                    let code = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                    let section = manifest_section(&code).map_err(|error| error.to_string())?;
                    let manifest = Manifest::decode_checked(section).map_err(|error| error.to_string())?;
                    (*name, base.upload(&code)?, manifest)
                }
            };
            parts.push(part);
        }
        for (_, code, _) in parts.iter().filter(|(name, ..)| PARADIGMS.contains(name)) {
            base.bring_with_genesis(code, executor()?)?;
        }
        Ok(Self { sample, base, parts })
    }

    /// A world of the sample: every contract made, with parameters drawn until it takes them. `rich`: whether everything
    /// that its parameters can switch on is.
    ///
    /// # Errors
    /// In words, if no parameters suit a contract.
    pub fn world(&self, drawer: &mut Drawer, rich: bool, counts: &mut Counts) -> Result<World, String> {
        let mut world = self.base.clone();
        for (index, (name, code, manifest)) in self.parts.iter().enumerate() {
            let address = AccountId([0xc0 + u8::try_from(index).unwrap_or(0); 32]);
            let made = (0..PARAMS_TRIES).find_map(|_| {
                let params = drawer.params(&world, manifest, rich);
                let ask = Ask::Instantiate { address, code: *code, params: params.clone() };
                let call = Call { signer: world.people[index % 2], ask, gas: GAS, deposit: DEPOSIT };
                world.carry_out(&call).ok().filter(|done| done.result.is_ok()).map(|_| params)
            });
            let params = made.ok_or_else(|| format!("no parameters of `{name}` were taken"))?;
            let mut contract = Contract::new(name, address, *code, manifest.clone(), params);
            contract.call_gas = call_gas(&mut world, address)?;
            counts.note_made(&contract);
            world.contracts.push(Arc::new(contract));
        }
        Ok(world)
    }

    /// `calls` calls in a world made from `seed`.
    ///
    /// # Errors
    /// What does not hold, with the seed and the call it was found at.
    pub fn run(&self, seed: u64, calls: u64, rich: bool) -> Result<Counts, String> {
        let mut counts = Counts::default();
        let mut drawer = Drawer::new(seed);
        let name = self.sample.name;
        let at = |call: u64, why: String| format!("{name}, seed {seed}, call {call}: {why}");
        let mut world = self.world(&mut drawer, rich, &mut counts).map_err(|why| at(0, why))?;
        let mut kept = Kept::of(&world.store, &world.contracts).map_err(|why| at(0, why))?;
        check_all(&world, &kept).map_err(|why| at(0, why))?;
        for index in 1..=calls {
            drawer.pass_time(&mut world);
            let call = drawer.call(&world);
            step(&mut world, &mut kept, &call, &mut counts)
                .map_err(|why| at(index, format!("{why}\n  {call:?}")))?;
            if index % WHOLE_EVERY == 0 || index == calls {
                check_all(&world, &kept).map_err(|why| at(index, why))?;
                counts.whole += 1;
            }
        }
        Ok(counts)
    }

    /// Transitions and exits of the sample that were never carried out.
    #[must_use]
    pub fn never(&self, counts: &Counts) -> Vec<String> {
        let (name, code, manifest) = &self.parts[0];
        counts.never(&Contract::new(name, AccountId::ZERO, *code, manifest.clone(), Vec::new()))
    }
}

/// One call, judged before and checked after.
///
/// # Errors
/// What does not hold, in words.
pub fn step(world: &mut World, kept: &mut Kept, call: &Call, counts: &mut Counts) -> Result<(), String> {
    let foreseen = Foreseen::of(world, call).ok_or("a call for no contract of the world")?;
    let done = world.carry_out(call)?;
    let items = u64::from(foreseen.item.is_some());
    let entry = foreseen.transition().map_or(0, |it| foreseen.contract.entry_gas(&world.schedule, it, items));
    counts.note(call, &foreseen, &done, entry);
    check_call(world, kept, call, &foreseen, &done)
}

/// What a call of the contract costs that finds no method: all that comes before the declaration is asked.
fn call_gas(world: &mut World, contract: AccountId) -> Result<u64, String> {
    let ask = Ask::Invoke {
        contract,
        method: "no_method".to_owned(),
        args: Vec::new(),
        value: 0,
        sends: Vec::new(),
    };
    let done = world.carry_out(&Call { signer: world.people[0], ask, gas: GAS, deposit: 0 })?;
    match done.result {
        Err(failure) if failure.code == codes::UNKNOWN_METHOD => Ok(done.gas),
        other => Err(format!("an unknown method answers {other:?}")),
    }
}

/// The seed of world `index` of a run that began with `seed`.
#[must_use]
pub const fn world_seed(seed: u64, index: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(index)
}

#[cfg(test)]
mod tests;
