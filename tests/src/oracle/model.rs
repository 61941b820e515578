//! A contract's declaration as the oracle reads it: worked out here, apart from the host's own plans.

use chainstack_analysis::expression::cost;
use chainstack_primitives::{
    AccountId, Hash,
    manifest::{
        CallerRule, Cell, CellKind, Expression, Field, HOLDER_ACCOUNT, HOLDER_SIZE, ItemBinding, KeyTerm,
        Manifest, Node, Transition, Type,
    },
};
use chainstack_runtime::params::Schedule;

/// A contract of a world.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Name of its sample.
    pub name: String,
    /// Where it stands.
    pub address: AccountId,
    /// Hash of its code.
    pub code: Hash,
    /// What it declares.
    pub manifest: Manifest,
    /// The tuple of its parameters.
    pub params: Vec<u8>,
    /// Gas of a call of it that finds no method: the frame, its code, its memory.
    pub call_gas: u64,
    /// Its cells that have entries.
    pub cells: Vec<Layout>,
}

/// Where the parts of a cell's entries lie.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Id of the cell.
    pub id: u16,
    /// Its index in the manifest.
    pub index: usize,
    /// Index of its items' machine in the manifest.
    pub machine: Option<usize>,
    /// Where the holder of a unique asset begins.
    pub owner: Option<usize>,
    /// Offset and size of each head field.
    pub head: Vec<(usize, usize)>,
    /// Least size of a value.
    pub least: usize,
    /// Greatest size of a value.
    pub most: usize,
    /// Whether it is a ledger; whether of a fungible asset.
    pub ledger: Option<bool>,
}

impl Contract {
    /// A contract of `manifest` that stands at `address`.
    ///
    /// # Panics
    /// If the manifest has no sizes: it was not validated.
    #[must_use]
    pub fn new(name: &str, address: AccountId, code: Hash, manifest: Manifest, params: Vec<u8>) -> Self {
        let stored = |cell: &&Cell| !matches!(cell.kind, CellKind::Escrow(_));
        let cells = manifest.cells.iter().enumerate().filter(|(_, cell)| stored(cell));
        let cells = cells.map(|(index, cell)| Layout::of(&manifest, index, cell)).collect();
        Self { name: name.to_owned(), address, code, manifest, params, call_gas: 0, cells }
    }

    /// The layout of a cell.
    #[must_use]
    pub fn layout(&self, cell: u16) -> Option<&Layout> {
        self.cells.iter().find(|layout| layout.id == cell)
    }

    /// The declaration of a cell that has a layout.
    #[must_use]
    pub fn declared(&self, layout: &Layout) -> &Cell {
        &self.manifest.cells[layout.index]
    }

    /// The parameters, one by one.
    #[must_use]
    pub fn params(&self) -> Vec<&[u8]> {
        split(&self.manifest, self.manifest.params.iter().map(|param| &param.ty), &self.params)
            .unwrap_or_default()
    }

    /// Most gas that a call of a transition takes before its ceiling begins: frame, code and memory; parameters,
    /// items, machines and roles that the entry is checked by; its expressions. `items`: how many it is bound to.
    #[must_use]
    pub fn entry_gas(&self, schedule: &Schedule, transition: &Transition, items: u64) -> u64 {
        let prices = &schedule.host;
        let window = transition.window.iter().flat_map(|window| [&window.opens, &window.closes]).flatten();
        let expressions: Vec<&Expression> = window.chain(&transition.guard).collect();
        let key: &[KeyTerm] = match &transition.item {
            ItemBinding::Existing { key, .. } | ItemBinding::New { key, .. } => key,
            ItemBinding::None | ItemBinding::Each { .. } => &[],
        };
        let in_key = key.iter().any(|term| matches!(term, KeyTerm::Param(_)));
        let in_rules = expressions.iter().any(|it| it.iter().any(|node| matches!(node, Node::Param(_))));
        let own = |machine: u16| self.manifest.machine(machine).is_some_and(|it| it.cell.is_none());
        let machines = transition.from.iter().filter(|set| own(set.machine)).count() as u64;
        let roles = match &transition.caller {
            CallerRule::Any | CallerRule::Signer => 0,
            CallerRule::Roles(roles) => roles.len() as u64,
        };
        let mut checks = (machines + roles) * prices.read;
        for expression in expressions {
            let cost = cost(expression);
            let nodes = u64::from(cost.nodes) + u64::from(cost.wide) * WIDE_NODES;
            checks += nodes * prices.expression;
            checks += u64::from(cost.entry_reads) * prices.read + u64::from(cost.key_bytes) * prices.byte;
        }
        let bound = bound_cell(&transition.item).and_then(|cell| self.layout(cell));
        let each = bound.map_or(0, |layout| prices.read + prices.byte * layout.least as u64);
        let params = if in_key || in_rules { prices.read } else { 0 };
        self.call_gas + params + each * items + checks * items.max(1)
    }
}

/// Nodes that one operation with 256 bits is priced as.
const WIDE_NODES: u64 = 10;

impl Layout {
    fn of(manifest: &Manifest, index: usize, cell: &Cell) -> Self {
        let sized = "a validated manifest has sizes";
        let machine = manifest.machines.iter().position(|machine| machine.cell == Some(cell.id));
        let ledger = matches!(cell.kind, CellKind::Ledger(_)).then(|| cell.is_fungible_asset());
        if ledger.is_some() {
            let head = Vec::new();
            return Self { id: cell.id, index, machine, owner: None, head, least: 16, most: 16, ledger };
        }
        let owner = cell.asset().map(|_| usize::from(machine.is_some()));
        let mut at = usize::from(machine.is_some()) + owner.map_or(0, |_| HOLDER_SIZE as usize);
        let mut head = Vec::new();
        for field in cell.head() {
            let size = usize::try_from(manifest.fixed_size(&field.ty).expect(sized)).expect(sized);
            head.push((at, size));
            at += size;
        }
        let most = at + cell.tail_max_bytes() as usize;
        Self { id: cell.id, index, machine, owner, head, least: at, most, ledger }
    }

    /// A head field of a value.
    #[must_use]
    pub fn field<'v>(&self, value: &'v [u8], index: usize) -> Option<&'v [u8]> {
        let (at, size) = self.head.get(index)?;
        value.get(*at..at + size)
    }

    /// The holder in the value of a unique asset.
    #[must_use]
    pub fn holder<'v>(&self, value: &'v [u8]) -> Option<&'v [u8]> {
        let at = self.owner?;
        value.get(at..at + HOLDER_SIZE as usize)
    }
}

/// The map that a binding names.
#[must_use]
pub const fn bound_cell(binding: &ItemBinding) -> Option<u16> {
    match binding {
        ItemBinding::None => None,
        ItemBinding::Existing { cell, .. }
        | ItemBinding::New { cell, .. }
        | ItemBinding::Each { cell, .. } => Some(*cell),
    }
}

/// The account of a holder that is one.
#[must_use]
pub fn account_of(holder: &[u8]) -> Option<AccountId> {
    let (kind, account) = holder.split_first()?;
    let account = <[u8; 32]>::try_from(account).ok().map(AccountId);
    account.filter(|_| *kind == HOLDER_ACCOUNT)
}

/// The values of a tuple, one by one; none if the bytes are not one.
pub fn split<'a, 't>(
    manifest: &Manifest,
    types: impl IntoIterator<Item = &'t Type>,
    bytes: &'a [u8],
) -> Option<Vec<&'a [u8]>> {
    let mut values = Vec::new();
    manifest.visit_tuple(types, bytes, |_, value| values.push(value)).ok()?;
    Some(values)
}

/// The values of a tuple of fields.
#[must_use]
pub fn split_fields<'a>(manifest: &Manifest, fields: &[Field], bytes: &'a [u8]) -> Option<Vec<&'a [u8]>> {
    split(manifest, fields.iter().map(|field| &field.ty), bytes)
}

/// Little-endian bytes of an unsigned integer of at most 128 bits.
#[must_use]
pub fn number(bytes: &[u8]) -> u128 {
    bytes.iter().take(16).rev().fold(0, |number, byte| (number << 8) | u128::from(*byte))
}
