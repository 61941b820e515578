//! What may happen: methods, whose reach over escrowed value never grows, and exits, which stay as they were promised.

use chainstack_primitives::manifest::{
    CallerRule, CellKind, Effect, Exit, Expression, Manifest, Node, StateSet, Touches, Transition, Window,
};

use super::{ALLOWED, Diff, Part, REFUSED};
use crate::expression::Sum;

impl Diff<'_> {
    pub(super) fn methods(&mut self) {
        let (old, new) = (self.old, self.new);
        let part = |method: &Transition| Part { method: Some(method.method.to_string()), ..Part::default() };
        for method in &old.transitions {
            match new.transition(&method.method) {
                None => {
                    self.push("method", ALLOWED, part(method), format!("Method `{}` is gone.", method.method))
                }
                Some(found) if found != method => {
                    self.push(
                        "method",
                        ALLOWED,
                        part(method),
                        format!("Method `{}` is another.", method.method),
                    );
                }
                Some(_) => {}
            }
        }
        for method in &new.transitions {
            if old.transition(&method.method).is_none() {
                self.push("method", ALLOWED, part(method), format!("Method `{}` is new.", method.method));
            }
            for escrow in
                method.escrows.iter().filter(|escrow| escrow.pays_out && old.cell(escrow.cell).is_some())
            {
                let covered =
                    old.transitions.iter().any(|before| covers(before, method, escrow.cell, self.old));
                let cell = old.cell(escrow.cell).map_or_else(String::new, |cell| cell.name.to_string());
                let sentence = format!(
                    "Method `{}` can take from escrow `{cell}` what nobody could take so before.",
                    method.method
                );
                let part = Part { cell: Some(cell), ..part(method) };
                self.refuse_if(!covered, "reach", part, sentence);
            }
            for (cell, field) in self.exit_fields() {
                let writes = |method: &Transition| writes(method, cell, field);
                let before = old.transitions.iter().filter(|before| writes(before));
                let known = before.into_iter().any(|before| callers_within(&method.caller, &before.caller));
                let name = old.cell(cell).and_then(|found| found.head().get(usize::from(field)));
                let name = name.map_or_else(String::new, |field| field.name.to_string());
                let sentence = format!(
                    "Method `{}` can change `{name}`, which exits go by, and no such caller could.",
                    method.method
                );
                self.refuse_if(writes(method) && !known, "reach", part(method), sentence);
            }
        }
    }

    /// Fields of items that the old exits go by: maps and fields.
    fn exit_fields(&self) -> Vec<(u16, u8)> {
        let mut fields = Vec::new();
        for exit in &self.old.exits {
            let Some(item) = exit.item else { continue };
            let amounts = exit.effects.iter().filter_map(|effect| match effect {
                Effect::Release { amount, .. } => amount.as_ref(),
                Effect::Pay { amount, .. } => Some(amount),
                _ => None,
            });
            let window = exit.window.iter().flat_map(|window| window.opens.iter().chain(&window.closes));
            for node in exit.guard.iter().chain(window).chain(amounts).flatten() {
                if let Node::Head(field) = node {
                    fields.push((item, *field));
                }
            }
        }
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    pub(super) fn exits(&mut self) {
        let (old, new) = (self.old, self.new);
        let part = |exit: &Exit| Part { exit: Some(exit.name.to_string()), ..Part::default() };
        for exit in &old.exits {
            match new.exit(exit.id) {
                None => self.push("exit", REFUSED, part(exit), format!("Exit `{}` is gone.", exit.name)),
                Some(found) => {
                    for (rule, sentence) in exit_changes(exit, found) {
                        self.push(rule, REFUSED, part(exit), sentence);
                    }
                }
            }
        }
        for exit in new.exits.iter().filter(|exit| old.exit(exit.id).is_none()) {
            let grows = exit.effects.iter().any(|effect| match effect {
                Effect::Release { escrow, .. } => {
                    old.cell(*escrow).is_some()
                        && !old.exits.iter().any(|before| before.effects.contains(effect))
                }
                _ => false,
            });
            let verdict = if grows { REFUSED } else { ALLOWED };
            let rule = if grows { "reach" } else { "exit" };
            let sentence = if grows {
                format!("New exit `{}` pays escrowed value in a way that none did before.", exit.name)
            } else {
                format!("Exit `{}` is new.", exit.name)
            };
            self.push(rule, verdict, part(exit), sentence);
        }
    }
}

/// What about a surviving exit is not as it was promised.
fn exit_changes(old: &Exit, new: &Exit) -> Vec<(&'static str, String)> {
    let name = &old.name;
    let effect = old.effects == new.effects && old.to == new.to && old.item == new.item;
    let from = new.from.iter().all(|set| {
        let before = old.from.iter().find(|before| before.machine == set.machine);
        before.is_some_and(|before| before.states.iter().all(|state| set.states.contains(state)))
    });
    let guard = new.guard.is_none() || new.guard == old.guard;
    let side = |window: &Option<Window>, side: fn(&Window) -> Option<&Expression>| {
        window.as_ref().and_then(side).cloned()
    };
    let clocks = match (&old.window, &new.window) {
        (Some(old), Some(new)) => old.clock == new.clock,
        _ => true,
    };
    let opens = not_after(
        side(&new.window, |window| window.opens.as_ref()).as_ref(),
        side(&old.window, |window| window.opens.as_ref()).as_ref(),
    );
    let (old_closes, new_closes) = (
        side(&old.window, |window| window.closes.as_ref()),
        side(&new.window, |window| window.closes.as_ref()),
    );
    let closes = match (&old_closes, &new_closes) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(_), Some(_)) => not_after(old_closes.as_ref(), new_closes.as_ref()),
    };
    let found = [
        ("effect", effect, format!("Exit `{name}` has another effect.")),
        ("from", from, format!("Exit `{name}` is not there in every state that had it.")),
        ("guard", guard, format!("Exit `{name}` has another guard.")),
        ("deadline", clocks && opens && closes, format!("Exit `{name}` opens later, or closes earlier.")),
    ];
    found.into_iter().filter(|(_, kept, _)| !kept).map(|(rule, _, sentence)| (rule, sentence)).collect()
}

/// Whether `earlier` is provably no later than `later`; no bound is the earliest.
fn not_after(earlier: Option<&Expression>, later: Option<&Expression>) -> bool {
    match (earlier, later) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(earlier), Some(later)) => {
            let (earlier, later) = (Sum::of(earlier), Sum::of(later));
            earlier.terms == later.terms && earlier.number <= later.number
        }
    }
}

/// Whether whoever may take by `new` from the escrow could by `old`, as much and as often.
fn covers(old: &Transition, new: &Transition, escrow: u16, manifest: &Manifest) -> bool {
    let used = old.escrows.iter().any(|used| used.cell == escrow && used.pays_out);
    let within = |new: &[StateSet], old: &[StateSet]| {
        old.iter().all(|before| {
            let set = new.iter().find(|set| set.machine == before.machine);
            set.is_some_and(|set| set.states.iter().all(|state| before.states.contains(state)))
        })
    };
    let asset = manifest.cell(escrow).and_then(|cell| match &cell.kind {
        CellKind::Escrow(escrow) => Some(&escrow.asset),
        _ => None,
    });
    let most = |method: &Transition| {
        method.sends.iter().find(|send| Some(&send.asset) == asset).map_or(u128::MAX, |send| send.max.0)
    };
    used && callers_within(&new.caller, &old.caller)
        && within(&new.from, &old.from)
        && (old.guard.is_none() || old.guard == new.guard)
        && (old.window.is_none() || old.window == new.window)
        && most(new) <= most(old)
}

fn callers_within(new: &CallerRule, old: &CallerRule) -> bool {
    match (new, old) {
        (_, CallerRule::Any) | (CallerRule::Signer, CallerRule::Signer) => true,
        (CallerRule::Roles(new), CallerRule::Roles(old)) => new.iter().all(|role| old.contains(role)),
        _ => false,
    }
}

fn writes(method: &Transition, cell: u16, field: u8) -> bool {
    match &method.touches {
        Touches::Unknown => true,
        Touches::Listed(touches) => touches
            .iter()
            .any(|touch| touch.cell == cell && touch.head & 1u16.checked_shl(field.into()).unwrap_or(0) != 0),
    }
}
