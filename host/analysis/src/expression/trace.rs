//! An expression, evaluated over intervals, with the interval of every node kept.

use chainstack_primitives::manifest::{ExpressionProblem, Node};

use super::apply::arity;
use super::stack::OPERANDS_MAX;
use super::transfer::outcome;
use super::{Assumptions, Failure, FailureKind, IllFormed, Interval, PossibleFailure};

/// One node of an expression: where its operands are and what it can be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Index of the first node of the expression that ends with this one.
    start: usize,
    /// Indexes of the operands, and how many they are.
    operands: ([usize; OPERANDS_MAX], usize),
    /// Every value the node can have, given that nothing before it failed.
    pub(super) interval: Interval,
}

/// The steps of an expression.
#[derive(Debug)]
pub(super) struct Trace<'e> {
    pub(super) nodes: &'e [Node],
    pub(super) steps: Vec<Step>,
    /// The first node that may fail.
    pub(super) failure: Option<PossibleFailure>,
}

/// Why there is no trace.
#[derive(Clone, Debug)]
pub(super) enum Stopped {
    /// No environment lets it succeed.
    AlwaysFails(PossibleFailure),
    IllFormed(IllFormed),
}

impl<'e> Trace<'e> {
    /// Evaluates `nodes` over the intervals that are assumed of their leaves.
    pub(super) fn run(nodes: &'e [Node], assumptions: &Assumptions<'_>) -> Result<Self, Stopped> {
        let mut trace = Self { nodes, steps: Vec::with_capacity(nodes.len()), failure: None };
        let mut roots: Vec<usize> = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let ill_formed = |problem| Stopped::IllFormed(IllFormed::new(index, problem));
            let first = roots.len().checked_sub(arity(node));
            let operands = first.and_then(|first| roots.get(first..));
            let operands = operands.ok_or_else(|| ill_formed(ExpressionProblem::MissingOperand))?;
            let step = trace.step(index, node, operands, assumptions)?;
            trace.steps.push(step);
            roots.truncate(first.unwrap_or(0));
            roots.push(index);
        }
        if roots.len() == 1 {
            return Ok(trace);
        }
        Err(Stopped::IllFormed(IllFormed::new(nodes.len(), ExpressionProblem::NotOneValue)))
    }

    fn step(
        &mut self,
        index: usize,
        node: &Node,
        roots: &[usize],
        assumptions: &Assumptions<'_>,
    ) -> Result<Step, Stopped> {
        let ill_formed = |problem| Stopped::IllFormed(IllFormed::new(index, problem));
        if roots.is_empty() {
            let leaf = assumptions.leaf(node).ok_or_else(|| ill_formed(ExpressionProblem::Unknown))?;
            return Ok(Step { start: index, operands: ([0; OPERANDS_MAX], 0), interval: leaf });
        }
        let mut operands = ([0; OPERANDS_MAX], roots.len());
        operands.0.iter_mut().zip(roots).for_each(|(slot, root)| *slot = *root);
        let given: Vec<Interval> =
            roots.iter().filter_map(|root| Some(self.steps.get(*root)?.interval)).collect();
        let order = match (node, roots) {
            (Node::Sub, [left, right]) => self.order(*right, *left, &assumptions.facts),
            _ => None,
        };
        let outcome = outcome(node, &given, order).map_err(ill_formed)?;
        if let (None, Some(kind)) = (&self.failure, outcome.failure) {
            self.failure = Some(Failure::new(index, node, kind, &given));
        }
        let Some(interval) = outcome.value else {
            let overflow = || Failure::new(index, node, FailureKind::Overflow, &given);
            return Err(Stopped::AlwaysFails(self.failure.take().unwrap_or_else(overflow)));
        };
        let start = roots.first().and_then(|root| self.steps.get(*root)).map_or(index, |step| step.start);
        Ok(Step { start, operands, interval })
    }

    /// Indexes of the operands of the node at `index`.
    pub(super) fn operands(&self, index: usize) -> &[usize] {
        let step = self.steps.get(index);
        step.and_then(|step| step.operands.0.get(..step.operands.1)).unwrap_or_default()
    }

    /// What the node at `index` can be.
    pub(super) fn interval(&self, index: usize) -> Option<Interval> {
        self.steps.get(index).map(|step| step.interval)
    }

    /// The nodes of the expression that ends at `root`.
    pub(super) fn expression(&self, root: usize) -> &'e [Node] {
        let start = self.steps.get(root).map_or(root, |step| step.start);
        self.nodes.get(start..=root).unwrap_or_default()
    }
}
