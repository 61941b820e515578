//! `chainstack inspect`: what a contract declares, and what follows from it.

use std::collections::BTreeMap;

use chainstack_audit::reachability;
use chainstack_client::{
    inspect::{self, DepositPrices, Live, page},
    manifest::{to_json, to_toml},
};
use chainstack_host::functions::table::{MODULE, Status, TABLE};
use chainstack_primitives::{
    Tag,
    manifest::{Manifest, ManifestError, RoleKind},
    tagged,
    transaction::CODE_SIZE_MAX,
};
use chainstack_runtime::params::Schedule;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    Outcome,
    context::Context,
    error::{CliError, Exit},
    history::{BLOCKS, entries, look_back},
    inspect_code,
    output::{Answer, remark},
    target::Target,
};

/// Show what a contract declares and what follows from it: who can do what, how large it can get, what it trusts.
///
/// Beside each claim stands what is behind it: PROVEN, ENFORCED, TESTED or ASSUMED. Files need no node; of a deployed
/// contract the node adds what is there now.
#[derive(clap::Args, Debug)]
pub(super) struct Inspect {
    /// What to show.
    #[arg(value_enum)]
    what: What,
    /// A module, a manifest in TOML (a file has a `.` or `/` in its name), or a deployed contract: alias or address.
    target: String,
    /// How to write it.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
    /// For `history` and `bounds` of a deployed contract: how many of the last blocks are looked at [default: 10000].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    blocks: Option<u64>,
    /// Of several machines, the one to draw with `--format mermaid`.
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
}

/// What to show.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum What {
    /// Methods, exits and parameters: arguments, caller, window, guard, ceilings.
    Abi,
    /// The manifest as TOML, and its hash.
    Manifest,
    /// States and what moves between them.
    Machine,
    /// How much one call may use and how large cells can get, beside live values and how far calls came.
    Bounds,
    /// Cells, and where each field lies.
    Storage,
    /// What the code asks of the host.
    Imports,
    /// Events.
    Events,
    /// Errors.
    Errors,
    /// Who can do what in which state, and extract how much alone.
    Power,
    /// What is believed without proof.
    Trust,
    /// Transitions and exits that a deployed contract was seen to take, what the others ended with, how far calls came.
    History,
    /// Everything but the history.
    All,
}

/// How to write it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
enum Form {
    /// For a terminal.
    #[default]
    Text,
    /// Markdown.
    Markdown,
    /// One file that needs no network and runs no script.
    Html,
    /// A state diagram, of `machine` only.
    Mermaid,
}

/// The greatest code that the chain takes, in bytes.
const CODE_SIZE: usize = CODE_SIZE_MAX as usize;

/// Everything that is shown by `all`, in its order.
const ALL: [What; 10] = [
    What::Abi,
    What::Machine,
    What::Power,
    What::Trust,
    What::Bounds,
    What::Storage,
    What::Imports,
    What::Events,
    What::Errors,
    What::Manifest,
];

/// A contract to look at, and what the node keeps for it now, if that was asked.
struct Look {
    target: Target,
    live: Option<Live>,
}

impl Inspect {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 2 for a form that does not fit, 3 for a manifest or module that is none, 8 for what is not there.
    pub(super) fn run(self, context: &Context) -> Outcome {
        self.check_options(context)?;
        let look = Look::at(context, &self.target, self.what, self.blocks)?;
        if self.format == Form::Mermaid {
            return self.diagrams(&look);
        }
        let parts: Vec<What> = if self.what == What::All { ALL.to_vec() } else { vec![self.what] };
        let mut json = look.json();
        let mut page = look.page();
        for what in parts {
            let (section, rows) = look.look(what)?;
            page.sections.push(section);
            json.insert(what.name().to_owned(), rows);
        }
        if self.what == What::All || self.format != Form::Text {
            page.sections.push(page::legend());
        }
        Ok(match self.format {
            Form::Markdown => Answer::verbatim(page.to_markdown()),
            Form::Html => Answer::verbatim(page.to_html()),
            _ if self.what == What::Manifest => {
                let toml = to_toml(&look.target.manifest).map_err(|error| invalid(&error))?;
                Answer::new(
                    format!("# manifest {}\n{toml}", look.target.manifest.hash()),
                    Value::Object(json),
                )
            }
            _ => Answer::new(page.to_text(), Value::Object(json)),
        })
    }

    /// An option that would change nothing is misuse: whoever gave it would misread the answer.
    fn check_options(&self, context: &Context) -> Result<(), CliError> {
        if self.blocks.is_some() && !matches!(self.what, What::History | What::Bounds) {
            return Err(CliError::misuse("--blocks says how far `history` and `bounds` look back")
                .hint("leave it out"));
        }
        if context.is_json() && self.format != Form::Text {
            return Err(CliError::misuse("--output json and --format are two forms of one answer")
                .hint("give one of them"));
        }
        if self.format == Form::Mermaid && self.what != What::Machine {
            return Err(CliError::misuse("--format mermaid draws machines only")
                .hint("write `chainstack inspect machine TARGET --format mermaid`"));
        }
        if self.machine.is_some() && self.format != Form::Mermaid {
            return Err(CliError::misuse("--machine chooses what --format mermaid draws")
                .hint("give --format mermaid as well, or leave --machine out"));
        }
        Ok(())
    }

    /// The machines as diagrams, one behind the other.
    fn diagrams(&self, look: &Look) -> Outcome {
        let manifest = &look.target.manifest;
        let mut machines = inspect::machines(manifest).machines;
        if let Some(name) = &self.machine {
            let names: Vec<String> = machines.iter().map(|machine| machine.name.clone()).collect();
            machines.retain(|machine| machine.name == *name);
            if machines.is_empty() {
                let error = CliError::new(Exit::NotFound, format!("there is no machine `{name}`"));
                return Err(error.hint(match names.is_empty() {
                    true => "the contract declares no machine".to_owned(),
                    false => format!("there are {}", names.join(", ")),
                }));
            }
        } else if machines.is_empty() {
            let methods = inspect::abi(manifest).methods;
            return Ok(Answer::verbatim(page::mermaid_without_machine(&manifest.name, &methods)));
        }
        let diagrams: Vec<String> = machines.iter().map(page::mermaid).collect();
        Ok(Answer::verbatim(diagrams.join("\n")))
    }
}

impl What {
    const fn name(self) -> &'static str {
        match self {
            Self::Abi => "abi",
            Self::Manifest => "manifest",
            Self::Machine => "machine",
            Self::Bounds => "bounds",
            Self::Storage => "storage",
            Self::Imports => "imports",
            Self::Events => "events",
            Self::Errors => "errors",
            Self::Power => "power",
            Self::Trust => "trust",
            Self::History => "history",
            Self::All => "all",
        }
    }
}

fn invalid(error: &ManifestError) -> CliError {
    CliError::new(Exit::No, format!("the manifest is refused: {error}"))
}

fn rows(rows: &impl Serialize) -> Result<Value, CliError> {
    serde_json::to_value(rows).map_err(|error| CliError::failed(format!("rows cannot be written: {error}")))
}

/// The deposits of this program's protocol version.
pub(super) fn prices() -> Result<DepositPrices, CliError> {
    let schedule = Schedule::base().map_err(|error| CliError::failed(error.to_string()))?;
    Ok(DepositPrices {
        per_entry: schedule.storage.deposit_per_entry,
        per_byte: schedule.storage.deposit_per_byte,
    })
}

/// What the host's own table says of an import.
fn declared(module: &str, name: &str) -> Option<inspect::Declared> {
    let row = TABLE.iter().find(|row| module == MODULE && row.name == name)?;
    let status = match row.status {
        Status::Everywhere => "transitions and views",
        Status::Transitions => "transitions",
    };
    Some(inspect::Declared { status, doc: row.doc.to_owned() })
}

impl Look {
    fn at(context: &Context, name: &str, what: What, blocks: Option<u64>) -> Result<Self, CliError> {
        let target = Target::of(context, name)?;
        let looks_back = matches!(what, What::Bounds | What::History);
        if target.address.is_none() && (what == What::History || blocks.is_some()) {
            return Err(CliError::misuse(format!(
                "`{name}` is a file: only a deployed contract has a history"
            ))
            .hint("give an alias or an address"));
        }
        let live = match (&target.address, what) {
            (Some(address), What::Bounds | What::Power | What::History | What::All) => {
                let state = context.rpc("contract_state", &[json!(address)])?;
                let mut live = live(&target.manifest, &state);
                if looks_back {
                    live.seen = Some(look_back(context, address, blocks.unwrap_or(BLOCKS))?);
                }
                if what == What::Bounds {
                    live.entries = entries(context, address, &target.manifest)?.into_iter().collect();
                }
                Some(live)
            }
            _ => None,
        };
        Ok(Self { target, live })
    }

    fn code_hash(&self) -> Option<String> {
        self.target.code.as_ref().map(|code| tagged(Tag::Code, code).to_string())
    }

    fn json(&self) -> Map<String, Value> {
        Map::from_iter([
            ("contract".to_owned(), json!(self.target.manifest.name.as_str())),
            ("source".to_owned(), json!(self.target.source)),
            ("address".to_owned(), json!(self.target.address)),
            ("manifest_hash".to_owned(), json!(self.target.manifest.hash().to_string())),
            ("code_hash".to_owned(), json!(self.code_hash())),
            ("code_bytes".to_owned(), json!(self.target.code.as_ref().map(Vec::len))),
        ])
    }

    fn page(&self) -> page::Page {
        let fact = |name: &str, value: Option<String>| value.map(|value| (name.to_owned(), value));
        let manifest = &self.target.manifest;
        let doc = (!manifest.doc.is_empty()).then(|| manifest.doc.to_string());
        let code = self.code_hash().zip(self.target.code.as_ref());
        let facts = [
            fact("says", doc),
            fact("address", self.target.address.clone()),
            fact("manifest", Some(manifest.hash().to_string())),
            fact("code", code.map(|(hash, code)| format!("{hash}, {} bytes", code.len()))),
        ];
        page::Page {
            title: format!("contract {}", manifest.name),
            facts: facts.into_iter().flatten().collect(),
            sections: Vec::new(),
        }
    }

    /// One question, as a section and as rows.
    fn look(&self, what: What) -> Result<(page::Section, Value), CliError> {
        let manifest = &self.target.manifest;
        Ok(match what {
            What::Abi => {
                let found = inspect::abi(manifest);
                (page::abi(&found), rows(&found)?)
            }
            What::Machine => {
                let found = inspect::machines(manifest);
                (page::machines(&found), rows(&found)?)
            }
            What::Power => {
                let found = inspect::power(manifest, self.live.as_ref());
                (page::power(&found), rows(&found)?)
            }
            What::Trust => {
                let found = inspect::trust(manifest);
                (page::trust(&found), rows(&found)?)
            }
            What::Bounds => {
                let found = inspect::bounds(manifest, &prices()?, self.live.as_ref());
                (page::bounds(&found), rows(&found)?)
            }
            What::Storage => {
                let found = inspect::storage(manifest);
                (page::storage(&found), rows(&found)?)
            }
            What::Imports => {
                let found = self.imports()?;
                (page::imports(&found), rows(&found)?)
            }
            What::Events => {
                let found = inspect::events(manifest);
                (page::events(&found), rows(&found)?)
            }
            What::Errors => {
                let found = inspect::errors(manifest);
                (page::errors(&found), rows(&found)?)
            }
            What::History => {
                let seen = self.live.as_ref().and_then(|live| live.seen.as_ref());
                let seen = seen.ok_or_else(|| CliError::failed("no blocks were looked at"))?;
                let found = inspect::history(manifest, seen);
                (page::history(&found), rows(&found)?)
            }
            What::Manifest | What::All => {
                let toml = to_toml(manifest).map_err(|error| invalid(&error))?;
                let tree = to_json(manifest).map_err(|error| invalid(&error))?;
                (page::manifest(&toml), json!({"toml": toml, "tree": tree}))
            }
        })
    }

    fn imports(&self) -> Result<inspect::Imports, CliError> {
        match &self.target.code {
            // Rows are many times as long as the bytes they are made of.
            Some(code) if code.len() > CODE_SIZE => Ok(inspect::no_code(
                "the module is larger than the chain takes, so its imports are not listed: `chainstack check` says more",
            )),
            Some(code) => {
                let mut found = inspect::imports(code, &declared)
                    .map_err(|error| CliError::new(Exit::No, format!("the module is refused: {error}")))?;
                match reachability(code) {
                    Ok(code) => found.claims.extend(inspect_code::claims(&self.target.manifest, &code)),
                    Err(error) => remark(&format!("what the code calls is not known: {error}")),
                }
                Ok(found)
            }
            None => Ok(inspect::no_code(
                "there is no code here, only a manifest: inspect a module to see its imports",
            )),
        }
    }
}

/// What a node keeps for a contract. What it keeps and never changed is zero; a role without an entry is nobody's.
fn live(manifest: &Manifest, state: &Value) -> Live {
    let listed = |list: &str, id: &str, value: &str| {
        let rows = state.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let row = |row: &Value| {
            let id = row.get(id).and_then(Value::as_u64).and_then(|id| u16::try_from(id).ok())?;
            Some((id, row.get(value)?.as_str()?.to_owned()))
        };
        rows.iter().filter_map(row).collect::<BTreeMap<u16, String>>()
    };
    let numbers = |list: &str, value: &str, kept: Vec<u16>| {
        let found = listed(list, "cell", value);
        let number = |id: u16| found.get(&id).and_then(|text| text.parse().ok()).unwrap_or(0u128);
        kept.into_iter().map(|id| (id, number(id))).collect::<BTreeMap<u16, u128>>()
    };
    let counted = manifest.cells.iter().filter(|cell| cell.counts()).map(|cell| cell.id).collect();
    let summed =
        inspect::storage(manifest).cells.into_iter().filter(|cell| cell.sum).map(|cell| cell.id).collect();
    let holders = listed("roles", "id", "holder");
    let roles = manifest.roles.iter().filter(|role| matches!(role.kind, RoleKind::Account { .. }));
    Live {
        height: state.get("height").and_then(Value::as_u64).unwrap_or(0),
        counts: numbers("counts", "count", counted),
        sums: numbers("sums", "sum", summed),
        holders: roles.map(|role| (role.id, holders.get(&role.id).cloned())).collect(),
        ..Live::default()
    }
}
