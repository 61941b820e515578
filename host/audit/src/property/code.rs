//! P4, what code can bring about at all: which methods may send coins, call others, write cells, move escrow, announce.
//!
//! The host refuses to every method what it does not declare: that is ENFORCED. Where the bytecode is at hand and no call
//! in it leads from the other methods to the functions that it takes, it is PROVEN besides. Code that could try is no
//! fault: the host refuses it.

use chainstack_analysis::{Ability, Reachability};
use chainstack_primitives::manifest::{AssetRef, Manifest, Ops, Touches, Transition};

use crate::report::{Claim, Evidence, Property, Subject, Verdict};

/// For each ability that some method does not declare, who declares it; `code` is what is known of the bytecode.
pub(crate) fn abilities(manifest: &Manifest, code: Option<&Reachability>) -> Vec<Claim> {
    Ability::ALL.into_iter().filter_map(|ability| claim(manifest, ability, code)).collect()
}

fn claim(manifest: &Manifest, ability: Ability, code: Option<&Reachability>) -> Option<Claim> {
    let methods = manifest.transitions.iter().map(|method| (&method.method, declares(method, ability)));
    let views = manifest.views.iter();
    // A view calls only views, and changes nothing.
    let views = views.map(|view| (&view.method, ability == Ability::CallsOthers && !view.calls.is_empty()));
    let (declared, others): (Vec<_>, Vec<_>) = methods.chain(views).partition(|(_, declared)| *declared);
    if others.is_empty() {
        return None;
    }
    let does = ability.text();
    let names: Vec<String> = declared.iter().map(|(name, _)| format!("`{name}`")).collect();
    let said = match names.is_empty() {
        true => format!("The code of no method {does}"),
        false => format!("Only the code of {} {does}", names.join(", ")),
    };
    let never = |name: &str| code.is_some_and(|code| code.never(name, ability));
    let proven = others.iter().all(|(name, _)| never(name));
    let evidence = if proven { Evidence::Proven } else { Evidence::Enforced };
    let why = match (proven, names.is_empty()) {
        (true, true) => "no call in it leads to what that takes",
        (true, false) => "no call in the code of any other leads to what that takes",
        (false, true) => "the host refuses it",
        (false, false) => "the host refuses it to any other",
    };
    let subject = Subject::default();
    let sentence = format!("{said}: {why}.");
    Some(Claim::new(Property::P4, rule(ability), subject, (Verdict::Holds, evidence), sentence))
}

const fn rule(ability: Ability) -> &'static str {
    match ability {
        Ability::SendsCoins => "code/sends",
        Ability::CallsOthers => "code/calls",
        Ability::WritesCells => "code/writes",
        Ability::MovesEscrow => "code/escrow",
        Ability::Announces => "code/announces",
    }
}

/// Whether the method declares something for which its code needs the ability.
fn declares(method: &Transition, ability: Ability) -> bool {
    match ability {
        Ability::SendsCoins => {
            method.sends.iter().any(|send| send.asset == AssetRef::Native)
                || method.calls.iter().chain(&*method.notifies).any(|call| call.value_max.0 > 0)
        }
        Ability::CallsOthers => !method.calls.is_empty() || !method.notifies.is_empty(),
        Ability::WritesCells => match &method.touches {
            Touches::Unknown => true,
            Touches::Listed(touches) => touches.iter().any(|touch| touch.ops.0 & !Ops::READ.0 != 0),
        },
        Ability::MovesEscrow => !method.escrows.is_empty(),
        Ability::Announces => !method.emits.is_empty(),
    }
}
