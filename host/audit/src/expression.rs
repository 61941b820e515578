//! Expressions as a tree: split into operands, printed for people.

use chainstack_primitives::manifest::{CellKind, Clock, Expression, Manifest, Node, Transition};

/// Names that an expression's indexes stand for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'m> {
    pub(crate) manifest: &'m Manifest,
    /// The method whose arguments are meant.
    pub(crate) method: Option<&'m Transition>,
    /// The cell of the bound item.
    pub(crate) item: Option<u16>,
}

/// Operands that the node takes.
pub(crate) const fn arity(node: &Node) -> usize {
    match node {
        Node::Not | Node::ToInt | Node::ToUint => 1,
        Node::MulDiv | Node::If => 3,
        Node::Add
        | Node::Sub
        | Node::Mul
        | Node::Div
        | Node::Rem
        | Node::Min
        | Node::Max
        | Node::Equal
        | Node::NotEqual
        | Node::Less
        | Node::LessEqual
        | Node::Greater
        | Node::GreaterEqual
        | Node::And
        | Node::Or => 2,
        _ => 0,
    }
}

/// The last node of an expression, and the expressions of its operands; `None` if it is not well formed.
pub(crate) fn split(nodes: &[Node]) -> Option<(&Node, Vec<&[Node]>)> {
    let (root, mut rest) = nodes.split_last()?;
    let mut operands = Vec::new();
    for _ in 0..arity(root) {
        let size = operand_size(rest)?;
        let (before, operand) = rest.split_at_checked(rest.len().checked_sub(size)?)?;
        operands.push(operand);
        rest = before;
    }
    operands.reverse();
    rest.is_empty().then_some((root, operands))
}

/// Nodes of the expression that ends where `nodes` end.
fn operand_size(nodes: &[Node]) -> Option<usize> {
    let mut missing = 1usize;
    for (index, node) in nodes.iter().rev().enumerate() {
        missing = missing.checked_sub(1)?.checked_add(arity(node))?;
        if missing == 0 {
            return index.checked_add(1);
        }
    }
    None
}

/// The expressions one after another, then `root`; `None` if they are too many nodes together.
pub(crate) fn join(operands: &[&[Node]], root: &[Node]) -> Option<Expression> {
    let nodes: Vec<Node> = operands.iter().copied().flatten().chain(root).cloned().collect();
    nodes.try_into().ok()
}

/// The expression as the manifest's notation writes it; indexes that name nothing are shown as they are.
pub(crate) fn text(names: Names<'_>, nodes: &[Node]) -> String {
    let Some((root, operands)) = split(nodes) else { return "?".to_owned() };
    let shown: Vec<String> = operands.iter().map(|operand| operand_text(names, operand)).collect();
    match (root, shown.as_slice()) {
        (Node::Not, [a]) => format!("!{a}"),
        (Node::ToInt, _) => call(names, "to_int", &operands),
        (Node::ToUint, _) => call(names, "to_uint", &operands),
        (Node::MulDiv, _) => call(names, "mul_div", &operands),
        (Node::If, _) => call(names, "if", &operands),
        (Node::Min, _) => call(names, "min", &operands),
        (Node::Max, _) => call(names, "max", &operands),
        (operator, [a, b]) => format!("{a} {} {b}", symbol(operator)),
        (leaf, _) => leaf_text(names, leaf),
    }
}

/// A moment: the clock, and the expression.
pub(crate) fn clock_text(clock: Clock, names: Names<'_>, nodes: &[Node]) -> String {
    format!("{} {}", clock_name(clock), text(names, nodes))
}

/// As the manifest's notation calls a clock.
pub(crate) const fn clock_name(clock: Clock) -> &'static str {
    match clock {
        Clock::Height => "height",
        Clock::TimeMs => "time",
    }
}

/// An operand: in parentheses if it is an operation between two.
fn operand_text(names: Names<'_>, nodes: &[Node]) -> String {
    let inner = text(names, nodes);
    let infix = nodes.last().is_some_and(|root| arity(root) == 2 && !matches!(root, Node::Min | Node::Max));
    if infix { format!("({inner})") } else { inner }
}

fn call(names: Names<'_>, function: &str, operands: &[&[Node]]) -> String {
    let operands: Vec<String> = operands.iter().map(|operand| text(names, operand)).collect();
    format!("{function}({})", operands.join(", "))
}

const fn symbol(node: &Node) -> &'static str {
    match node {
        Node::Add => "+",
        Node::Sub => "-",
        Node::Mul => "*",
        Node::Div => "/",
        Node::Rem => "%",
        Node::Equal => "==",
        Node::NotEqual => "!=",
        Node::Less => "<",
        Node::LessEqual => "<=",
        Node::Greater => ">",
        Node::GreaterEqual => ">=",
        Node::And => "&&",
        Node::Or => "||",
        _ => "?",
    }
}

fn leaf_text(names: Names<'_>, leaf: &Node) -> String {
    let manifest = names.manifest;
    let cell_name =
        |id: u16| manifest.cell(id).map_or_else(|| format!("#{id}"), |cell| cell.name.to_string());
    let head_name = |id: u16, field: u8| {
        let found = manifest.cell(id).and_then(|cell| cell.head().get(usize::from(field)));
        found.map_or_else(|| format!("#{field}"), |field| field.name.to_string())
    };
    let role_name =
        |id: u16| manifest.role(id).map_or_else(|| format!("#{id}"), |role| role.name.to_string());
    match leaf {
        Node::Bool(truth) => truth.to_string(),
        Node::Uint(number) => number.to_string(),
        Node::Int(number) => format!("int({number})"),
        Node::Account(account) => format!("account({account})"),
        Node::Hash(hash) => format!("hash({hash})"),
        Node::Arg(index) => {
            let arg = names.method.and_then(|method| method.args.get(usize::from(*index)));
            arg.map_or_else(|| format!("arg.#{index}"), |arg| format!("arg.{}", arg.name))
        }
        Node::Param(index) => {
            let param = manifest.params.get(usize::from(*index));
            param.map_or_else(|| format!("param.#{index}"), |param| format!("param.{}", param.name))
        }
        Node::Caller => "caller".to_owned(),
        Node::Origin => "origin".to_owned(),
        Node::SelfAddress => "self".to_owned(),
        Node::Value => "value".to_owned(),
        Node::Time => "time".to_owned(),
        Node::Height => "height".to_owned(),
        Node::Owner => "item.$owner".to_owned(),
        Node::Balance => "balance".to_owned(),
        Node::ItemKey(index) => {
            let cell = names.item.and_then(|id| manifest.cell(id));
            let field = cell.and_then(|cell| cell.key().get(usize::from(*index)));
            field.map_or_else(|| format!("item.#{index}"), |field| format!("item.{}", field.name))
        }
        Node::Head(field) => format!("item.{}", head_name(names.item.unwrap_or(u16::MAX), *field)),
        Node::ValueHead { cell, field } => format!("cell.{}.{}", cell_name(*cell), head_name(*cell, *field)),
        Node::EntryHead { cell, field, .. } => {
            format!("cell.{}[…].{}", cell_name(*cell), head_name(*cell, *field))
        }
        Node::LedgerEntry { cell, .. } => format!("cell.{}[…]", cell_name(*cell)),
        Node::LedgerSum(cell) => format!("sum({})", cell_name(*cell)),
        Node::HeadSum { cell, field } => format!("sum({}.{})", cell_name(*cell), head_name(*cell, *field)),
        Node::Count(cell) => format!("count({})", cell_name(*cell)),
        Node::Escrowed(cell) => format!("escrowed({})", cell_name(*cell)),
        Node::InState { machine, states } => {
            let found = manifest.machine(*machine);
            let name = |id: &u8| {
                let state = found.and_then(|machine| machine.states.iter().find(|state| state.id == *id));
                state.map_or_else(|| format!("#{id}"), |state| state.name.to_string())
            };
            let states: Vec<String> = states.iter().map(name).collect();
            let machine = found.map_or_else(|| format!("#{machine}"), |machine| machine.name.to_string());
            format!("in({machine}, {})", states.join(", "))
        }
        Node::Member(role) => format!("member({})", role_name(*role)),
        Node::Quorum(role) => format!("quorum({})", role_name(*role)),
        _ => "?".to_owned(),
    }
}

/// Whether the cell is the map of items of this escrow, or the escrow is the contract's.
pub(crate) fn escrow_item(manifest: &Manifest, escrow: u16) -> Option<u16> {
    match &manifest.cell(escrow)?.kind {
        CellKind::Escrow(escrow) => escrow.item,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chainstack_primitives::manifest::Node;

    use super::split;

    #[test]
    fn operands_are_found_from_the_end() {
        // (1 + 2) < min(3, 4)
        let nodes =
            [Node::Uint(1), Node::Uint(2), Node::Add, Node::Uint(3), Node::Uint(4), Node::Min, Node::Less];
        let (root, operands) = split(&nodes).expect("well formed");
        assert_eq!(root, &Node::Less);
        assert_eq!(operands, [&nodes[..3], &nodes[3..6]]);
        assert_eq!(split(&nodes[1..]), None);
        assert_eq!(split(&[]), None);
    }
}
