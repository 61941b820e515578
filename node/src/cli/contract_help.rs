//! `call CONTRACT --help` and `poke CONTRACT --help`: the help that a deployed contract brings, from its manifest and the
//! node.
//!
//! The static help of both commands is clap's. What stands here is asked only where a contract is named beside `--help`:
//! the command line is then read by a parser of its own, and whatever that does not take is left to the other.

use std::ffi::OsString;

use chainstack_client::inspect::{
    self, ExitRow, FieldRow, MessageRow, MethodKind, MethodRow, StatesRow, WindowRow,
    page::{Block, Page, Section, Table},
};
use chainstack_primitives::{AccountId, manifest::Manifest};
use clap::{Parser, Subcommand};
use serde_json::{Value, json};

use super::{
    Global, Outcome,
    call::unknown,
    context::Context,
    contract_view::{ContractView, show_account},
    error::CliError,
    moves::{Asking, Moves, given_args, unknown_exit, verdict},
    output::Answer,
    state::cell_key,
};

/// A command line that asks a contract for help.
#[derive(Parser, Debug)]
#[command(name = "chainstack", disable_help_flag = true, disable_help_subcommand = true)]
pub(super) struct HelpLine {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    #[command(disable_help_flag = true)]
    Call(CallHelp),
    #[command(disable_help_flag = true)]
    Poke(PokeHelp),
}

#[derive(clap::Args, Debug)]
struct CallHelp {
    contract: String,
    method: Option<String>,
    arguments: Vec<String>,
    #[arg(long)]
    value: Option<u128>,
    #[arg(long)]
    from: Option<String>,
    #[arg(short, long, required = true)]
    help: bool,
}

#[derive(clap::Args, Debug)]
struct PokeHelp {
    contract: String,
    exit: Option<String>,
    item: Vec<String>,
    #[arg(long)]
    from: Option<String>,
    #[arg(short, long, required = true)]
    help: bool,
}

impl HelpLine {
    /// The command line as one that asks a contract for help, if it is one.
    pub(super) fn read(arguments: &[OsString]) -> Option<Self> {
        Self::try_parse_from(arguments).ok()
    }

    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 8 if there is no such contract, method or exit, 7 without a node.
    pub(super) fn run(command: HelpCommand, context: &Context) -> Outcome {
        match command.0 {
            Command::Call(it) => it.run(context),
            Command::Poke(it) => it.run(context),
        }
    }

    /// Its two parts.
    pub(super) fn split(self) -> (Global, HelpCommand) {
        (self.global, HelpCommand(self.command))
    }
}

/// What is asked.
pub(super) struct HelpCommand(Command);

fn caller(context: &Context, from: Option<&String>) -> Result<Option<AccountId>, CliError> {
    from.map(|name| context.account(name)).transpose()
}

impl CallHelp {
    fn run(self, context: &Context) -> Outcome {
        let view = ContractView::of(context, &self.contract)?;
        let caller = caller(context, self.from.as_ref())?;
        let abi = inspect::abi(&view.manifest);
        let mut asking = Asking { caller, value: self.value, ..Asking::default() };
        let method = match &self.method {
            None => None,
            Some(name) => {
                let row = abi.methods.iter().find(|row| row.method == *name);
                let row = row.filter(|row| row.kind != MethodKind::Constructor);
                let row = row.ok_or_else(|| unknown(&view, name))?;
                if let Some(transition) = view.manifest.transition(name) {
                    let args = given_args(context, &view, &transition.args, &self.arguments)?;
                    asking.method = Some((name.as_str(), args));
                }
                Some(row)
            }
        };
        let moves = Moves::ask(context, &view, &asking)?;
        let usage = |row: &str| format!("chainstack call {} {row}", self.contract);
        let (sections, rows) = match method {
            Some(row) if row.kind == MethodKind::View => {
                let usage =
                    format!("chainstack query {} {}{}", self.contract, row.method, placeholders(&row.args));
                (
                    vec![one_method(row, None, &usage, &view.manifest)],
                    json!({"views": [method_json(row, None)]}),
                )
            }
            Some(row) => {
                let found = moves.find("transition", &row.method);
                let usage = usage(&format!("{}{} --from KEY", row.method, placeholders(&row.args)));
                let section = one_method(row, found, &usage, &view.manifest);
                (vec![section], json!({"methods": [method_json(row, found)]}))
            }
            None => overview(&self.contract, &abi, &moves),
        };
        Ok(answer(&view, &moves, caller.as_ref(), sections, rows))
    }
}

impl PokeHelp {
    fn run(self, context: &Context) -> Outcome {
        let view = ContractView::of(context, &self.contract)?;
        let caller = caller(context, self.from.as_ref())?;
        let exits = inspect::abi(&view.manifest).exits;
        let mut asking = Asking { caller, ..Asking::default() };
        let mut shown: Vec<&ExitRow> = exits.iter().collect();
        if let Some(name) = &self.exit {
            let declared = view.manifest.exits.iter().find(|exit| *exit.name == **name);
            let declared = declared.ok_or_else(|| unknown_exit(&view, name))?;
            shown.retain(|row| row.id == declared.id);
            if !self.item.is_empty() {
                let cell = declared.item.and_then(|id| view.manifest.cell(id));
                let cell = cell.ok_or_else(|| {
                    CliError::misuse(format!("exit `{name}` concerns the contract: it takes no item"))
                })?;
                asking.item = Some((cell.id, cell_key(context, &view, &cell.name, &self.item)?.1));
            }
        }
        let moves = Moves::ask(context, &view, &asking)?;
        let mut table = Table::new(&EXIT_HEAD);
        shown
            .iter()
            .for_each(|row| table.push(exit_cells(&self.contract, row, moves.find("exit", &row.name))));
        let rows: Vec<Value> =
            shown.iter().map(|row| with_verdict(json!(row), moves.find("exit", &row.name))).collect();
        let blocks = if shown.is_empty() {
            vec![Block::Text("the contract declares no exit".to_owned())]
        } else {
            vec![Block::Records(table)]
        };
        let sections = vec![Section { title: "Exits".to_owned(), blocks }];
        Ok(answer(&view, &moves, caller.as_ref(), sections, json!({"exits": rows})))
    }
}

const METHOD_HEAD: [&str; 13] = [
    "method", "doc", "enabled", "because", "args", "returns", "caller", "value", "item", "from", "to",
    "window", "guard",
];
const EXIT_HEAD: [&str; 10] =
    ["exit", "doc", "open", "because", "usage", "from", "to", "window", "guard", "effects"];

fn answer(
    view: &ContractView,
    moves: &Moves,
    caller: Option<&AccountId>,
    sections: Vec<Section>,
    rows: Value,
) -> Answer {
    let manifest = &view.manifest;
    let mut facts = Vec::new();
    if !manifest.doc.is_empty() {
        facts.push(("says".to_owned(), manifest.doc.to_string()));
    }
    let address = show_account(&view.address);
    facts.push(("address".to_owned(), address.clone()));
    facts.push(("enabled".to_owned(), moves.when(caller)));
    let page = Page { title: format!("contract {}", manifest.name), facts, sections };
    let mut json = rows;
    if let Some(fields) = json.as_object_mut() {
        fields.insert("contract".to_owned(), json!(manifest.name.as_str()));
        fields.insert("address".to_owned(), json!(address));
        fields.insert("block".to_owned(), moves.block.clone());
    }
    Answer::new(page.to_text(), json)
}

/// Every method and exit.
fn overview(contract: &str, abi: &inspect::Abi, moves: &Moves) -> (Vec<Section>, Value) {
    let of_kind = |kind: MethodKind| abi.methods.iter().filter(move |row| row.kind == kind);
    let section = |title: &str, usage: &str, table: Table| Section {
        title: title.to_owned(),
        blocks: vec![Block::Text(usage.to_owned()), Block::Records(table)],
    };
    let mut sections = Vec::new();
    let (mut methods, mut views, mut exits) =
        (Table::new(&METHOD_HEAD), Table::new(&METHOD_HEAD), Table::new(&EXIT_HEAD));
    for row in of_kind(MethodKind::Transition) {
        methods.push(method_cells(row, moves.find("transition", &row.method)));
    }
    of_kind(MethodKind::View).for_each(|row| views.push(method_cells(row, None)));
    for row in &abi.exits {
        exits.push(exit_cells(contract, row, moves.find("exit", &row.name)));
    }
    if !methods.rows.is_empty() {
        sections.push(section(
            "Methods",
            &format!("chainstack call {contract} METHOD [NAME=VALUE]... --from KEY; METHOD --help shows one, with --from and arguments for these"),
            methods,
        ));
    }
    if !views.rows.is_empty() {
        let usage = format!("chainstack query {contract} VIEW [NAME=VALUE]...");
        sections.push(section("Views", &usage, views));
    }
    if !exits.rows.is_empty() {
        let usage = format!("chainstack poke {contract} EXIT [KEY]... --from KEY, by anybody");
        sections.push(section("Exits", &usage, exits));
    }
    let methods: Vec<Value> = of_kind(MethodKind::Transition)
        .map(|row| method_json(row, moves.find("transition", &row.method)))
        .collect();
    let views: Vec<Value> = of_kind(MethodKind::View).map(|row| method_json(row, None)).collect();
    let exits: Vec<Value> =
        abi.exits.iter().map(|row| with_verdict(json!(row), moves.find("exit", &row.name))).collect();
    (sections, json!({"methods": methods, "views": views, "exits": exits}))
}

/// One method with its errors.
fn one_method(row: &MethodRow, found: Option<&Value>, usage: &str, manifest: &Manifest) -> Section {
    let mut table = Table::new(&METHOD_HEAD);
    table.push(method_cells(row, found));
    let mut blocks = vec![Block::Text(usage.to_owned()), Block::Records(table)];
    let errors: Vec<MessageRow> =
        inspect::errors(manifest).into_iter().filter(|error| row.errors.contains(&error.name)).collect();
    if !errors.is_empty() {
        let mut table = Table::new(&["error", "fields", "doc"]);
        errors
            .iter()
            .for_each(|error| table.push([error.name.clone(), listed(&error.fields), error.doc.clone()]));
        blocks.push(Block::Heading("may revert with".to_owned()));
        blocks.push(Block::Table(table));
    }
    Section { title: "Method".to_owned(), blocks }
}

fn method_cells(row: &MethodRow, found: Option<&Value>) -> Vec<String> {
    let (enabled, because) = cells_of(found);
    let caller = if row.caller == ["any"] { String::new() } else { row.caller.join(" or ") };
    let value = if row.value_max == "0" { String::new() } else { format!("at most {}", row.value_max) };
    vec![
        row.method.clone(),
        row.doc.clone(),
        enabled,
        because,
        listed(&row.args),
        row.returns.clone().unwrap_or_default(),
        caller,
        value.replace("at most any", "any"),
        row.item.clone().unwrap_or_default(),
        states(&row.from),
        states(&row.to),
        row.window.as_ref().map(WindowRow::condition).unwrap_or_default(),
        row.guard.clone().unwrap_or_default(),
    ]
}

fn exit_cells(contract: &str, row: &ExitRow, found: Option<&Value>) -> Vec<String> {
    let (open, because) = cells_of(found);
    let item = if row.item.is_some() { " KEY..." } else { "" };
    vec![
        row.name.clone(),
        row.doc.clone(),
        open,
        because,
        format!("chainstack poke {contract} {}{item} --from KEY", row.name),
        states(&row.from),
        row.to.as_ref().map(|to| states(std::slice::from_ref(to))).unwrap_or_default(),
        row.window.as_ref().map(WindowRow::condition).unwrap_or_default(),
        row.guard.clone().unwrap_or_default(),
        row.effects.join("; "),
    ]
}

fn cells_of(found: Option<&Value>) -> (String, String) {
    found.map_or_else(Default::default, |row| {
        let (enabled, reasons) = verdict(row);
        (enabled, reasons.join("; "))
    })
}

fn method_json(row: &MethodRow, found: Option<&Value>) -> Value {
    with_verdict(json!(row), found)
}

/// The row with `enabled` and `needs`.
fn with_verdict(mut row: Value, found: Option<&Value>) -> Value {
    if let (Some(fields), Some(found)) = (row.as_object_mut(), found) {
        for name in ["enabled", "needs"] {
            fields.insert(name.to_owned(), found.get(name).cloned().unwrap_or_default());
        }
    }
    row
}

fn listed(fields: &[FieldRow]) -> String {
    fields.iter().map(|field| format!("{}: {}", field.name, field.ty)).collect::<Vec<_>>().join(", ")
}

fn placeholders(fields: &[FieldRow]) -> String {
    fields.iter().map(|field| format!(" {}=…", field.name)).collect()
}

fn states(rows: &[StatesRow]) -> String {
    let one = |row: &StatesRow| format!("{}: {}", row.machine, row.states.join(" or "));
    rows.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_read(line: &str) -> bool {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        HelpLine::read(&words).is_some()
    }

    #[test]
    fn only_help_with_a_contract_is_a_contracts_own() {
        for line in [
            "chainstack call shop --help",
            "chainstack call shop -h",
            "chainstack --output json call shop release deal=1 --from //Alice --help",
            "chainstack call --help shop open --value 5",
            "chainstack poke shop pay 1 --help",
        ] {
            assert!(is_read(line), "{line}");
        }
        for line in [
            "chainstack call --help",
            "chainstack call shop release",
            "chainstack call shop release -- --help",
            "chainstack query shop --help",
            "chainstack --help",
            "chainstack help call",
            "chainstack call shop --help --dry-run",
        ] {
            assert!(!is_read(line), "{line}");
        }
    }
}
