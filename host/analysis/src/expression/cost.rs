//! What evaluating an expression takes, counted from the declaration alone.
//!
//! Counts, not gas: the host's schedule prices them, cold, so that no price depends on a cache or on what other
//! expressions of the call read. Nothing is skipped when an expression is evaluated, so the counts are exact but
//! for reads of one entry that several nodes name: each is counted.

use chainstack_primitives::manifest::{Expression, Node};

use super::apply::arity;

/// What evaluating an expression takes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ExpressionCost {
    /// All nodes: those below, and leaves that are constants or known with the call (arguments, parameters,
    /// caller, time and the like).
    pub nodes: u32,
    /// Operations on numbers, truth values, accounts and digests, but for those of `wide`.
    pub operations: u32,
    /// `mul_div`: operations with 256 bits.
    pub wide: u32,
    /// Leaves taken from the bound item, read once for all.
    pub item_fields: u32,
    /// Reads of the bound item: 0 or 1.
    pub item_reads: u32,
    /// Reads of other entries: cells, aggregates, balances, states, roles.
    pub entry_reads: u32,
    /// Bytes of the constant keys under which entries are read.
    pub key_bytes: u32,
}

impl ExpressionCost {
    /// Flat reads of state, at most `EXPRESSION_READS_MAX` in a validated manifest.
    #[must_use]
    pub const fn reads(&self) -> u32 {
        self.item_reads.saturating_add(self.entry_reads)
    }
}

/// A read of state that an expression makes: a place that its call depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlatRead<'e> {
    /// The bound item.
    Item,
    /// The entry of a `value` cell.
    ValueCell(u16),
    /// An entry of a `map` or `ledger` cell under a constant key.
    Entry {
        /// The cell.
        cell: u16,
        /// The key: the canonical tuple of the cell's key fields.
        key: &'e [u8],
    },
    /// The sum of a `ledger` cell.
    LedgerSum(u16),
    /// The sum of a head field of a `map` cell.
    HeadSum {
        /// The cell.
        cell: u16,
        /// The head field.
        field: u8,
    },
    /// The count of entries of a cell.
    Count(u16),
    /// What an escrow cell holds.
    Escrow(u16),
    /// The contract's native balance.
    Balance,
    /// The state of a machine.
    Machine(u16),
    /// Who holds a role.
    Role(u16),
    /// Who approved the call for a role.
    Approvals(u16),
}

impl FlatRead<'_> {
    fn of(node: &Node) -> Option<FlatRead<'_>> {
        Some(match node {
            Node::ValueHead { cell, .. } => FlatRead::ValueCell(*cell),
            Node::EntryHead { cell, key, .. } | Node::LedgerEntry { cell, key } => {
                FlatRead::Entry { cell: *cell, key }
            }
            Node::LedgerSum(cell) => FlatRead::LedgerSum(*cell),
            Node::HeadSum { cell, field } => FlatRead::HeadSum { cell: *cell, field: *field },
            Node::Count(cell) => FlatRead::Count(*cell),
            Node::Escrowed(cell) => FlatRead::Escrow(*cell),
            Node::Balance => FlatRead::Balance,
            Node::InState { machine, .. } => FlatRead::Machine(*machine),
            Node::Member(role) => FlatRead::Role(*role),
            Node::Quorum(role) => FlatRead::Approvals(*role),
            _ => return None,
        })
    }
}

/// The flat reads of `expression`, in the order of its nodes, the bound item first; as many as
/// [`ExpressionCost::reads`] counts.
pub fn flat_reads(expression: &Expression) -> impl Iterator<Item = FlatRead<'_>> {
    let item = expression.iter().any(Node::reads_item).then_some(FlatRead::Item);
    item.into_iter().chain(expression.iter().filter_map(FlatRead::of))
}

/// Counts what evaluating `expression` takes. Linear in its nodes.
#[must_use]
pub fn cost(expression: &Expression) -> ExpressionCost {
    let mut cost = ExpressionCost::default();
    for node in expression {
        let tally = |count: &mut u32, add: u32| *count = count.saturating_add(add);
        tally(&mut cost.nodes, 1);
        match (arity(node), node) {
            (0, _) => {}
            (_, Node::MulDiv) => tally(&mut cost.wide, 1),
            _ => tally(&mut cost.operations, 1),
        }
        if node.reads_item() {
            tally(&mut cost.item_fields, 1);
            cost.item_reads = 1;
        }
        if let Some(read) = FlatRead::of(node) {
            tally(&mut cost.entry_reads, 1);
            if let FlatRead::Entry { key, .. } = read {
                tally(&mut cost.key_bytes, u32::try_from(key.len()).unwrap_or(u32::MAX));
            }
        }
    }
    cost
}
