//! What exits create in ledgers, and which items may still come to it: each keeps deposits for what one exit creates, once
//! in its life.

use std::collections::BTreeSet;

use chainstack_primitives::manifest::{Machine, Manifest, StateSet};

/// The states of the items' machine from which, by whatever is declared, an exit may be taken, now or later, that creates
/// an entry of a ledger. None of a machine of the contract itself.
#[must_use]
pub fn creation_states(manifest: &Manifest, machine: &Machine) -> BTreeSet<u8> {
    let all = || machine.states.iter().map(|state| state.id).collect::<Vec<_>>();
    let of = |sets: &[StateSet]| {
        let set = sets.iter().find(|set| set.machine == machine.id);
        set.map(|set| set.states.to_vec())
    };
    let exits = || manifest.exits.iter().filter(|exit| machine.cell.is_some() && exit.item == machine.cell);
    let creating = exits().filter(|exit| exit.effects.iter().any(|effect| effect.fills().is_some()));
    let mut found: BTreeSet<u8> = creating.flat_map(|exit| of(&exit.from).unwrap_or_else(all)).collect();
    if found.is_empty() {
        return found;
    }
    let methods =
        manifest.transitions.iter().map(|method| (&method.from, of(&method.to).unwrap_or_default()));
    let exits = exits().map(|exit| {
        let target = exit.to.filter(|target| target.machine == machine.id);
        (&exit.from, target.into_iter().map(|target| target.state).collect())
    });
    let ways = methods.chain(exits).map(|(from, to)| (of(from).unwrap_or_else(all), to));
    let ways: Vec<(Vec<u8>, Vec<u8>)> = ways.collect();
    loop {
        let before = found.len();
        for (from, to) in &ways {
            if to.iter().any(|state| found.contains(state)) {
                found.extend(from);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}
