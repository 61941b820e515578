//! Which bounds of time a method or exit may give new values.

use chainstack_primitives::manifest::{
    AssetRef, CellKind, Effect, Exit, Manifest, Node, Ops, Touch, Touches, Transition,
};

use super::Action;
use super::moves::{Builder, Moves, is_own};
use crate::bits::Bits;

impl Builder<'_, '_> {
    /// The bounds that a method or exit may give new values; and those of items that it is not bound to.
    pub(crate) fn disturbed(&self, moves: &Moves) -> (Bits, Bits) {
        let written = |others: bool| {
            let written = self.bounds.iter().filter(|(_, bound)| {
                bound.expression.iter().any(|node| self.writes(moves, bound.item, node, others))
            });
            written.map(|(index, _)| index).collect()
        };
        (written(false), written(true))
    }

    fn writes(&self, moves: &Moves, item: Option<u16>, node: &Node, others: bool) -> bool {
        match moves.action {
            Action::Method(index) => {
                let method = self.manifest.transitions.get(index);
                method.is_some_and(|method| self.method_writes(method, item, node, others))
            }
            // What is the other item's own, this one's exit does not reach.
            Action::Exit(_) if others && self.is_of_item(node) => false,
            Action::Exit(index) => {
                let exit = self.manifest.exits.get(index);
                exit.is_some_and(|exit| exit_writes(self.manifest, exit, item, node))
            }
            Action::Instantiate | Action::Wait(_) => false,
        }
    }

    /// Whether `node` reads what belongs to the bound item alone.
    fn is_of_item(&self, node: &Node) -> bool {
        match node {
            Node::Head(_) | Node::ItemKey(_) | Node::Owner => true,
            Node::Escrowed(cell) => match self.manifest.cell(*cell).map(|cell| &cell.kind) {
                Some(CellKind::Escrow(escrow)) => escrow.item.is_some(),
                _ => false,
            },
            Node::InState { machine, .. } => {
                self.manifest.machine(*machine).is_some_and(|machine| machine.cell.is_some())
            }
            _ => false,
        }
    }

    /// Whether a method may change what `node` reads; `others`: of an item that it is not bound to.
    fn method_writes(&self, method: &Transition, item: Option<u16>, node: &Node, others: bool) -> bool {
        let write_once = |cell: u16, field: u8| {
            let found = self.manifest.cell(cell).and_then(|cell| cell.head().get(usize::from(field)));
            found.is_some_and(|field| field.write_once)
        };
        let Touches::Listed(touches) = &method.touches else {
            return match node {
                Node::Head(field) => !write_once(item.unwrap_or(u16::MAX), *field),
                _ => reads_state(node),
            };
        };
        let counts = |touch: &&Touch| !(others && is_own(&method.item, &touch.key));
        let on = |cell: u16| touches.iter().filter(counts).filter(move |touch| touch.cell == cell);
        let writes = |cell: u16| on(cell).any(|touch| touch.ops.0 & !Ops::READ.0 != 0);
        let changes = |cell: u16, field: u8| {
            on(cell).any(|touch| {
                touch.ops.contains(Ops::SET) && 1u16.checked_shl(field.into()).unwrap_or(0) & touch.head != 0
            })
        };
        match node {
            Node::Head(field) => changes(item.unwrap_or(u16::MAX), *field),
            Node::ValueHead { cell, field } | Node::EntryHead { cell, field, .. } => {
                changes(*cell, *field) || (writes(*cell) && !self.made_at_start(*cell))
            }
            Node::LedgerEntry { cell, .. }
            | Node::LedgerSum(cell)
            | Node::HeadSum { cell, .. }
            | Node::Count(cell) => writes(*cell),
            Node::Escrowed(cell) => method.escrows.iter().any(|escrow| escrow.cell == *cell),
            Node::Owner | Node::Balance => true,
            Node::InState { machine, .. } => method.to.iter().any(|set| set.machine == *machine),
            _ => false,
        }
    }

    /// Whether the constructor writes the cell and nothing deletes from it, so that its write-once fields stay.
    fn made_at_start(&self, cell: u16) -> bool {
        let touches = |method: &Transition, op: Ops| match &method.touches {
            Touches::Unknown => op == Ops::DELETE,
            Touches::Listed(touches) => {
                touches.iter().any(|touch| touch.cell == cell && touch.ops.contains(op))
            }
        };
        self.manifest.constructor().is_some_and(|method| touches(method, Ops::SET))
            && !self.manifest.transitions.iter().any(|method| touches(method, Ops::DELETE))
    }
}

const fn reads_state(node: &Node) -> bool {
    node.reads_entry() || matches!(node, Node::Owner)
}

fn exit_writes(manifest: &Manifest, exit: &Exit, item: Option<u16>, node: &Node) -> bool {
    let holds = |escrow: u16, asset: u16| match manifest.cell(escrow).map(|cell| &cell.kind) {
        Some(CellKind::Escrow(escrow)) => escrow.asset == AssetRef::Own(asset),
        _ => false,
    };
    exit.effects.iter().any(|effect| match (effect, node) {
        (Effect::SetHead { field, .. }, Node::Head(read)) => field == read && exit.item == item,
        (Effect::SetHead { field, .. }, Node::EntryHead { cell, field: read, .. }) => {
            field == read && exit.item == Some(*cell)
        }
        (Effect::Release { escrow, .. }, Node::Escrowed(cell)) => escrow == cell,
        (
            Effect::LedgerAdd { cell, .. } | Effect::LedgerSub { cell, .. } | Effect::LedgerMove { cell, .. },
            Node::LedgerEntry { cell: read, .. } | Node::LedgerSum(read) | Node::Count(read),
        ) => cell == read,
        // Who is paid may be the contract itself.
        (Effect::Pay { .. } | Effect::Release { .. }, Node::Balance) => true,
        (Effect::Release { escrow, .. }, Node::LedgerEntry { cell, .. } | Node::Count(cell)) => {
            holds(*escrow, *cell)
        }
        (Effect::SetHead { field, .. }, Node::HeadSum { cell, field: read }) => {
            field == read && exit.item == Some(*cell)
        }
        (
            Effect::DeleteItem,
            Node::EntryHead { cell, .. } | Node::HeadSum { cell, .. } | Node::Count(cell),
        ) => exit.item == Some(*cell),
        _ => false,
    }) || matches!((exit.to, node), (Some(to), Node::InState { machine, .. }) if to.machine == *machine)
}
