//! What could be done with a contract in the next block, and why the rest could not: asked of the node, worded once for
//! every command that shows it.

use chainstack_primitives::{AccountId, manifest::Field};
use serde_json::{Value, json};

use super::{
    context::Context,
    contract_view::{ContractView, plain, show_account, split_pairs},
    error::{CliError, Exit},
    secret,
};
use crate::rpc::params::parse_hash;

/// What is asked.
#[derive(Default)]
pub(super) struct Asking<'a> {
    /// Who would call or poke.
    pub caller: Option<AccountId>,
    /// Native value that would come along.
    pub value: Option<u128>,
    /// The item it is about: id of its map, and key.
    pub item: Option<(u16, Vec<u8>)>,
    /// One transition, with those of its arguments that are known, in declared order.
    pub method: Option<(&'a str, Vec<Option<Vec<u8>>>)>,
}

/// What the node answers.
pub(super) struct Moves {
    /// Height and time of the block that it holds for.
    pub block: Value,
    /// Transitions and exits with what they ask for.
    pub rows: Vec<Value>,
    /// The escrows of the item, or of the contract, as the node gives them.
    pub escrows: Vec<Value>,
}

impl Moves {
    /// Asks the node about a contract.
    ///
    /// # Errors
    /// What the node says to a question that is none.
    pub(super) fn ask(context: &Context, view: &ContractView, asking: &Asking<'_>) -> Result<Self, CliError> {
        let hex = |bytes: &Vec<u8>| format!("0x{}", hex::encode(bytes));
        let (method, args) = match &asking.method {
            Some((name, args)) => {
                (json!(name), json!(args.iter().map(|arg| arg.as_ref().map(hex)).collect::<Vec<_>>()))
            }
            None => (Value::Null, Value::Null),
        };
        let params = [
            json!(show_account(&view.address)),
            json!(asking.caller.as_ref().map(show_account)),
            json!(asking.item.as_ref().map(|(cell, _)| cell)),
            json!(asking.item.as_ref().map(|(_, key)| hex(key))),
            method,
            args,
            json!(asking.value.map(|value| value.to_string())),
        ];
        let answer = context.rpc("contract_outlook", &params)?;
        let list = |name: &str| answer.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let block = answer.get("block").cloned().unwrap_or_default();
        Ok(Self { block, rows: list("moves"), escrows: list("escrows") })
    }

    /// The row of a transition or exit.
    pub(super) fn find(&self, kind: &str, name: &str) -> Option<&Value> {
        self.rows.iter().find(|row| text(row, "kind") == kind && text(row, "name") == name)
    }

    /// The block that the answer holds for, and who would call, in words.
    pub(super) fn when(&self, caller: Option<&AccountId>) -> String {
        let height = self.block.get("height").map(plain).unwrap_or_default();
        let who = caller.map_or_else(String::new, |account| format!(", called by {}", show_account(account)));
        format!("in the next block, height {height}{who}")
    }

    /// Lines for people, one for each move and reason.
    pub(super) fn lines(&self, indent: &str) -> Vec<String> {
        self.rows.iter().flat_map(|row| lines(row, indent)).collect()
    }
}

/// Whether and why, in words: `yes`, or each reason once.
pub(super) fn verdict(row: &Value) -> (String, Vec<String>) {
    let enabled = text(row, "enabled");
    let mut reasons: Vec<String> = Vec::new();
    if enabled == "yes" {
        return (enabled, reasons);
    }
    let waits = awaits_an_item(row);
    let needs = row.get("needs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for need in needs.iter().filter(|need| text(need, "met") == enabled) {
        let (what, said) = (text(need, "need"), text(need, "text"));
        let reason = match (need.get("name").and_then(Value::as_str), what.as_str()) {
            (Some(name), _) => format!("{name}: {}", people(&said)),
            (None, "item" | "caller") => format!("depends on {said}"),
            // That it depends on the item is told once.
            (None, _) if waits && said == "the item" => continue,
            (None, _) => format!("{what} depends on {said}"),
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    (enabled, reasons)
}

/// A refusal with the accounts that it names as people write them.
fn people(said: &str) -> String {
    let mut shown = said.to_owned();
    for before in ["caller ", "held by "] {
        let mut parts = shown.split(before);
        let mut next = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            next.push_str(before);
            let hash = part.get(..HASH_DIGITS).and_then(parse_hash);
            match (hash, part.get(HASH_DIGITS..)) {
                (Some(hash), Some(rest)) => {
                    next.push_str(&show_account(&AccountId(hash.0)));
                    next.push_str(rest);
                }
                _ => next.push_str(part),
            }
        }
        shown = next;
    }
    shown
}

/// Characters of 32 bytes as `0x` hex.
const HASH_DIGITS: usize = 66;

/// Whether all that is known of a move is that it depends on which item it is.
pub(super) fn awaits_an_item(row: &Value) -> bool {
    let needs = row.get("needs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    needs.iter().any(|need| text(need, "need") == "item" && text(need, "met") == "depends")
}

fn text(row: &Value, field: &str) -> String {
    row.get(field).map(plain).unwrap_or_default()
}

/// Lines of one move.
pub(super) fn lines(row: &Value, indent: &str) -> Vec<String> {
    let (enabled, reasons) = verdict(row);
    let name = match text(row, "kind").as_str() {
        "exit" => format!("exit {}", text(row, "name")),
        _ => text(row, "name"),
    };
    let head = format!("{indent}{name:<18} {enabled:<7}");
    let mut reasons = reasons.into_iter();
    let first = reasons.next().map_or_else(String::new, |reason| format!("  {reason}"));
    let rest = reasons.map(|reason| format!("{indent}{:<18} {:<7}  {reason}", "", ""));
    std::iter::once(format!("{head}{first}").trim_end().to_owned()).chain(rest).collect()
}

/// Those of a method's arguments that are given, in declared order.
///
/// # Errors
/// Exit code 2 for one that is not declared, given twice, or not of its type.
pub(super) fn given_args(
    context: &Context,
    view: &ContractView,
    fields: &[Field],
    arguments: &[String],
) -> Result<Vec<Option<Vec<u8>>>, CliError> {
    let pairs = split_pairs(arguments)?;
    let unknown = |name: &str| {
        let declared: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        CliError::misuse(format!("there is no argument `{name}`")).hint(match declared.is_empty() {
            true => "the method takes none".to_owned(),
            false => format!("there are {}", declared.join(", ")),
        })
    };
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !fields.iter().any(|field| *field.name == **name))
    {
        return Err(unknown(name));
    }
    let one = |field: &Field| {
        let mut texts = pairs.iter().filter(|(name, _)| *field.name == **name).map(|(_, text)| *text);
        let Some(text) = texts.next() else { return Ok(None) };
        if texts.next().is_some() {
            return Err(CliError::misuse(format!("argument `{}` is given twice", field.name)));
        }
        secret::refuse(text)?;
        let encoded =
            chainstack_client::value::encode_text(&view.manifest, &field.ty, text, &context.resolver());
        encoded.map(Some).map_err(|error| CliError::misuse(format!("argument `{}`: {error}", field.name)))
    };
    fields.iter().map(one).collect()
}

/// The contract declares no such exit.
pub(super) fn unknown_exit(view: &ContractView, name: &str) -> CliError {
    let listed: Vec<&str> = view.manifest.exits.iter().map(|exit| exit.name.as_str()).collect();
    let hint = if listed.is_empty() { "it declares none".to_owned() } else { listed.join(", ") };
    CliError::new(Exit::NotFound, format!("the contract declares no exit `{name}`"))
        .hint(format!("exits: {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_once_and_name_accounts_as_people_do() {
        let need = |what: &str, met: &str, name: Value, said: &str| json!({"need": what, "met": met, "name": name, "text": said});
        let waiting = json!({"kind": "exit", "name": "pay", "enabled": "depends", "needs": [
            need("item", "depends", Value::Null, "the item"),
            need("state", "depends", Value::Null, "the item"),
            need("guard", "depends", Value::Null, "the value"),
        ]});
        let expected = ["depends on the item", "guard depends on the value"];
        assert_eq!(verdict(&waiting), ("depends".to_owned(), expected.map(str::to_owned).to_vec()));
        let hash = format!("0x{}", "00".repeat(32));
        let refused = json!({"enabled": "no", "needs": [
            need("caller", "no", json!("WrongCaller"), &format!("caller {hash} found, expected role `a` held by {hash} or role `b` held by nobody")),
        ]});
        let (_, reasons) = verdict(&refused);
        let nobody = show_account(&AccountId::ZERO);
        assert_eq!(
            reasons,
            [format!(
                "WrongCaller: caller {nobody} found, expected role `a` held by {nobody} or role `b` held by nobody"
            )]
        );
    }
}
