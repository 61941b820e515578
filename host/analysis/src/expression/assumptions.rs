//! What is known of leaves where an expression is evaluated, before it is.

use core::fmt;

use chainstack_primitives::manifest::{Cell, ExpressionType, Field, Manifest, Node, ParamRange, StateSet};

use super::order::Fact;
use super::trace::Stopped;
use super::{IllFormed, Interval, Range, Truth, Value};

/// Intervals of leaves, and orders between expressions.
///
/// They begin with what every environment must respect: declared types, ranges of parameters, greatest counts
/// of entries. [`Assumptions::assume`], [`Assumptions::given`] and [`Assumptions::within`] add what is known
/// besides, for expressions evaluated in the **same environment**: nothing may have changed since.
#[derive(Clone, Debug)]
pub struct Assumptions<'a> {
    manifest: &'a Manifest,
    args: &'a [Field],
    item: Option<&'a Cell>,
    states: &'a [StateSet],
    known: Vec<(Node, Interval)>,
    pub(super) facts: Vec<Fact<'a>>,
}

/// Why nothing can be assumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refuted {
    /// It contradicts what is known already: it never holds, or never without failing.
    Never,
    /// The nodes are no expression, or not one of the type needed.
    IllFormed(IllFormed),
}

impl fmt::Display for Refuted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => formatter.write_str("it can never hold"),
            Self::IllFormed(problem) => fmt::Display::fmt(problem, formatter),
        }
    }
}

impl core::error::Error for Refuted {}

impl From<Stopped> for Refuted {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::AlwaysFails(_) => Self::Never,
            Stopped::IllFormed(problem) => Self::IllFormed(problem),
        }
    }
}

impl<'a> Assumptions<'a> {
    /// What a validated `manifest` declares of the leaves of an expression of it: `args` are the method's
    /// arguments, `item` is the cell of the bound item.
    #[must_use]
    pub const fn new(manifest: &'a Manifest, args: &'a [Field], item: Option<&'a Cell>) -> Self {
        Self { manifest, args, item, states: &[], known: Vec::new(), facts: Vec::new() }
    }

    /// Adds that each machine of `states` is in one of the states its set lists: `from` of a transition or exit.
    #[must_use]
    pub fn in_states(self, states: &'a [StateSet]) -> Self {
        Self { states, ..self }
    }

    /// What head field `index` of the bound item can hold.
    #[must_use]
    pub fn head_field(&self, index: u8) -> Option<Interval> {
        self.declared(&Node::Head(index))
    }

    /// What `leaf` can be; `None` if it is no leaf, or not declared.
    #[must_use]
    pub fn leaf(&self, leaf: &Node) -> Option<Interval> {
        let known = self.known.iter().find(|(node, _)| node == leaf);
        known.map(|(_, interval)| *interval).or_else(|| self.declared(leaf))
    }

    /// Adds that `leaf` is in `interval`.
    ///
    /// # Errors
    /// - [`Refuted::Never`] if it cannot be.
    /// - [`Refuted::IllFormed`] if it is no declared leaf.
    pub fn assume(mut self, leaf: &Node, interval: Interval) -> Result<Self, Refuted> {
        self.narrow(leaf, interval)?;
        Ok(self)
    }

    pub(super) fn narrow(&mut self, leaf: &Node, interval: Interval) -> Result<(), Refuted> {
        let unknown = IllFormed::new(0, chainstack_primitives::manifest::ExpressionProblem::Unknown);
        let before = self.leaf(leaf).ok_or(Refuted::IllFormed(unknown))?;
        let narrowed = before.meet(interval).ok_or(Refuted::Never)?;
        match self.known.iter_mut().find(|(node, _)| node == leaf) {
            Some((_, known)) => *known = narrowed,
            None => self.known.push((leaf.clone(), narrowed)),
        }
        Ok(())
    }

    fn declared(&self, leaf: &Node) -> Option<Interval> {
        let head = |cell: &Cell, field: u8| Interval::of_type(&cell.head().get(usize::from(field))?.ty);
        Some(match leaf {
            Node::Bool(truth) => Interval::of_value(Value::Bool(*truth)),
            Node::Uint(number) => Interval::of_value(Value::Uint(*number)),
            Node::Int(number) => Interval::of_value(Value::Int(*number)),
            Node::Account(_) | Node::Caller | Node::Origin | Node::SelfAddress | Node::Owner => {
                Interval::Account
            }
            Node::Hash(_) => Interval::Hash,
            Node::Arg(index) => Interval::of_type(&self.args.get(usize::from(*index))?.ty)?,
            Node::Param(index) => self.param(*index)?,
            Node::ItemKey(index) => Interval::of_type(&self.item?.key().get(usize::from(*index))?.ty)?,
            Node::Head(field) => head(self.item?, *field)?,
            Node::ValueHead { cell, field } | Node::EntryHead { cell, field, .. } => {
                head(self.manifest.cell(*cell)?, *field)?
            }
            Node::Time | Node::Height => up_to(u64::MAX)?,
            Node::Count(cell) => up_to(self.manifest.cell(*cell)?.max_entries().unwrap_or(u64::MAX))?,
            Node::Value
            | Node::Balance
            | Node::LedgerEntry { .. }
            | Node::LedgerSum(_)
            | Node::HeadSum { .. }
            | Node::Escrowed(_) => Interval::full(ExpressionType::Uint),
            Node::InState { machine, states } => Interval::Bool(self.in_state(*machine, states)),
            Node::Member(_) | Node::Quorum(_) => Interval::full(ExpressionType::Bool),
            _ => return None,
        })
    }

    /// Whether `machine` is in one of `states`.
    fn in_state(&self, machine: u16, states: &[u8]) -> Truth {
        let Some(known) = self.states.iter().find(|set| set.machine == machine) else { return Truth::Either };
        let listed = known.states.iter().filter(|state| states.contains(state)).count();
        match listed {
            0 => Truth::No,
            count if count == known.states.len() => Truth::Yes,
            _ => Truth::Either,
        }
    }

    /// A parameter: its type, and its declared range as far as the type reaches.
    fn param(&self, index: u8) -> Option<Interval> {
        let param = self.manifest.params.get(usize::from(index))?;
        let declared = Interval::of_type(&param.ty)?;
        let range = match param.range {
            Some(ParamRange::Unsigned { min, max }) => Range::new(min, max).map(Interval::Uint),
            Some(ParamRange::Signed { min, max }) => Range::new(min, max).map(Interval::Int),
            None => None,
        };
        // A range beside the type admits no value at all; then the type alone is as sound.
        Some(range.and_then(|range| declared.meet(range)).unwrap_or(declared))
    }
}

fn up_to(greatest: u64) -> Option<Interval> {
    Range::new(0, u128::from(greatest)).map(Interval::Uint)
}
