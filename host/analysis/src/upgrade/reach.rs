//! What may happen: methods, whose reach over escrowed value never grows, and exits, which stay as they were promised.

use chainstack_primitives::manifest::{
    CallerRule, CellKind, Effect, Exit, Expression, ItemBinding, KeyTerm, Manifest, Node, StateSet, Touch,
    Touches, Transition, Window,
};

use super::{ALLOWED, Diff, Part, REFUSED};
use crate::{expression::Sum, sends::most_sent};

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
            if let Some(exit) = self.leads_away(method) {
                let sentence = format!(
                    "Method `{}` leads out of reach of exit `{exit}`, and no such caller could do so before.",
                    method.method
                );
                self.push("reach", REFUSED, part(method), sentence);
            }
            for (cell, field) in self.exit_fields() {
                let writes = writes(method, cell, field);
                let mut before = old.transitions.iter();
                let known = before.any(|before| wrote(before, method, cell, field));
                let name = old.cell(cell).and_then(|found| found.head().get(usize::from(field)));
                let name = name.map_or_else(String::new, |field| field.name.to_string());
                let sentence = format!(
                    "Method `{}` can change `{name}`, which exits go by, and no such caller could.",
                    method.method
                );
                self.refuse_if(writes && !known, "reach", part(method), sentence);
            }
        }
    }

    /// The first old exit from whose states a method of the new version leads to one where the exit is not, if no old
    /// method did so for the same callers.
    fn leads_away(&self, method: &Transition) -> Option<String> {
        let exits = self.old.exits.iter().find(|exit| {
            let now = self.new.exit(exit.id).map_or(&[][..], |exit| &*exit.from);
            exit.from.iter().any(|set| {
                let open = now.iter().find(|open| open.machine == set.machine);
                let leaves = method.from.iter().find(|from| from.machine == set.machine);
                let leaves = leaves.is_none_or(|from| from.states.iter().any(|id| set.states.contains(id)));
                let targets = method.to.iter().filter(|to| to.machine == set.machine);
                let away = targets
                    .flat_map(|to| to.states.iter())
                    .filter(|id| open.is_some_and(|open| !open.states.contains(id)));
                let known =
                    |id: &u8| self.old.transitions.iter().any(|old| led(old, method, set.machine, *id));
                leaves && away.into_iter().any(|id| !known(id))
            })
        });
        exits.map(|exit| exit.name.to_string())
    }

    /// Fields that the old exits go by, of items or of entries with constant keys: cells and fields.
    fn exit_fields(&self) -> Vec<(u16, u8)> {
        let mut fields = Vec::new();
        for exit in &self.old.exits {
            let amounts = exit.effects.iter().filter_map(Effect::computes);
            let window = exit.window.iter().flat_map(|window| window.opens.iter().chain(&window.closes));
            for node in exit.guard.iter().chain(window).chain(amounts).flatten() {
                match node {
                    Node::Head(field) => fields.extend(exit.item.map(|item| (item, *field))),
                    Node::ValueHead { cell, field } | Node::EntryHead { cell, field, .. } => {
                        fields.push((*cell, *field));
                    }
                    _ => {}
                }
            }
            let paid = exit.effects.iter().flat_map(|effect| match effect {
                Effect::Release { to, remainder, .. } => [Some(to), remainder.as_ref()],
                Effect::Pay { to, .. } => [Some(to), None],
                _ => [None, None],
            });
            for term in paid.flatten() {
                if let (KeyTerm::Head(field), Some(item)) = (term, exit.item) {
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
            let away = exit.to.as_ref().is_some_and(|to| {
                let known = old
                    .exits
                    .iter()
                    .any(|before| before.to.as_ref() == Some(to) && before.effects == exit.effects);
                let leaves = |other: &Exit| {
                    let now = new.exit(other.id).map_or(&[][..], |exit| &*exit.from);
                    let states =
                        |sets: &[StateSet]| sets.iter().find(|set| set.machine == to.machine).cloned();
                    let (before, now, from) = (states(&other.from), states(now), states(&exit.from));
                    let out = now.is_some_and(|now| !now.states.contains(&to.state));
                    let from = |set: &StateSet| {
                        from.as_ref().is_none_or(|from| from.states.iter().any(|id| set.states.contains(id)))
                    };
                    out && before.as_ref().is_some_and(from)
                };
                !known && old.exits.iter().any(leaves)
            });
            let grows = grows || away;
            let verdict = if grows { REFUSED } else { ALLOWED };
            let rule = if grows { "reach" } else { "exit" };
            let sentence = if away {
                format!("New exit `{}` leads out of reach of another, and not as one did before.", exit.name)
            } else if grows {
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

/// Whether whoever may lead a machine to a state by `new` could by `old`, for the same items.
fn led(old: &Transition, new: &Transition, machine: u16, state: u8) -> bool {
    let leads = old.to.iter().any(|to| to.machine == machine && to.states.contains(&state));
    // A method that is bound to no item leads machines of the contract alone, and asks nobody for one.
    let bound = old.item == ItemBinding::None || old.item == new.item;
    leads && bound && asks_no_more(old, new)
}

/// Whether whoever may call `new` could call `old` where `new` can be called.
fn asks_no_more(old: &Transition, new: &Transition) -> bool {
    let within = old.from.iter().all(|before| {
        let set = new.from.iter().find(|set| set.machine == before.machine);
        set.is_some_and(|set| set.states.iter().all(|state| before.states.contains(state)))
    });
    within
        && callers_within(&new.caller, &old.caller)
        && (old.guard.is_none() || old.guard == new.guard)
        && (old.window.is_none() || old.window == new.window)
}

/// Whether whoever may take by `new` from the escrow could by `old`, for the same items, as much and as often.
fn covers(old: &Transition, new: &Transition, escrow: u16, manifest: &Manifest) -> bool {
    let used = old.escrows.iter().any(|used| used.cell == escrow && used.pays_out);
    let asset = manifest.cell(escrow).and_then(|cell| match &cell.kind {
        CellKind::Escrow(escrow) => Some(&escrow.asset),
        _ => None,
    });
    let Some(asset) = asset else { return false };
    // What the old one could surely pay out: by a send of exactly this asset.
    let before = old.sends.iter().filter(|send| send.asset == *asset).map(|send| send.max.0).min();
    let now = most_sent(&new.sends, asset).0;
    // What is not exactly of this asset promises nothing, but what a method may do it may go on doing.
    let same = old.sends == new.sends && old.args == new.args;
    used && old.item == new.item && asks_no_more(old, new) && (same || now <= before.unwrap_or(0))
}

fn callers_within(new: &CallerRule, old: &CallerRule) -> bool {
    match (new, old) {
        (_, CallerRule::Any) | (CallerRule::Signer, CallerRule::Signer) => true,
        (CallerRule::Roles(new), CallerRule::Roles(old)) => new.iter().all(|role| old.contains(role)),
        _ => false,
    }
}

fn writes(method: &Transition, cell: u16, field: u8) -> bool {
    places(method, cell, field).is_none_or(|places| !places.is_empty())
}

/// Whether whoever changes the field of a cell by `new` could do so by `old`, at the same places.
fn wrote(old: &Transition, new: &Transition, cell: u16, field: u8) -> bool {
    let same = match (places(old, cell, field), places(new, cell, field)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(before), Some(now)) => {
            let known = |touch: &&Touch| before.iter().any(|old| old.key == touch.key);
            !before.is_empty() && old.item == new.item && now.iter().all(known)
        }
    };
    same && asks_no_more(old, new)
}

/// Where a method may change a field of a cell; `None`: anywhere.
fn places(method: &Transition, cell: u16, field: u8) -> Option<Vec<&Touch>> {
    let Touches::Listed(touches) = &method.touches else { return None };
    let bit = 1u16.checked_shl(field.into()).unwrap_or(0);
    Some(touches.iter().filter(|touch| touch.cell == cell && touch.head & bit != 0).collect())
}
