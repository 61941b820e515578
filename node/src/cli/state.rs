//! `chainstack state`: what a contract is and holds now.

use chainstack_client::value;
use chainstack_primitives::{
    AccountId,
    manifest::{Cell, CellKind, ItemBinding, Type, Upgrade},
};
use serde_json::{Value, json};

use super::{
    Outcome,
    context::Context,
    contract_view::{ContractView, plain, show_account, stored_value},
    error::{CliError, Exit},
    escrows::{Escrows, Shown},
    moves::{Asking, Moves, awaits_an_item, lines as move_lines},
    output::{Answer, remark},
    secret,
};
use crate::rpc::params::parse_hex;

/// Most entries of a list, if not told otherwise.
const LIMIT: u16 = 100;
/// Items of each map that an overview shows.
const ITEMS: usize = 20;

/// Show what a contract is and holds now: its parameters, roles, sums and machines, its first items and the state of
/// each, what its escrows and those of the items hold, what could be done in the next block and why the rest could not;
/// or the entries of a cell.
///
/// With a cell and a key it shows one entry; of an item also what its escrows hold and what could be done with it.
#[derive(clap::Args, Debug)]
pub(super) struct State {
    /// The contract: an alias or an address.
    contract: String,
    /// A cell.
    cell: Option<String>,
    /// The key in the cell: one value for each of its key fields; without it, the cell's first entries.
    key: Vec<String>,
    /// At an earlier height: of one entry only.
    #[arg(long)]
    height: Option<u64>,
    /// Who would call or poke: the name of a key, an address, an alias or a //URI [default: not said].
    #[arg(long, value_name = "WHO")]
    from: Option<String>,
    /// Most entries of a list [default: 100].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: Option<u16>,
    /// Go on with a list after this key: what the answer before gave as `next`.
    #[arg(long, value_name = "KEY")]
    after: Option<String>,
}

impl State {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 8 if there is no such contract, cell or entry.
    pub(super) fn run(self, context: &Context) -> Outcome {
        self.check_options()?;
        let view = ContractView::of(context, &self.contract)?;
        let caller = self.from.as_ref().map(|name| context.account(name)).transpose()?;
        match (&self.cell, self.key.is_empty()) {
            (None, _) => overview(context, &view, caller),
            (Some(cell), false) => entry(context, &view, cell, &self.key, self.height, caller),
            (Some(cell), true) => {
                let limit = self.limit.unwrap_or(LIMIT);
                entries(context, &view, cell, self.after.as_deref(), limit)
            }
        }
    }

    /// An option that would change nothing is misuse: whoever gave it would misread the answer.
    fn check_options(&self) -> Result<(), CliError> {
        let lists = self.cell.is_some() && self.key.is_empty();
        let one = !self.key.is_empty();
        if self.height.is_some() && !one {
            return Err(CliError::misuse(
                "--height is for one entry: the node keeps no earlier overviews and lists",
            )
            .hint("give the cell and the key as well"));
        }
        if self.from.is_some() && (lists || self.height.is_some()) {
            return Err(CliError::misuse(
                "--from says who would act now: lists and earlier heights have no answer to it",
            )
            .hint("leave out the cell, or give the key of one item"));
        }
        if (self.limit.is_some() || self.after.is_some()) && !lists {
            return Err(CliError::misuse("--limit and --after are for the list of a cell's entries")
                .hint("give the cell, and no key"));
        }
        Ok(())
    }
}

fn cell_named<'a>(view: &'a ContractView, name: &str) -> Result<&'a Cell, CliError> {
    view.manifest.cell_named(name).ok_or_else(|| {
        let listed: Vec<&str> = view.manifest.cells.iter().map(|cell| cell.name.as_str()).collect();
        CliError::new(Exit::NotFound, format!("the contract declares no cell `{name}`"))
            .hint(format!("it declares {}", listed.join(", ")))
    })
}

/// A cell of a contract and the stored key that `texts` mean: one value for each key field.
///
/// # Errors
/// Exit code 8 if there is no such cell, 2 if the texts are not its key.
pub(super) fn cell_key<'a>(
    context: &Context,
    view: &'a ContractView,
    cell: &str,
    texts: &[String],
) -> Result<(&'a Cell, Vec<u8>), CliError> {
    let cell = cell_named(view, cell)?;
    let fields = cell.key();
    if fields.len() != texts.len() {
        let listed: Vec<String> = fields
            .iter()
            .map(|field| format!("{}: {}", field.name.as_str(), value::type_name(&view.manifest, &field.ty)))
            .collect();
        let text =
            format!("{} key values found, {} expected ({})", texts.len(), fields.len(), listed.join(", "));
        return Err(CliError::misuse(text));
    }
    let misuse = |error: String| CliError::misuse(error);
    let mut parts = Vec::new();
    for (field, text) in fields.iter().zip(texts) {
        if field.ty == Type::Account {
            secret::refuse(text)?;
        }
        let part = value::encode_text(&view.manifest, &field.ty, text, &context.resolver());
        parts.push(part.map_err(|error| misuse(format!("key {}: {error}", field.name.as_str())))?);
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let key = view.manifest.cell_key(cell, &parts).map_err(|error| misuse(error.to_string()))?;
    Ok((cell, key))
}

fn row(view: &ContractView, cell: &Cell, row: &Value) -> Option<(String, Value)> {
    let stored = parse_hex(row.get("key")?.as_str()?)?;
    let value = parse_hex(row.get("value")?.as_str()?)?;
    let fields = view.manifest.key_fields(cell, &stored)?;
    let key = value::decode_fields(&view.manifest, cell.key(), fields, &show_account).ok();
    let key = key.map_or_else(|| json!(format!("0x{}", hex::encode(&stored))), Value::Object);
    let shown = stored_value(&view.manifest, cell, &value);
    let listed = key
        .as_object()
        .map_or_else(|| key.to_string(), |fields| fields.values().map(plain).collect::<Vec<_>>().join(" "));
    let line = format!("{listed}  {}", plain(&shown));
    Some((
        line,
        json!({"key": key, "value": shown, "payer": row.get("payer"), "deposit": row.get("deposit")}),
    ))
}

fn entry(
    context: &Context,
    view: &ContractView,
    cell: &str,
    key: &[String],
    height: Option<u64>,
    caller: Option<AccountId>,
) -> Outcome {
    let (cell, stored) = cell_key(context, view, cell, key)?;
    let key = format!("0x{}", hex::encode(&stored));
    let params = [json!(show_account(&view.address)), json!(cell.id), json!(key), json!(height)];
    let mut found = context.rpc("state_cell", &params)?;
    if found.is_null() {
        return Err(CliError::new(
            Exit::NotFound,
            format!("cell `{}` has no such entry", cell.name.as_str()),
        )
        .hint("without a key, `chainstack state` lists the cell's entries"));
    }
    found["key"] = json!(key);
    let (line, mut json) =
        row(view, cell, &found).ok_or_else(|| CliError::failed("the entry is not as declared"))?;
    if height.is_some() || !has_moves(view, cell) {
        return Ok(Answer::new(line, json));
    }
    let asking = Asking { caller, item: Some((cell.id, stored)), ..Asking::default() };
    let moves = Moves::ask(context, view, &asking)?;
    let (held, escrows) = split(Escrows::new(context, view).show(&moves.escrows)?);
    let mut lines = vec![line];
    lines.extend(held);
    lines.push(format!("{}:", moves.when(caller.as_ref())));
    lines.extend(moves.lines("  "));
    json["block"] = moves.block;
    json["escrows"] = json!(escrows);
    json["moves"] = json!(moves.rows);
    Ok(Answer::new(lines.join("\n"), json))
}

/// Lines and fields of escrows.
fn split(shown: Vec<Shown>) -> (Vec<String>, Vec<Value>) {
    shown.into_iter().map(|Shown { line, json }| (line, json)).unzip()
}

/// Whether a move makes the item that it is bound to.
fn makes_an_item(view: &ContractView, found: &Value) -> bool {
    let name = found.get("name").and_then(Value::as_str).unwrap_or_default();
    let transition = view.manifest.transition(name);
    let is_exit = found.get("kind").and_then(Value::as_str) == Some("exit");
    !is_exit && transition.is_some_and(|one| matches!(one.item, ItemBinding::New { .. }))
}

/// Whether transitions or exits concern the entries of a cell.
fn has_moves(view: &ContractView, cell: &Cell) -> bool {
    let manifest = &view.manifest;
    let bound = |item: &ItemBinding| match item {
        ItemBinding::None => false,
        ItemBinding::Existing { cell: id, .. }
        | ItemBinding::New { cell: id, .. }
        | ItemBinding::Each { cell: id, .. } => *id == cell.id,
    };
    manifest.transitions.iter().any(|transition| bound(&transition.item))
        || manifest.exits.iter().any(|exit| exit.item == Some(cell.id))
}

fn entries(context: &Context, view: &ContractView, cell: &str, after: Option<&str>, limit: u16) -> Outcome {
    if after.is_some_and(|after| parse_hex(after).is_none()) {
        return Err(CliError::misuse("--after takes a key as 0x hex")
            .hint("give what the answer before gave as `next`"));
    }
    let cell = cell_named(view, cell)?;
    let range = |after: Value, limit: u16| {
        let found = context
            .rpc("state_range", &[json!(show_account(&view.address)), json!(cell.id), after, json!(limit)])?;
        Ok::<Vec<Value>, CliError>(found.as_array().cloned().unwrap_or_default())
    };
    let found = range(json!(after), limit)?;
    let last = found.last().and_then(|row| row.get("key")).cloned().unwrap_or_default();
    // A full page may be the last one: one entry more tells.
    let more = found.len() >= usize::from(limit) && !range(last.clone(), 1)?.is_empty();
    let next = if more { last } else { Value::Null };
    let (lines, rows): (Vec<String>, Vec<Value>) =
        found.iter().filter_map(|found| row(view, cell, found)).unzip();
    if more && !context.is_json() {
        remark(&format!("there are more: --after {}", plain(&next)));
    }
    Ok(Answer::new(lines.join("\n"), json!({"cell": cell.name.as_str(), "entries": rows, "next": next})))
}

/// An item as an overview shows it, or the news that there are more.
struct Item {
    line: String,
    held: Vec<String>,
    moves: Vec<Value>,
    json: Option<Value>,
}

/// The first items of each map whose entries something can be done with.
fn items(
    context: &Context,
    view: &ContractView,
    caller: Option<AccountId>,
    names: &mut Escrows<'_>,
) -> Result<Vec<Item>, CliError> {
    let mut shown = Vec::new();
    let maps = view.manifest.cells.iter().filter(|cell| matches!(cell.kind, CellKind::Map(_)));
    for cell in maps.filter(|cell| has_moves(view, cell)) {
        let name = cell.name.as_str();
        let params = [json!(show_account(&view.address)), json!(cell.id), Value::Null, json!(ITEMS + 1)];
        let found = context.rpc("state_range", &params)?;
        let found = found.as_array().cloned().unwrap_or_default();
        for entry in found.iter().take(ITEMS) {
            let stored = entry.get("key").and_then(Value::as_str).and_then(parse_hex);
            let Some(((line, mut json), stored)) = row(view, cell, entry).zip(stored) else { continue };
            let asking = Asking { caller, item: Some((cell.id, stored)), ..Asking::default() };
            let Moves { rows: moves, escrows, .. } = Moves::ask(context, view, &asking)?;
            let (held, escrows) = split(names.show(&escrows)?);
            json["cell"] = json!(name);
            json["escrows"] = json!(escrows);
            json["moves"] = json!(moves);
            shown.push(Item { line: format!("item  {name:<12} {line}"), held, moves, json: Some(json) });
        }
        if found.len() > ITEMS {
            let line =
                format!("item  {name:<12} there are more: `chainstack state CONTRACT {name}` lists them");
            shown.push(Item { line, held: Vec::new(), moves: Vec::new(), json: None });
        }
    }
    Ok(shown)
}

fn overview(context: &Context, view: &ContractView, caller: Option<AccountId>) -> Outcome {
    let state = context.rpc("contract_state", &[json!(show_account(&view.address))])?;
    let manifest = &view.manifest;
    let mut lines = vec![format!("{} {}", manifest.name.as_str(), show_account(&view.address))];
    let params = state.get("params").and_then(Value::as_str).and_then(parse_hex).unwrap_or_default();
    let shown = view.decode_params(&params);
    lines.extend(shown.iter().map(|(name, value)| format!("param {name:<12} {}", plain(value))));
    let rows = |field: &str| state.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    let id = |row: &Value, field: &str| {
        row.get(field).and_then(Value::as_u64).and_then(|id| u16::try_from(id).ok())
    };
    for found in rows("roles") {
        let name = id(&found, "id").and_then(|id| manifest.role(id)).map(|role| role.name.to_string());
        let holder = found.get("holder").map(plain).unwrap_or_default();
        lines.push(format!("role  {:<12} {holder}", name.unwrap_or_default()));
    }
    for found in rows("machines") {
        let Some(machine) = id(&found, "id").and_then(|id| manifest.machine(id)) else { continue };
        let state = found.get("state").and_then(Value::as_u64);
        let state = machine.states.iter().find(|declared| Some(u64::from(declared.id)) == state);
        let name = state.map_or_else(String::new, |state| state.name.to_string());
        lines.push(format!("state {:<12} {name}", machine.name.as_str()));
    }
    for (list, what) in [("sums", "sum"), ("counts", "count")] {
        for found in rows(list) {
            let name = id(&found, "cell").and_then(|id| manifest.cell(id)).map(|cell| cell.name.to_string());
            lines.push(format!(
                "{what:<5} {:<12} {}",
                name.unwrap_or_default(),
                found.get(what).map(plain).unwrap_or_default()
            ));
        }
    }
    lines.extend(rows("sets").iter().map(|found| {
        let name = id(found, "id").and_then(|id| manifest.role(id)).map(|role| role.name.to_string());
        let members = found.get("members").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let members: Vec<String> = members.iter().map(plain).collect();
        format!("set   {:<12} {}", name.unwrap_or_default(), members.join(", "))
    }));
    lines.extend(approved_calls(&rows("approvals")));
    lines.extend(pending_upgrade(&manifest.upgrade, &state));
    let mut json = state;
    json["params"] = Value::Object(shown);
    let moves = Moves::ask(context, view, &Asking { caller, ..Asking::default() })?;
    let mut names = Escrows::new(context, view);
    let (held, escrows) = split(names.show(&moves.escrows)?);
    let items = items(context, view, caller, &mut names)?;
    lines.extend(held);
    lines.push(format!("{}:", moves.when(caller.as_ref())));
    // What awaits an item is told with each of them, but for what makes a new one.
    let told = |found: &&Value| !awaits_an_item(found) || items.is_empty() || makes_an_item(view, found);
    for found in moves.rows.iter().filter(told) {
        lines.extend(move_lines(found, "  "));
    }
    let mut rows = Vec::new();
    for Item { line, held, moves, json } in items {
        lines.push(line);
        lines.extend(held.into_iter().map(|line| format!("  {line}")));
        lines.extend(moves.iter().flat_map(|found| move_lines(found, "  ")));
        rows.extend(json);
    }
    json["block"] = moves.block;
    json["escrows"] = json!(escrows);
    json["moves"] = json!(moves.rows);
    json["items"] = json!(rows);
    Ok(Answer::new(lines.join("\n"), json))
}

/// Each call that somebody approved: its hash, how many did, and when.
fn approved_calls(approvals: &[Value]) -> Vec<String> {
    let call = |row: &Value| row.get("call").map(plain).unwrap_or_default();
    let calls = approvals.chunk_by(|one, next| call(one) == call(next));
    let line = |rows: &[Value]| {
        let by = rows.iter().map(|row| {
            let field = |name: &str| row.get(name).map(plain).unwrap_or_default();
            format!("{} at {}", field("member"), field("height"))
        });
        let by: Vec<String> = by.collect();
        format!(
            "call  {} approved {} times: {}",
            rows.first().map(call).unwrap_or_default(),
            rows.len(),
            by.join(", ")
        )
    };
    calls.map(line).collect()
}

/// The code that is proposed, and from when on it can be applied.
fn pending_upgrade(policy: &Upgrade, state: &Value) -> Option<String> {
    let proposal = state.get("upgrade").filter(|upgrade| !upgrade.is_null())?;
    let Upgrade::Gated { delay_blocks, .. } = policy else { return None };
    let field = |name: &str| proposal.get(name).map(plain).unwrap_or_default();
    let ripe = proposal.get("proposed").and_then(Value::as_u64)?.saturating_add(u64::from(*delay_blocks));
    let (code, by, at) = (field("code"), field("proposer"), field("proposed"));
    Some(format!("upgrade to {code} proposed by {by} at {at}: can be applied from height {ripe} on"))
}
