//! The manifest's expressions, recognised: notation and names, not types.
//!
//! The grammar is that of `sdk/client/src/manifest/expression.rs`, which reads them for the chain; both are held
//! to the cases in `tests/expressions.txt`.

use crate::check::Scope;
use crate::model::{CellKind, Shape};
use crate::nearest::did_you_mean;

/// Nodes an expression may have.
const NODES_MAX: u32 = 64;
/// Nesting of parentheses and functions.
const DEPTH_MAX: u32 = 64;
const COMPARISON: u8 = 3;
const UNARY: u8 = 6;

/// Binary operators and their strength.
const OPERATORS: [(&str, u8); 13] = [
    ("||", 1),
    ("&&", 2),
    ("==", 3),
    ("!=", 3),
    ("<=", 3),
    (">=", 3),
    ("<", 3),
    (">", 3),
    ("+", 4),
    ("-", 4),
    ("*", 5),
    ("/", 5),
    ("%", 5),
];
/// Functions of values and their operands.
const FUNCTIONS: [(&str, u8); 6] =
    [("mul_div", 3), ("min", 2), ("max", 2), ("if", 3), ("to_int", 1), ("to_uint", 1)];
const WORDS: [&str; 9] = ["true", "false", "caller", "origin", "self", "value", "time", "height", "balance"];
/// Words that begin a longer leaf, for hints.
const BEGINNINGS: [&str; 14] = [
    "int", "account", "hash", "sum", "count", "escrowed", "in", "member", "quorum", "arg", "param", "item",
    "cell", "if",
];

/// Checks `text` where `scope` says what names mean; on error, the byte where it went wrong and why.
pub(crate) fn check(scope: &Scope<'_>, text: &str) -> Result<(), (usize, String)> {
    let mut parser = Parser { scope, text, at: 0, nodes: 0, depth: 0 };
    parser.binary(1).map_err(|why| (parser.at, why))?;
    parser.space();
    if parser.at < text.len() {
        return Err((parser.at, "an operator expected".into()));
    }
    match parser.nodes {
        0..=NODES_MAX => Ok(()),
        nodes => Err((0, format!("{nodes} nodes found, at most {NODES_MAX} allowed"))),
    }
}

struct Parser<'p> {
    scope: &'p Scope<'p>,
    text: &'p str,
    at: usize,
    nodes: u32,
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
            let operator = OPERATORS.iter().find(|(text, own)| *own == strength && rest.starts_with(text));
            let Some((text, _)) = operator else { return Ok(()) };
            self.at += text.len();
            self.binary(strength + 1)?;
            self.nodes += 1;
            if strength == COMPARISON {
                return Ok(());
            }
        }
    }

    fn unary(&mut self) -> Result<(), String> {
        while self.take("!") {
            self.nodes += 1;
        }
        self.leaf()
    }

    fn nested(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
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
        self.nodes += 1;
        self.space();
        let start = self.at;
        let word = self.word();
        if word.starts_with(|character: char| character.is_ascii_digit()) {
            let number = word.replace('_', "").parse::<u128>();
            return number.map(|_| ()).map_err(|_| format!("`{word}` is no whole number of 128 bits"));
        }
        if let Some((_, operands)) = FUNCTIONS.iter().find(|(name, _)| *name == word) {
            self.need("(")?;
            for index in 0..*operands {
                if index > 0 {
                    self.need(",")?;
                }
                self.nested()?;
            }
            return self.need(")");
        }
        match word {
            "int" | "account" | "hash" => self.constant(word),
            "sum" | "count" | "escrowed" | "in" | "member" | "quorum" => self.aggregate(word),
            "arg" | "param" | "item" | "cell" => self.path(word),
            _ if WORDS.contains(&word) => Ok(()),
            "" => Err("a value expected".into()),
            _ => {
                self.at = start;
                let known = WORDS.iter().chain(&BEGINNINGS).chain(FUNCTIONS.iter().map(|(name, _)| name));
                Err(format!("`{word}` means nothing here{}", did_you_mean(word, known.copied())))
            }
        }
    }

    fn constant(&mut self, kind: &str) -> Result<(), String> {
        self.need("(")?;
        let rest = self.rest();
        let text = &rest[..rest.find(')').ok_or("`)` expected")?];
        let value = text.trim();
        match kind {
            "int" if value.replace('_', "").parse::<i128>().is_err() => {
                return Err(format!("`{value}` is no whole number"));
            }
            "hash" => {
                let size = hexadecimal(value)?;
                if size != 32 {
                    return Err(format!("32 bytes expected, {size} found"));
                }
            }
            // Addresses have forms that only the client knows.
            "account" if value.is_empty() => return Err("an account expected".into()),
            _ => {}
        }
        self.at += text.len();
        self.need(")")
    }

    fn cell(&mut self) -> Result<&'p Shape, String> {
        let name = self.word();
        let cell = self.scope.cell(name);
        cell.ok_or_else(|| format!("there is no cell `{name}`{}", did_you_mean(name, self.scope.cells())))
    }

    fn head(&mut self, cell: &Shape) -> Result<(), String> {
        let name = self.word();
        match cell.has_head(name) {
            true => Ok(()),
            false => Err(format!("the cell has no head field `{name}`")),
        }
    }

    fn aggregate(&mut self, kind: &str) -> Result<(), String> {
        self.need("(")?;
        match kind {
            "in" => self.in_state()?,
            "member" | "quorum" => {
                let name = self.word();
                if !self.scope.role(name) {
                    return Err(format!(
                        "there is no role `{name}`{}",
                        did_you_mean(name, self.scope.roles())
                    ));
                }
            }
            "sum" => {
                let cell = self.cell()?;
                if self.take(".") {
                    self.head(cell)?;
                }
            }
            _ => {
                self.cell()?;
            }
        }
        self.need(")")
    }

    fn in_state(&mut self) -> Result<(), String> {
        let name = self.word();
        let machine = self.scope.machine(name);
        let machine = machine.ok_or_else(|| {
            format!("there is no machine `{name}`{}", did_you_mean(name, self.scope.machines()))
        })?;
        while self.take(",") {
            let state = self.word();
            if !machine.has_state(state) {
                return Err(format!("machine `{name}` has no state `{state}`"));
            }
        }
        Ok(())
    }

    fn path(&mut self, kind: &str) -> Result<(), String> {
        self.need(".")?;
        if kind == "cell" {
            return self.cell_path();
        }
        let name = self.word();
        let found = match kind {
            "arg" => self.scope.argument(name).is_some(),
            "param" => self.scope.param(name),
            _ => {
                let item = self.scope.item.ok_or("no item is bound here")?;
                name == "$owner" && item.is_owned() || item.has_key(name) || item.has_head(name)
            }
        };
        if found { Ok(()) } else { Err(format!("there is no `{kind}.{name}`")) }
    }

    fn cell_path(&mut self) -> Result<(), String> {
        let cell = self.cell()?;
        let kind = cell.kind();
        if kind == Some(CellKind::Value) {
            self.need(".")?;
            return self.head(cell);
        }
        self.need("[")?;
        hexadecimal(self.word())?;
        self.need("]")?;
        if kind == Some(CellKind::Ledger) {
            return Ok(());
        }
        self.need(".")?;
        self.head(cell)
    }
}

/// Count of bytes that `0x…` spells.
fn hexadecimal(text: &str) -> Result<usize, String> {
    let digits = text.strip_prefix("0x").ok_or_else(|| format!("`{text}` does not begin with 0x"))?;
    if digits.len() % 2 == 1 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(format!("`{text}` is no whole bytes in hexadecimal"));
    }
    Ok(digits.len() / 2)
}
