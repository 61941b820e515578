//! What the host says to a step that it does not take: the first thing that is wrong, in the order in which it asks.

use chainstack_primitives::codes;

use super::{Binding, Model, ModelState, Moves, Side};

/// How far a step gets before it is refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Stage {
    /// Its item is not there, or is there already.
    Item,
    /// A machine is in another state.
    State,
    /// The window is not open.
    Window,
    /// The guard does not hold.
    Guard,
    /// The code has run, and a machine is to leave a terminal state.
    End,
}

impl Model<'_> {
    /// Where the step is refused in `state`, and with which code. None if it may be taken, or if what it is refused with
    /// depends on more than the model knows.
    pub(crate) fn refusal(&self, state: &ModelState, moves: &Moves) -> Option<(Stage, u16)> {
        match moves.binding {
            Some(Binding::Existing(map)) if !state.items.has(map) => {
                return Some((Stage::Item, codes::ITEM_NOT_FOUND));
            }
            Some(Binding::New(map)) if state.items.has(map) => {
                return Some((Stage::Item, codes::ITEM_EXISTS));
            }
            _ => {}
        }
        let found = |machine: usize| self.state_of(state, moves, false, machine);
        if !moves.from.iter().all(|(machine, states)| found(*machine).is_none_or(|at| states.contains(&at))) {
            return Some((Stage::State, codes::WRONG_STATE));
        }
        let passed = |side: Side| match side {
            Side::At(bound) => self.passed(state, moves, false, bound),
            Side::Open | Side::Unknown => None,
        };
        match (passed(moves.opens), passed(moves.closes)) {
            (Some(false), _) => return Some((Stage::Window, codes::NOT_OPEN)),
            (opened, Some(true)) if opened == Some(true) || moves.opens == Side::Open => {
                return Some((Stage::Window, codes::PAST_WINDOW));
            }
            _ if moves.never == Some("window") => return None,
            _ => {}
        }
        let guard = moves.guard.truth(&|atom| self.atom(state, moves, false, atom));
        if guard == Some(false) || moves.never.is_some() {
            return Some((Stage::Guard, codes::GUARD_REFUSED));
        }
        let ended = moves.to.iter().any(|(machine, targets)| {
            let terminal = self.manifest.machines.get(*machine).map(|machine| &machine.terminal);
            let ended =
                |at: u8| terminal.is_some_and(|terminal| terminal.contains(&at)) && !targets.contains(&at);
            found(*machine).is_some_and(ended)
        });
        ended.then_some((Stage::End, codes::WRONG_STATE))
    }
}
