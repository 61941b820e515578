//! The search: every state the model reaches, breadth first, so that the way to each is a shortest one.

use core::fmt;
use std::collections::BTreeMap;

use crate::model::{Action, Model, ModelState, Step};

/// The search met a limit; nothing is known of what it did not see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLarge {
    /// What there is too much of.
    pub what: &'static str,
    /// The limit.
    pub limit: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the model has more than {} {}", self.limit, self.what)
    }
}

impl core::error::Error for TooLarge {}

/// How far a search may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SearchLimits {
    /// States it keeps.
    pub states: usize,
    /// Steps between them it keeps.
    pub steps: usize,
}

impl Default for SearchLimits {
    fn default() -> Self {
        Self { states: crate::limits::STATES_EXPLORED_MAX, steps: crate::limits::STEPS_EXPLORED_MAX }
    }
}

/// All reachable states and the steps between them.
#[derive(Clone, Debug)]
pub struct Space {
    states: Vec<ModelState>,
    index: BTreeMap<ModelState, usize>,
    /// How each state was reached first; its own index for an initial one.
    parents: Vec<(usize, Step)>,
    edges: Vec<Vec<(Step, usize)>>,
}

impl Space {
    /// Visits every reachable state of `model`.
    ///
    /// # Errors
    /// [`TooLarge`] if there are more states or steps than `limits` allow.
    pub fn explore(model: &Model<'_>, limits: SearchLimits) -> Result<Self, TooLarge> {
        let mut space =
            Self { states: Vec::new(), index: BTreeMap::new(), parents: Vec::new(), edges: Vec::new() };
        for state in model.initial() {
            let step = Step { action: Action::Instantiate, other_item: false };
            let own = space.states.len();
            space.visit(state, (own, step), limits)?;
        }
        let (mut next, mut steps) = (0usize, 0usize);
        while let Some(state) = space.states.get(next).cloned() {
            let mut edges = Vec::new();
            for (step, state) in model.successors(&state) {
                steps = steps.saturating_add(1);
                if steps > limits.steps {
                    return Err(TooLarge { what: "steps", limit: limits.steps });
                }
                let reached = space.visit(state, (next, step), limits)?;
                if !edges.contains(&(step, reached)) {
                    edges.push((step, reached));
                }
            }
            space.edges.push(edges);
            next = next.saturating_add(1);
        }
        Ok(space)
    }

    fn visit(
        &mut self,
        state: ModelState,
        parent: (usize, Step),
        limits: SearchLimits,
    ) -> Result<usize, TooLarge> {
        if let Some(index) = self.index.get(&state) {
            return Ok(*index);
        }
        let index = self.states.len();
        if index >= limits.states {
            return Err(TooLarge { what: "states", limit: limits.states });
        }
        self.index.insert(state.clone(), index);
        self.states.push(state);
        self.parents.push(parent);
        Ok(index)
    }

    /// The states, in order of their distance.
    #[must_use]
    pub fn states(&self) -> &[ModelState] {
        &self.states
    }

    /// The steps from the state with this index.
    #[must_use]
    pub fn steps(&self, index: usize) -> &[(Step, usize)] {
        self.edges.get(index).map_or(&[], Vec::as_slice)
    }

    /// The index of a state, if it is reachable.
    #[must_use]
    pub fn find(&self, state: &ModelState) -> Option<usize> {
        self.index.get(state).copied()
    }

    /// A shortest way to the state with this index: steps, and where each leads; the first is the creation.
    #[must_use]
    pub fn path(&self, index: usize) -> Vec<(Step, usize)> {
        let mut path = Vec::new();
        let mut at = index;
        while let Some((parent, step)) = self.parents.get(at) {
            path.push((*step, at));
            if *parent == at {
                break;
            }
            at = *parent;
        }
        path.reverse();
        path
    }
}
