//! Expressions of guards, windows, effects and invariants as text.
//!
//! In order of strength: `||`, `&&`, one of `== != < <= > >=`, `+ -`, `* / %`, `!`. Leaves: whole numbers
//! (unsigned; signed ones are `int(-5)`), `true`, `false`, `account(…)`, `hash(0x…)`, `caller`, `origin`,
//! `self`, `value`, `time`, `height`, `balance`, `arg.name`, `param.name`, `item.field`, `item.$owner`,
//! `cell.totals.field`, `cell.entries[0x…].field`, `cell.ledger[0x…]` (the key as SCALE). Functions:
//! `sum(ledger)`, `sum(map.field)`, `count(cell)`, `escrowed(cell)`, `in(machine, State, …)`,
//! `member(role)`, `quorum(role)`, `mul_div(a, b, c)`, `min(a, b)`, `max(a, b)`, `if(condition, a, b)`,
//! `to_int(a)`, `to_uint(a)`.
//!
//! What each means, and when it has no value, is specified in `host/analysis/README.md`.

use std::fmt;

use chainstack_primitives::manifest::{Cell, CellKind, Expression, Node};
use chainstack_primitives::{AccountId, Hash};

use super::{Names, index_of};
use crate::value::no_aliases;

/// Binary operators: text, node, strength.
const OPERATORS: [(&str, Node, u8); 13] = [
    ("||", Node::Or, 1),
    ("&&", Node::And, 2),
    ("==", Node::Equal, 3),
    ("!=", Node::NotEqual, 3),
    ("<=", Node::LessEqual, 3),
    (">=", Node::GreaterEqual, 3),
    ("<", Node::Less, 3),
    (">", Node::Greater, 3),
    ("+", Node::Add, 4),
    ("-", Node::Sub, 4),
    ("*", Node::Mul, 5),
    ("/", Node::Div, 5),
    ("%", Node::Rem, 5),
];
const COMPARISON: u8 = 3;
const UNARY: u8 = 6;
const LEAF: u8 = 7;
/// Nesting of parentheses and functions an expression may have; 64 nodes cannot need more.
pub const EXPRESSION_DEPTH_MAX: u32 = 64;

/// Functions of values: name, count of operands, node.
const FUNCTIONS: [(&str, usize, Node); 6] = [
    ("mul_div", 3, Node::MulDiv),
    ("min", 2, Node::Min),
    ("max", 2, Node::Max),
    ("if", 3, Node::If),
    ("to_int", 1, Node::ToInt),
    ("to_uint", 1, Node::ToUint),
];

/// Leaves that are one word.
const WORDS: [(&str, Node); 9] = [
    ("true", Node::Bool(true)),
    ("false", Node::Bool(false)),
    ("caller", Node::Caller),
    ("origin", Node::Origin),
    ("self", Node::SelfAddress),
    ("value", Node::Value),
    ("time", Node::Time),
    ("height", Node::Height),
    ("balance", Node::Balance),
];

/// Where and why a text is not an expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpressionTextError {
    /// Byte of the text where it went wrong.
    pub at: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ExpressionTextError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "byte {}: {}", self.at, self.message)
    }
}

impl std::error::Error for ExpressionTextError {}

/// Reads an expression where `names` are in scope. Its types are not checked.
///
/// # Errors
/// [`ExpressionTextError`] if the text is not in the notation, names what is not declared or not in scope, or
/// has more nodes than an expression may have.
pub fn from_text(names: Names<'_>, text: &str) -> Result<Expression, ExpressionTextError> {
    parse(names, text).map_err(|(at, message)| ExpressionTextError { at, message })
}

/// The text of an expression where `names` are in scope, from which [`from_text`] reads the same nodes; `None`
/// if it leaves no single value, or names what is not declared or not in scope.
#[must_use]
pub fn to_text(names: Names<'_>, expression: &Expression) -> Option<String> {
    print(names, expression)
}

/// Reads an expression; on error, the byte of `text` where it went wrong and why.
pub(super) fn parse(names: Names<'_>, text: &str) -> Result<Expression, (usize, String)> {
    let mut parser = Parser { names, text, at: 0, nodes: Vec::new(), depth: 0 };
    parser.binary(1).map_err(|why| (parser.at, why))?;
    parser.space();
    if parser.at < text.len() {
        return Err((parser.at, "an operator expected".into()));
    }
    Expression::try_from(parser.nodes).map_err(|error| (0, error.to_string()))
}

struct Parser<'p> {
    names: Names<'p>,
    text: &'p str,
    at: usize,
    nodes: Vec<Node>,
    depth: u32,
}

impl<'p> Parser<'p> {
    fn rest(&self) -> &'p str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn need(&mut self, token: &str) -> Result<(), String> {
        if self.take(token) { Ok(()) } else { Err(format!("`{token}` expected")) }
    }

    /// Letters, digits, `_` and `$`.
    fn word(&mut self) -> &'p str {
        self.space();
        let rest = self.rest();
        let part =
            |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '$';
        let word = &rest[..rest.find(|character| !part(character)).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn binary(&mut self, strength: u8) -> Result<(), String> {
        if strength >= UNARY {
            return self.unary();
        }
        self.binary(strength + 1)?;
        loop {
            self.space();
            let rest = self.rest();
            let operator = OPERATORS.iter().find(|(text, _, own)| *own == strength && rest.starts_with(text));
            let Some((text, node, _)) = operator else { return Ok(()) };
            self.at += text.len();
            self.binary(strength + 1)?;
            self.nodes.push(node.clone());
            if strength == COMPARISON {
                return Ok(());
            }
        }
    }

    fn unary(&mut self) -> Result<(), String> {
        self.space();
        let mut nots = 0usize;
        while self.rest().starts_with('!') {
            self.at += 1;
            nots += 1;
            self.space();
        }
        self.leaf()?;
        self.nodes.extend(std::iter::repeat_n(Node::Not, nots));
        Ok(())
    }

    fn nested(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > EXPRESSION_DEPTH_MAX {
            return Err("nested too deep".into());
        }
        self.binary(1)?;
        self.depth -= 1;
        Ok(())
    }

    fn leaf(&mut self) -> Result<(), String> {
        if self.take("(") {
            self.nested()?;
            return self.need(")");
        }
        let start = self.at;
        let word = self.word();
        if word.starts_with(|character: char| character.is_ascii_digit()) {
            let number = word
                .replace('_', "")
                .parse()
                .map_err(|_| format!("`{word}` is no whole number of 128 bits"))?;
            self.nodes.push(Node::Uint(number));
            return Ok(());
        }
        if let Some((_, count, node)) = FUNCTIONS.iter().find(|(name, ..)| *name == word) {
            self.need("(")?;
            for index in 0..*count {
                if index > 0 {
                    self.need(",")?;
                }
                self.nested()?;
            }
            self.need(")")?;
            self.nodes.push(node.clone());
            return Ok(());
        }
        let node = match word {
            "int" | "account" | "hash" => self.constant(word)?,
            "sum" | "count" | "escrowed" | "in" | "member" | "quorum" => self.aggregate(word)?,
            "arg" | "param" | "item" | "cell" => self.path(word)?,
            _ => match WORDS.iter().find(|(name, _)| *name == word) {
                Some((_, node)) => node.clone(),
                None => {
                    self.at = start;
                    return Err(if word.is_empty() {
                        "a value expected".into()
                    } else {
                        format!("`{word}` means nothing here")
                    });
                }
            },
        };
        self.nodes.push(node);
        Ok(())
    }

    fn constant(&mut self, kind: &str) -> Result<Node, String> {
        self.need("(")?;
        let rest = self.rest();
        let text = &rest[..rest.find(')').ok_or("`)` expected")?];
        let value = text.trim();
        let node = match kind {
            "int" => Node::Int(
                value.replace('_', "").parse().map_err(|_| format!("`{value}` is no whole number"))?,
            ),
            "account" => {
                let ty = chainstack_primitives::manifest::Type::Account;
                let bytes = crate::value::encode_text(self.names.manifest, &ty, value, &no_aliases);
                Node::Account(AccountId(array(&bytes.map_err(|error| error.to_string())?)?))
            }
            _ => Node::Hash(Hash(array(&hex_bytes(value)?)?)),
        };
        self.at += text.len();
        self.need(")")?;
        Ok(node)
    }

    fn cell(&mut self) -> Result<&'p Cell, String> {
        let name = self.word();
        self.names.manifest.cell_named(name).ok_or_else(|| format!("there is no cell `{name}`"))
    }

    fn head(&mut self, cell: &Cell) -> Result<u8, String> {
        let name = self.word();
        let head = cell.head().iter().map(|field| &*field.name);
        index_of(head, name).ok_or_else(|| format!("cell `{}` has no head field `{name}`", cell.name))
    }

    fn aggregate(&mut self, kind: &str) -> Result<Node, String> {
        self.need("(")?;
        let node = match kind {
            "sum" => {
                let cell = self.cell()?;
                match self.take(".") {
                    true => Node::HeadSum { cell: cell.id, field: self.head(cell)? },
                    false => Node::LedgerSum(cell.id),
                }
            }
            "count" => Node::Count(self.cell()?.id),
            "escrowed" => Node::Escrowed(self.cell()?.id),
            "in" => self.in_state()?,
            kind => {
                let name = self.word();
                let role = self.names.manifest.roles.iter().find(|role| &*role.name == name);
                let id = role.ok_or_else(|| format!("there is no role `{name}`"))?.id;
                if kind == "member" { Node::Member(id) } else { Node::Quorum(id) }
            }
        };
        self.need(")")?;
        Ok(node)
    }

    fn in_state(&mut self) -> Result<Node, String> {
        let name = self.word();
        let machine = self.names.manifest.machines.iter().find(|machine| &*machine.name == name);
        let machine = machine.ok_or_else(|| format!("there is no machine `{name}`"))?;
        let mut states = Vec::new();
        while self.take(",") {
            let name = self.word();
            let state = machine.states.iter().find(|state| &*state.name == name);
            states.push(state.ok_or_else(|| format!("machine `{}` has no state `{name}`", machine.name))?.id);
        }
        let states = states.try_into().map_err(|_| "too many states".to_owned())?;
        Ok(Node::InState { machine: machine.id, states })
    }

    fn path(&mut self, kind: &str) -> Result<Node, String> {
        self.need(".")?;
        if kind == "cell" {
            return self.cell_path();
        }
        let name = self.word();
        let found = match kind {
            "arg" => index_of(self.names.args.iter().map(|arg| &*arg.name), name).map(Node::Arg),
            "param" => {
                index_of(self.names.manifest.params.iter().map(|param| &*param.name), name).map(Node::Param)
            }
            _ => {
                let item = self.names.item.ok_or("no item is bound here")?;
                let key = || index_of(item.key().iter().map(|field| &*field.name), name).map(Node::ItemKey);
                let head = || index_of(item.head().iter().map(|field| &*field.name), name).map(Node::Head);
                if name == "$owner" { Some(Node::Owner) } else { key().or_else(head) }
            }
        };
        found.ok_or_else(|| format!("there is no `{kind}.{name}`"))
    }

    fn cell_path(&mut self) -> Result<Node, String> {
        let cell = self.cell()?;
        if matches!(cell.kind, CellKind::Value(_)) {
            self.need(".")?;
            return Ok(Node::ValueHead { cell: cell.id, field: self.head(cell)? });
        }
        self.need("[")?;
        let key = hex_bytes(self.word())?.try_into().map_err(|_| "the key is too long".to_owned())?;
        self.need("]")?;
        if matches!(cell.kind, CellKind::Ledger(_)) {
            return Ok(Node::LedgerEntry { cell: cell.id, key });
        }
        self.need(".")?;
        Ok(Node::EntryHead { cell: cell.id, key, field: self.head(cell)? })
    }
}

fn hex_bytes(text: &str) -> Result<Vec<u8>, String> {
    let digits = text.strip_prefix("0x").ok_or_else(|| format!("`{text}` does not begin with 0x"))?;
    hex::decode(digits).map_err(|error| error.to_string())
}

fn array(bytes: &[u8]) -> Result<[u8; 32], String> {
    bytes.try_into().map_err(|_| format!("32 bytes expected, {} found", bytes.len()))
}

/// The text of an expression, from which [`parse`] reads the same nodes; `None` if it is not valid.
pub(super) fn print(names: Names<'_>, expression: &[Node]) -> Option<String> {
    let mut stack: Vec<(String, u8)> = Vec::new();
    for node in expression {
        let printed = if let Some((text, _, strength)) = OPERATORS.iter().find(|(_, own, _)| own == node) {
            let (right, left) = (stack.pop()?, stack.pop()?);
            let left_least = if *strength == COMPARISON { COMPARISON + 1 } else { *strength };
            let sides = (enclosed(left, left_least), enclosed(right, *strength + 1));
            (format!("{} {text} {}", sides.0, sides.1), *strength)
        } else if let Some((name, count, _)) = FUNCTIONS.iter().find(|(.., own)| own == node) {
            let operands = stack.split_off(stack.len().checked_sub(*count)?);
            let operands: Vec<_> = operands.into_iter().map(|(text, _)| text).collect();
            (format!("{name}({})", operands.join(", ")), LEAF)
        } else if *node == Node::Not {
            (format!("!{}", enclosed(stack.pop()?, UNARY)), UNARY)
        } else if let Some((word, _)) = WORDS.iter().find(|(_, own)| own == node) {
            ((*word).to_owned(), LEAF)
        } else {
            (print_leaf(names, node)?, LEAF)
        };
        stack.push(printed);
    }
    let (text, _) = stack.pop()?;
    stack.is_empty().then_some(text)
}

fn enclosed((text, strength): (String, u8), least: u8) -> String {
    if strength < least { format!("({text})") } else { text }
}

fn print_leaf(names: Names<'_>, node: &Node) -> Option<String> {
    let manifest = names.manifest;
    let head = |cell: &Cell, field: &u8| Some(cell.head().get(usize::from(*field))?.name.to_string());
    let cell_name = |id: &u16| Some(manifest.cell(*id)?.name.to_string());
    Some(match node {
        Node::Uint(number) => number.to_string(),
        Node::Int(number) => format!("int({number})"),
        Node::Account(account) => format!("account({account})"),
        Node::Hash(hash) => format!("hash({hash})"),
        Node::Arg(index) => format!("arg.{}", names.args.get(usize::from(*index))?.name),
        Node::Param(index) => format!("param.{}", manifest.params.get(usize::from(*index))?.name),
        Node::ItemKey(index) => format!("item.{}", names.item?.key().get(usize::from(*index))?.name),
        Node::Head(index) => format!("item.{}", head(names.item?, index)?),
        Node::Owner => "item.$owner".into(),
        Node::ValueHead { cell, field } => {
            format!("cell.{}.{}", cell_name(cell)?, head(manifest.cell(*cell)?, field)?)
        }
        Node::EntryHead { cell, key, field } => {
            let field = head(manifest.cell(*cell)?, field)?;
            format!("cell.{}[0x{}].{field}", cell_name(cell)?, hex::encode(&**key))
        }
        Node::LedgerEntry { cell, key } => format!("cell.{}[0x{}]", cell_name(cell)?, hex::encode(&**key)),
        Node::LedgerSum(cell) => format!("sum({})", cell_name(cell)?),
        Node::HeadSum { cell, field } => {
            format!("sum({}.{})", cell_name(cell)?, head(manifest.cell(*cell)?, field)?)
        }
        Node::Count(cell) => format!("count({})", cell_name(cell)?),
        Node::Escrowed(cell) => format!("escrowed({})", cell_name(cell)?),
        Node::InState { machine, states } => {
            let machine = manifest.machine(*machine)?;
            let name = |id: &u8| Some(machine.states.iter().find(|state| state.id == *id)?.name.to_string());
            let states = states.iter().map(name).collect::<Option<Vec<_>>>()?;
            format!("in({}, {})", machine.name, states.join(", "))
        }
        Node::Member(role) => format!("member({})", manifest.role(*role)?.name),
        Node::Quorum(role) => format!("quorum({})", manifest.role(*role)?.name),
        _ => return None,
    })
}
