//! Machines: they begin where they are declared to, and move along declared edges only.

use chainstack_primitives::manifest::{Effect, ItemBinding, Machine, Ops, Touches};
use chainstack_runtime::state::{Entry, reserved};

use super::{check::Change, foresee::Foreseen, model::Layout, world::World};

fn first(entry: Option<&Entry>) -> Option<u8> {
    entry.and_then(|entry| entry.value.first().copied())
}

/// Whether the method or exit leads a machine from `before` to `after`.
fn is_edge(foreseen: &Foreseen, machine: u16, before: u8, after: u8) -> bool {
    if let Some(transition) = foreseen.transition() {
        let from = transition.from.iter().find(|set| set.machine == machine);
        let to = transition.to.iter().find(|set| set.machine == machine);
        return from.is_none_or(|set| set.states.contains(&before))
            && to.is_some_and(|set| set.states.contains(&after));
    }
    foreseen.exit().is_some_and(|exit| {
        let from = exit.from.iter().find(|set| set.machine == machine);
        let to = exit.to.filter(|target| target.machine == machine);
        from.is_none_or(|set| set.states.contains(&before)) && to.is_some_and(|it| it.state == after)
    })
}

fn no_edge(machine: &Machine, before: u8, after: u8) -> String {
    format!("machine `{}` went from {before} to {after}, which nothing here declares", machine.name)
}

/// An entry of a map that changed: its machine moved as declared, or not at all; it came and went as declared.
///
/// # Errors
/// What is not as declared.
pub fn check_item_move(foreseen: &Foreseen, layout: &Layout, change: &Change) -> Result<(), String> {
    let Some(machine) = layout.machine.map(|index| &foreseen.contract.manifest.machines[index]) else {
        return Ok(());
    };
    let bound = foreseen.item.as_ref();
    let is_bound = bound.is_some_and(|item| item.cell == layout.id && *item.key == *change.key.key);
    match (first(change.before.as_ref()), first(change.after.as_ref())) {
        (Some(before), Some(after)) if before == after => Ok(()),
        (Some(before), Some(after)) => {
            if machine.terminal.contains(&before)
                || !is_bound
                || !is_edge(foreseen, machine.id, before, after)
            {
                return Err(no_edge(machine, before, after));
            }
            Ok(())
        }
        (None, Some(after)) => {
            let to = foreseen.transition().and_then(|transition| {
                let creates = matches!(transition.item, ItemBinding::New { .. }) && is_bound;
                creates.then(|| transition.to.iter().find(|set| set.machine == machine.id))
            });
            match to {
                None => Err("an item was created that the call was not to create".to_owned()),
                Some(to) if to.map_or(after == machine.initial, |set| set.states.contains(&after)) => Ok(()),
                Some(_) => Err(format!("a new item began in {after}")),
            }
        }
        (Some(_), None) => {
            let declared = match (foreseen.transition(), foreseen.exit()) {
                (Some(transition), _) => match &transition.touches {
                    Touches::Unknown => true,
                    Touches::Listed(touches) => {
                        touches.iter().any(|touch| touch.cell == layout.id && touch.ops.contains(Ops::DELETE))
                    }
                },
                (None, Some(exit)) => {
                    is_bound && exit.effects.iter().any(|effect| matches!(effect, Effect::DeleteItem))
                }
                (None, None) => false,
            };
            if declared { Ok(()) } else { Err("an item is gone that nothing here deletes".to_owned()) }
        }
        (None, None) => Ok(()),
    }
}

/// A machine of the contract that moved: as declared.
///
/// # Errors
/// What is not as declared.
pub fn check_own_move(foreseen: &Foreseen, change: &Change) -> Result<(), String> {
    let id = change.key.key.first_chunk::<2>().map(|bytes| u16::from_le_bytes(*bytes));
    let machine = id.and_then(|id| foreseen.contract.manifest.machine(id)).ok_or("no such machine")?;
    let moved = first(change.before.as_ref()).zip(first(change.after.as_ref()));
    let (before, after) = moved.ok_or("the state of a machine came or went")?;
    if machine.terminal.contains(&before) || !is_edge(foreseen, machine.id, before, after) {
        return Err(no_edge(machine, before, after));
    }
    Ok(())
}

/// After a method or exit: every machine that it leads somewhere is there.
///
/// # Errors
/// What is elsewhere.
pub fn check_targets(world: &World, foreseen: &Foreseen) -> Result<(), String> {
    let contract = &foreseen.contract;
    let now = |machine: &Machine| match (machine.cell, &foreseen.item) {
        (None, _) => {
            let key = machine.id.to_le_bytes();
            let value = world.store.value(&contract.address, reserved::STATES, &key);
            value.and_then(|value| value.first().copied())
        }
        (Some(cell), Some(item)) => {
            let value = world.store.value(&contract.address, cell, &item.key);
            value.and_then(|value| value.first().copied())
        }
        (Some(_), None) => None,
    };
    let mut targets: Vec<(u16, Vec<u8>)> = Vec::new();
    if let Some(transition) = foreseen.transition() {
        targets.extend(transition.to.iter().map(|set| (set.machine, set.states.to_vec())));
    }
    if let Some(target) = foreseen.exit().and_then(|exit| exit.to) {
        targets.push((target.machine, vec![target.state]));
    }
    for (id, states) in targets {
        let machine = contract.manifest.machine(id).ok_or("no such machine")?;
        // An item that is gone is nowhere; whether it may go is asked elsewhere.
        let Some(found) = now(machine) else { continue };
        if !states.contains(&found) {
            return Err(format!("machine `{}` is in {found}, {states:?} declared", machine.name));
        }
    }
    Ok(())
}
