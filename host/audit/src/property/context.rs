//! What every question is asked of: the model and its reachable states, with names and runs in words.

use chainstack_primitives::manifest::{Exit, Manifest, Transition};

use crate::explore::Space;
use crate::expression::{Names, text};
use crate::model::condition::Condition;
use crate::model::{Action, Model, ModelState, Moves, Step};
use crate::report::{Counterexample, CounterexampleStep, MachineState, StepKind, Subject};

/// A model, and its reachable states.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a, 'm> {
    pub(crate) model: &'a Model<'m>,
    pub(crate) space: &'a Space,
}

impl<'a, 'm> Context<'a, 'm> {
    pub(crate) const fn manifest(&self) -> &'m Manifest {
        self.model.manifest
    }

    /// The reachable states with their indexes, nearest first.
    pub(crate) fn states(&self) -> impl Iterator<Item = (usize, &'a ModelState)> {
        self.space.states().iter().enumerate()
    }

    pub(crate) fn state(&self, index: usize) -> Option<&'a ModelState> {
        self.space.states().get(index)
    }

    pub(crate) fn moves_of(&self, action: Action) -> Option<&'a Moves> {
        self.model.moves.iter().find(|moves| moves.action == action)
    }

    pub(crate) fn state_name(&self, machine: usize, id: u8) -> String {
        let machine = self.manifest().machines.get(machine);
        let state = machine.and_then(|machine| machine.states.iter().find(|state| state.id == id));
        state.map_or_else(|| id.to_string(), |state| state.name.to_string())
    }

    pub(crate) fn role_name(&self, id: u16) -> String {
        self.manifest().role(id).map_or_else(|| id.to_string(), |role| role.name.to_string())
    }

    pub(crate) fn cell_name(&self, id: u16) -> String {
        self.manifest().cell(id).map_or_else(|| id.to_string(), |cell| cell.name.to_string())
    }

    pub(crate) fn method(&self, index: usize) -> Option<&'m Transition> {
        self.manifest().transitions.get(index)
    }

    pub(crate) fn exit(&self, index: usize) -> Option<&'m Exit> {
        self.manifest().exits.get(index)
    }

    /// A method or exit in words.
    pub(crate) fn action_name(&self, action: Action) -> String {
        match action {
            Action::Instantiate => "creation".to_owned(),
            Action::Method(index) => {
                self.method(index).map_or_else(String::new, |method| format!("method `{}`", method.method))
            }
            Action::Exit(index) => {
                self.exit(index).map_or_else(String::new, |exit| format!("exit `{}`", exit.name))
            }
            Action::Wait(bound) => format!("wait until {}", self.model.bounds.text(self.manifest(), bound)),
        }
    }

    /// The subject that names a method or exit.
    pub(crate) fn subject_of(&self, action: Action) -> Subject {
        match action {
            Action::Method(index) => {
                let method = self.method(index).map(|method| method.method.to_string());
                Subject { method, ..Subject::default() }
            }
            Action::Exit(index) => {
                Subject { exit: self.exit(index).map(|exit| exit.name.to_string()), ..Subject::default() }
            }
            Action::Instantiate | Action::Wait(_) => Subject::default(),
        }
    }

    /// A shortest run to a state.
    pub(crate) fn run(&self, index: usize) -> Counterexample {
        let mut before = None;
        let mut steps = Vec::new();
        for (step, reached) in self.space.path(index) {
            steps.push(self.step(before, step, reached));
            before = Some(reached);
        }
        Counterexample { steps }
    }

    /// A shortest run to the state `before`, and one step more.
    pub(crate) fn run_and(&self, before: usize, step: Step, reached: usize) -> Counterexample {
        let mut run = self.run(before);
        run.steps.push(self.step(Some(before), step, reached));
        run
    }

    pub(crate) fn step(&self, before: Option<usize>, step: Step, reached: usize) -> CounterexampleStep {
        let state = self.state(reached).map_or_else(String::new, |state| self.model.describe(state));
        let kind = match step.action {
            Action::Instantiate => StepKind::Create,
            Action::Method(index) => {
                let role = self.moves_of(step.action).and_then(|moves| moves.callers.first());
                StepKind::Call {
                    method: self.method(index).map_or_else(String::new, |method| method.method.to_string()),
                    role: role.map(|role| self.role_name(*role)),
                }
            }
            Action::Exit(index) => StepKind::Poke {
                exit: self.exit(index).map_or_else(String::new, |exit| exit.name.to_string()),
            },
            Action::Wait(index) => {
                let bound = self.model.bounds.get(index);
                let only = bound.filter(|bound| bound.least == bound.greatest);
                StepKind::Wait {
                    clock: bound.map_or(chainstack_primitives::manifest::Clock::Height, |bound| bound.clock),
                    until: self.model.bounds.text(self.manifest(), index),
                    at: only.and_then(|bound| u64::try_from(bound.least).ok()),
                    bound: bound.map(|bound| bound.expression.to_vec()).unwrap_or_default(),
                }
            }
        };
        let before = before.and_then(|before| self.state(before));
        let assumed = before.and_then(|before| self.assumed(before, step)).into_iter().collect();
        let machines = self.state(reached).map(|state| self.machines(state)).unwrap_or_default();
        let holds = self.state(reached).map(|state| self.holds(state)).unwrap_or_default();
        CounterexampleStep {
            kind,
            other_item: step.other_item,
            assumed,
            state,
            machines,
            holds,
            refused: None,
        }
    }

    /// The escrows that hold something.
    pub(crate) fn holds(&self, state: &ModelState) -> Vec<String> {
        let escrows = self.model.escrows.iter().enumerate();
        let held = escrows.filter(|(position, _)| state.held().has(*position));
        held.map(|(_, escrow)| self.cell_name(*escrow)).collect()
    }

    /// Every machine and its state.
    pub(crate) fn machines(&self, state: &ModelState) -> Vec<MachineState> {
        let named = self.manifest().machines.iter().enumerate().map(|(index, machine)| {
            let exists = self.model.machine_exists(state, index);
            let found = exists.then(|| self.state_name(index, state.machine(index)));
            MachineState { machine: machine.name.to_string(), state: found }
        });
        named.collect()
    }

    /// The guard of a step, if the model does not know that it holds.
    fn assumed(&self, before: &ModelState, step: Step) -> Option<String> {
        let moves = self.moves_of(step.action)?;
        if self.guard_truth(before, moves, &moves.guard, step.other_item) == Some(true) {
            return None;
        }
        let (guard, names) = match step.action {
            Action::Method(index) => {
                let method = self.method(index)?;
                (method.guard.as_ref()?, Names { method: Some(method), ..self.names(moves) })
            }
            Action::Exit(index) => (self.exit(index)?.guard.as_ref()?, self.names(moves)),
            Action::Instantiate | Action::Wait(_) => return None,
        };
        Some(text(names, guard))
    }

    fn guard_truth(
        &self,
        state: &ModelState,
        moves: &Moves,
        guard: &Condition,
        other_item: bool,
    ) -> Option<bool> {
        guard.truth(&|atom| self.model.atom(state, moves, other_item, atom))
    }

    /// Names for expressions of a method or exit; arguments are not named.
    pub(crate) fn names(&self, moves: &Moves) -> Names<'m> {
        let item = moves.binding.and_then(|binding| self.model.maps.get(binding.map())).copied();
        Names { manifest: self.manifest(), method: None, item }
    }
}
