//! What code asks of the host, and what it can therefore never do.

use serde::Serialize;

use super::evidence::Claim;
use crate::module::{ImportKind, ModuleError, imports as imported};

/// What the host's table says of a function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declared {
    /// Where it may be called: `transitions and views`, `transitions`, or `not supported yet`.
    pub status: &'static str,
    /// What it does.
    pub doc: String,
}

/// Every import of a module.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Imports {
    /// The imports in the module's order; none if there is no code to look at.
    pub imports: Option<Vec<ImportRow>>,
    /// What follows from them.
    pub claims: Vec<Claim>,
}

/// An import.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ImportRow {
    /// The module it is to come from.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// `function`, `table`, `memory`, `global` or `tag`.
    pub kind: &'static str,
    /// What the host's table says of it: where it may be called, or `refused`: no host has it.
    pub status: &'static str,
    /// What it does.
    pub doc: String,
}

/// Status of an import that no host has.
const REFUSED: &str = "refused";

/// Abilities that code has only by importing one of some functions of the host.
const ABILITIES: [(&str, &[&str]); 6] = [
    ("pays native coins or sends them with calls", &["transfer", "invoke"]),
    ("calls other contracts", &["invoke", "notify"]),
    ("writes storage", &["cell_set", "cell_delete", "ledger_add", "ledger_sub", "ledger_move"]),
    ("creates or destroys ledger balances", &["ledger_add", "ledger_sub"]),
    ("reads the clock", &["time_ms", "height"]),
    ("announces events itself", &["emit"]),
];

/// The imports of the module `code`; `declared` is the host's table: module and name to what it says.
///
/// # Errors
/// [`ModuleError`] if the bytes are no module, or its imports are malformed.
pub fn imports(
    code: &[u8],
    declared: &dyn Fn(&str, &str) -> Option<Declared>,
) -> Result<Imports, ModuleError> {
    let row = |import: crate::module::Import<'_>| {
        let known = declared(import.module, import.name).filter(|_| import.kind == ImportKind::Function);
        let (status, doc) = known.map_or((REFUSED, String::new()), |known| (known.status, known.doc));
        ImportRow {
            module: import.module.to_owned(),
            name: import.name.to_owned(),
            kind: import.kind.name(),
            status,
            doc,
        }
    };
    let rows: Vec<ImportRow> = imported(code)?.into_iter().map(row).collect();
    let mut claims = Vec::new();
    let refused = rows.iter().filter(|row| row.status == REFUSED).count();
    if refused > 0 {
        claims
            .push(Claim::enforced(format!("{refused} imports are none of the host's: an upload is refused")));
    }
    for (ability, functions) in ABILITIES {
        let found: Vec<&str> =
            rows.iter().map(|row| row.name.as_str()).filter(|name| functions.contains(name)).collect();
        claims.push(match found.is_empty() {
            true => Claim::proven(format!(
                "the code never {ability}: it imports none of {}",
                functions.join(", ")
            )),
            false => Claim::enforced(format!(
                "the code {ability} only inside the declaration of the method that runs (imports {})",
                found.join(", ")
            )),
        });
    }
    Ok(Imports { imports: Some(rows), claims })
}

/// The answer where there is no code to look at: `why` says so.
#[must_use]
pub fn no_code(why: &str) -> Imports {
    Imports { imports: None, claims: vec![Claim::assumed(why)] }
}
