//! Sections of a page, one for each question, made of its rows.

use super::{Block, Section, Table};
use crate::inspect::{
    Abi, ActorRow, Bounds, CellRow, Claim, Evidence, Imports, MachineRow, Machines, Matrix, MessageRow,
    MethodRow, Part, Power, Storage, Trust,
    machines::target,
    notation::{listed, states_text},
};

pub(super) fn section(title: &str, blocks: Vec<Block>) -> Section {
    Section { title: title.to_owned(), blocks }
}

fn some(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

pub(super) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Block {
    let mut table = Table::new(head);
    rows.into_iter().for_each(|row| table.push(row));
    Block::Table(table)
}

fn records(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Block {
    match table(head, rows) {
        Block::Table(found) => Block::Records(found),
        other => other,
    }
}

pub(super) fn titled(blocks: &mut Vec<Block>, title: &str, claims: &[Claim]) {
    if !claims.is_empty() {
        blocks.push(Block::Heading(title.to_owned()));
        blocks.push(Block::Claims(claims.to_vec()));
    }
}

/// What the words beside claims mean.
#[must_use]
pub fn legend() -> Section {
    let claims = Evidence::LEGEND.map(|(evidence, text)| Claim { evidence, text: text.to_owned() });
    section("Evidence", vec![Block::Claims(claims.to_vec())])
}

/// What may be called.
#[must_use]
pub fn abi(abi: &Abi) -> Section {
    let mut blocks = Vec::new();
    if !abi.params.is_empty() {
        blocks.push(Block::Heading("parameters".to_owned()));
        let rows = abi.params.iter().map(|param| {
            let default = param.default.as_ref();
            let default =
                default.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            let range = match (&param.min, &param.max) {
                (Some(min), Some(max)) => format!("{min} to {max}"),
                _ => String::new(),
            };
            vec![param.name.clone(), param.ty.clone(), range, default.unwrap_or_default(), param.doc.clone()]
        });
        blocks.push(table(&["parameter", "type", "range", "default", "doc"], rows));
    }
    blocks.push(Block::Heading("methods".to_owned()));
    let head = [
        "method", "kind", "doc", "args", "returns", "caller", "value", "item", "from", "to", "window",
        "guard", "touches", "sends", "escrows", "calls", "notifies", "re-entry", "errors", "events",
        "at most",
    ];
    blocks.push(records(&head, abi.methods.iter().map(method)));
    if !abi.exits.is_empty() {
        blocks.push(Block::Heading("exits, run by the host when anybody pokes".to_owned()));
        let rows = abi.exits.iter().map(|exit| {
            vec![
                exit.name.clone(),
                exit.id.to_string(),
                exit.doc.clone(),
                some(exit.item.as_ref()),
                states_text(&exit.from),
                exit.to.as_ref().map(|to| states_text(std::slice::from_ref(to))).unwrap_or_default(),
                exit.window.as_ref().map(super::super::WindowRow::condition).unwrap_or_default(),
                some(exit.guard.as_ref()),
                exit.effects.join("; "),
                some(exit.event.as_ref()),
            ]
        });
        let head = ["exit", "id", "doc", "item", "from", "to", "window", "guard", "effects", "event"];
        blocks.push(records(&head, rows));
    }
    let mut claims = vec![Claim::enforced(
        "caller, states, window, guard, value, arguments and ceilings are checked by the host",
    )];
    if !abi.host_methods.is_empty() {
        claims.push(Claim::enforced(format!("the host itself answers {}", abi.host_methods.join(", "))));
    }
    blocks.push(Block::Claims(claims));
    section("Interface", blocks)
}

fn method(method: &MethodRow) -> Vec<String> {
    let ceilings = &method.ceilings;
    let counted = [
        (ceilings.reads, "reads"),
        (ceilings.writes, "writes"),
        (ceilings.new_entries, "new entries"),
        (ceilings.events, "events"),
    ];
    let counted =
        counted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
    let late = method.window.as_ref().and_then(|window| window.exit.as_ref());
    let window = method.window.as_ref().map(super::super::WindowRow::condition).unwrap_or_default();
    let touches = method.touches.as_ref();
    let value = match method.value_max.as_str() {
        "0" => String::new(),
        "any" => "any".to_owned(),
        most => format!("at most {most}"),
    };
    let reenter = if method.reenter == "none" { "" } else { method.reenter };
    vec![
        method.method.clone(),
        method.kind.name().to_owned(),
        method.doc.clone(),
        listed(&method.args),
        some(method.returns.as_ref()),
        method.caller.join(" or "),
        value,
        some(method.item.as_ref()),
        states_text(&method.from),
        states_text(&method.to),
        window + &late.map(|exit| format!(", then exit {exit}")).unwrap_or_default(),
        some(method.guard.as_ref()),
        touches.map_or_else(|| "any own cell".to_owned(), |touches| touches.join("; ")),
        method.sends.iter().map(|send| format!("at most {send}")).collect::<Vec<_>>().join("; "),
        method.escrows.join("; "),
        method.calls.join("; "),
        method.notifies.join("; "),
        reenter.to_owned(),
        method.errors.join(", "),
        method.emits.join(", "),
        format!("{} gas{}", ceilings.gas, counted.collect::<String>()),
    ]
}

/// The manifest as it is written, with its hash.
#[must_use]
pub fn manifest(toml: &str) -> Section {
    section("Manifest", vec![Block::Code { language: "toml", text: toml.to_owned() }])
}

/// States and what moves between them.
#[must_use]
pub fn machines(machines: &Machines) -> Section {
    let mut blocks: Vec<Block> = machines.machines.iter().flat_map(machine).collect();
    if !machines.free.is_empty() {
        blocks.push(Block::Text(format!("held back by no state: {}", machines.free.join(", "))));
    }
    titled(&mut blocks, "what follows", &machines.claims);
    section("Machines", blocks)
}

fn machine(machine: &MachineRow) -> Vec<Block> {
    let of = machine
        .cell
        .as_ref()
        .map_or_else(|| "of the contract".to_owned(), |cell| format!("of each item of {cell}"));
    let states = machine.states.iter().map(|state| {
        let marks =
            [(state.initial, "initial"), (state.terminal, "terminal"), (!state.reachable, "never reached")];
        let marks: Vec<&str> = marks.iter().filter(|(there, _)| *there).map(|(_, mark)| *mark).collect();
        if marks.is_empty() { state.name.clone() } else { format!("{} ({})", state.name, marks.join(", ")) }
    });
    let mut blocks = vec![Block::Heading(format!("machine {} {of}", machine.name))];
    if !machine.doc.is_empty() {
        blocks.push(Block::Text(machine.doc.clone()));
    }
    blocks.push(Block::Text(format!("states: {}", states.collect::<Vec<_>>().join(", "))));
    blocks.push(Block::Diagram(Box::new(machine.clone())));
    let rows = (1u32..).zip(&machine.arrows).map(|(number, arrow)| {
        let exit = arrow.kind == crate::inspect::ArrowKind::Exit;
        vec![
            number.to_string(),
            target(machine, arrow.from, "(new)"),
            if exit { "-->" } else { "->" }.to_owned(),
            target(machine, arrow.to, "(removed)"),
            if exit { format!("exit {}", arrow.label()) } else { arrow.label() },
        ]
    });
    blocks.push(table(&["#", "from", "way", "to", "by"], rows));
    blocks
}

/// How large it can get.
#[must_use]
pub fn bounds(bounds: &Bounds) -> Section {
    let mut blocks = vec![Block::Heading("one call, at most".to_owned())];
    let rows = bounds.methods.iter().map(|method| {
        vec![
            method.method.clone(),
            method.gas.to_string(),
            method.reads.to_string(),
            method.writes.to_string(),
            method.new_entries.to_string(),
            method.events.to_string(),
            method.items.to_string(),
            method.args_max_bytes.to_string(),
            method.returns_max_bytes.to_string(),
            method.value_max.clone(),
            method.deposit_max.clone().unwrap_or_else(|| "too great".to_owned()),
        ]
    });
    let head = [
        "method",
        "gas",
        "reads",
        "writes",
        "new",
        "events",
        "items",
        "args B",
        "returns B",
        "value",
        "deposit",
    ];
    blocks.push(table(&head, rows));
    blocks.extend(super::seen::high_water(bounds));
    blocks.push(Block::Heading("cells, at most".to_owned()));
    let unbounded = |text: Option<&String>| text.cloned().unwrap_or_else(|| "not bounded".to_owned());
    let asked = bounds.height.is_some();
    let rows = bounds.cells.iter().map(|cell| {
        let entries = cell.max_entries.map(|most| most.to_string());
        let live = |found: &Option<String>| match (found, asked) {
            (Some(found), _) => found.clone(),
            (None, true) => "not kept".to_owned(),
            (None, false) => String::new(),
        };
        let read = |found: &Option<String>| {
            let more = if cell.more == Some(true) { " or more" } else { "" };
            found.as_ref().map(|found| format!("{found}{more}"))
        };
        let entries_now = cell.entries.clone().or_else(|| read(&cell.entries_read));
        let mut row = vec![
            cell.cell.clone(),
            cell.entry_max_bytes.to_string(),
            unbounded(cell.entry_deposit.as_ref()),
            unbounded(entries.as_ref()),
            unbounded(cell.max_bytes.as_ref()),
            unbounded(cell.max_deposit.as_ref()),
        ];
        if asked {
            row.extend([
                live(&entries_now),
                read(&cell.deposit_read).unwrap_or_else(|| "not read".to_owned()),
                live(&cell.sum),
            ]);
        }
        row
    });
    let mut head = vec!["cell", "entry B", "entry deposit", "entries", "bytes", "deposit"];
    if asked {
        head.extend(["entries now", "deposit now", "sum now"]);
    }
    blocks.push(table(&head, rows));
    if let Some(height) = bounds.height {
        blocks.push(Block::Text(format!("live values at height {height}")));
    }
    titled(&mut blocks, "what follows", &bounds.claims);
    section("Bounds", blocks)
}

/// What is stored.
#[must_use]
pub fn storage(storage: &Storage) -> Section {
    let mut blocks: Vec<Block> = storage.cells.iter().flat_map(cell).collect();
    if blocks.is_empty() {
        blocks.push(Block::Text("nothing is stored".to_owned()));
    }
    section("Storage", blocks)
}

fn cell(cell: &CellRow) -> Vec<Block> {
    let mut marks = Vec::new();
    if cell.sum {
        marks.push("sum kept".to_owned());
    }
    if cell.count {
        marks.push("count kept".to_owned());
    }
    if let Some(most) = cell.max_entries {
        marks.push(format!("at most {most} entries"));
    }
    if let Some(machine) = &cell.machine {
        marks.push(format!("machine {machine} in the first byte"));
    }
    if let Some(asset) = &cell.asset {
        marks.push(format!("{} asset", asset.kind));
        marks.extend(asset.on_move.as_ref().map(|event| format!("moves announce {event}")));
        marks.extend(asset.escrow_when.as_ref().map(|rule| format!("escrowed only when {rule}")));
        marks.extend(asset.release_when.as_ref().map(|rule| format!("released only when {rule}")));
    }
    if let Some(escrow) = &cell.escrow {
        let of = escrow
            .item
            .as_ref()
            .map_or_else(|| "the contract".to_owned(), |item| format!("each item of {item}"));
        let what = if escrow.unique { "unique assets" } else { "amounts" };
        marks.push(format!("holds {what} of {} for {of}", escrow.asset));
    }
    let mut blocks = vec![Block::Heading(format!("cell {} {}: {}", cell.id, cell.name, cell.kind))];
    if !cell.doc.is_empty() {
        blocks.push(Block::Text(cell.doc.clone()));
    }
    if !marks.is_empty() {
        blocks.push(Block::Text(marks.join("; ")));
    }
    let row = |place: &str, part: &Part| {
        let marks =
            [(part.write_once, "write-once"), (part.sum, "sum"), (part.clear_on_move, "cleared on move")];
        let marks: Vec<&str> = marks.iter().filter(|(there, _)| *there).map(|(_, mark)| *mark).collect();
        vec![
            format!("{place}.{}", part.name),
            part.ty.clone(),
            part.offset.map_or_else(|| "varies".to_owned(), |offset| offset.to_string()),
            part.size.map_or_else(|| format!("at most {}", part.max), |size| size.to_string()),
            marks.join(", "),
        ]
    };
    let key = cell.key.iter().map(|part| row("key", part));
    let rows: Vec<Vec<String>> = key.chain(cell.value.iter().map(|part| row("value", part))).collect();
    if !rows.is_empty() {
        blocks.push(table(&["part", "type", "offset", "bytes", "marks"], rows));
    }
    blocks
}

/// What the code asks of the host.
#[must_use]
pub fn imports(imports: &Imports) -> Section {
    let mut blocks = Vec::new();
    if let Some(rows) = &imports.imports {
        let rows = rows.iter().map(|row| {
            let place = format!("{}.{}", row.module, row.name);
            vec![place, row.kind.to_owned(), row.status.to_owned(), row.doc.clone()]
        });
        blocks.push(table(&["import", "kind", "status", "what it does"], rows));
    }
    blocks.push(Block::Claims(imports.claims.clone()));
    section("Imports", blocks)
}

fn messages(title: &str, none: &str, rows: &[MessageRow]) -> Section {
    if rows.is_empty() {
        return section(title, vec![Block::Text(none.to_owned())]);
    }
    let rows = rows.iter().map(|row| {
        vec![
            row.name.clone(),
            row.id.to_string(),
            listed(&row.fields),
            row.max_bytes.to_string(),
            row.by.join(", "),
            row.doc.clone(),
        ]
    });
    section(title, vec![table(&["name", "id", "fields", "bytes at most", "by", "doc"], rows)])
}

/// The events.
#[must_use]
pub fn events(rows: &[MessageRow]) -> Section {
    messages("Events", "no event is declared", rows)
}

/// The errors.
#[must_use]
pub fn errors(rows: &[MessageRow]) -> Section {
    messages("Errors", "no error is declared", rows)
}

/// Who can do what.
#[must_use]
pub fn power(power: &Power) -> Section {
    let mut blocks: Vec<Block> = power.matrices.iter().flat_map(matrix).collect();
    blocks.push(Block::Text(
        "a role has what anybody has as well; `guard` and `window` mark what else must hold".to_owned(),
    ));
    for actor in &power.actors {
        blocks.extend(of_actor(actor));
    }
    section("Power", blocks)
}

fn matrix(matrix: &Matrix) -> Vec<Block> {
    let title = match &matrix.machine {
        Some(machine) => format!("who can take what in which state of {machine} ({})", matrix.evidence),
        None => format!("who can take what ({})", matrix.evidence),
    };
    let head: Vec<&str> = std::iter::once("actor").chain(matrix.states.iter().map(String::as_str)).collect();
    let rows = matrix.rows.iter().map(|row| {
        let cells = row.cells.iter().map(|abilities| {
            let texts: Vec<String> = abilities.iter().map(crate::inspect::Ability::text).collect();
            texts.join(", ")
        });
        std::iter::once(row.actor.clone()).chain(cells).collect()
    });
    vec![Block::Heading(title), table(&head, rows)]
}

fn of_actor(actor: &ActorRow) -> Vec<Block> {
    let holder = actor.holder.as_ref().map(|holder| format!("; now {holder}")).unwrap_or_default();
    let mut blocks = vec![Block::Heading(format!("{}: {}{holder}", actor.actor, actor.held))];
    let parts = [
        ("moves value", &actor.value),
        ("moves machines", &actor.machines),
        ("changes storage", &actor.fields),
        ("changes roles", &actor.roles),
        ("upgrades", &actor.upgrade),
        ("extracts alone, at most", &actor.extracts),
    ];
    for (title, claims) in parts {
        if !claims.is_empty() {
            blocks.push(Block::Text(format!("{title}:")));
            blocks.push(Block::Claims(claims.clone()));
        }
    }
    blocks
}

/// What it believes without proof.
#[must_use]
pub fn trust(trust: &Trust) -> Section {
    let mut blocks = vec![Block::Claims(trust.claims.clone())];
    if !trust.callees.is_empty() {
        blocks.push(Block::Heading("other contracts".to_owned()));
        let rows = trust.callees.iter().map(|callee| {
            vec![
                callee.method.clone(),
                callee.how.to_owned(),
                callee.contract.clone(),
                callee.callee.clone().unwrap_or_else(|| "any".to_owned()),
                callee.value_max.clone(),
                callee.count_max.to_string(),
                callee.reenter.to_owned(),
                callee.evidence.to_string(),
            ]
        });
        let head = ["method", "how", "contract", "callee", "value", "times", "re-entry", "what it does is"];
        blocks.push(table(&head, rows));
    }
    if !trust.clocks.is_empty() {
        blocks.push(Block::Heading("clocks".to_owned()));
        let rows = trust.clocks.iter().map(|used| {
            vec![used.name.clone(), used.part.to_owned(), used.clock.to_owned(), used.evidence.to_string()]
        });
        blocks.push(table(&["by", "in", "clock", "the clock is"], rows));
    }
    if !trust.oracles.is_empty() {
        blocks.push(Block::Heading("roles that decide what rules read".to_owned()));
        let rows = trust.oracles.iter().map(|oracle| {
            vec![
                oracle.role.clone(),
                oracle.writes.clone(),
                oracle.by.join(", "),
                oracle.read_by.join(", "),
                oracle.evidence.to_string(),
            ]
        });
        blocks.push(table(&["role", "writes", "by", "read by", "that it is true is"], rows));
    }
    if !trust.foreign_assets.is_empty() {
        blocks.push(Block::Heading("assets of other contracts".to_owned()));
        let rows = trust
            .foreign_assets
            .iter()
            .map(|asset| vec![asset.asset.clone(), asset.named_by.clone(), asset.evidence.to_string()]);
        blocks.push(table(&["asset", "named by", "its books are"], rows));
    }
    section("Trust", blocks)
}
