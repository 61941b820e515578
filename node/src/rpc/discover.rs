//! `rpc.discover`, and the page of all methods: both made of the table.

use serde_json::{Map, Value, json};

use super::{
    methods::{METHODS, Method, NAMED, declared},
    schema::Shape,
};

/// The OpenRPC document of a node, of a development chain or another.
#[must_use]
pub fn document(is_development: bool) -> Value {
    let schemas: Map<String, Value> =
        NAMED.iter().map(|(name, shape)| ((*name).to_owned(), shape.schema())).collect();
    json!({
        "openrpc": "1.3.2",
        "info": {"title": "ChainStack", "version": env!("CARGO_PKG_VERSION")},
        "methods": declared(is_development).map(describe).collect::<Vec<_>>(),
        "components": {"schemas": schemas},
    })
}

fn describe(method: &Method) -> Value {
    let params = method.params.iter().map(|param| {
        json!({
            "name": param.name,
            "description": param.doc,
            "required": !param.optional,
            "schema": param.shape.schema(),
        })
    });
    let mut described = json!({
        "name": method.name,
        "description": method.doc,
        "paramStructure": "by-position",
        "params": params.collect::<Vec<_>>(),
        "result": {"name": "result", "schema": method.result.schema()},
    });
    if let (Some(fields), Some(items)) = (described.as_object_mut(), method.items) {
        let notified = method.name.trim_start_matches("subscribe_").trim_end_matches('s');
        let subscription = json!({
            "notification": notified,
            "unsubscribe": format!("un{}", method.name),
            "item": {"name": "item", "schema": items.schema()},
        });
        fields.insert("x-subscription".to_owned(), subscription);
    }
    described
}

/// What stands on the page before the table.
const HEAD: &str = "# JSON-RPC

Generated from the code (`node/src/rpc/methods.rs`); `rpc.discover` answers the same as an OpenRPC document, with the
schema of each parameter and answer.

JSON-RPC 2.0 over HTTP/1.1 POST and WebSocket on one port (default 9944), beside `GET /metrics` and `GET /health`.
Parameters are positional. Limits, among them how long a connection may be idle, stand on the limits page.

Conventions: hashes and bytes are `0x` hex; amounts are decimal **strings** of base units, heights, nonces, gas and
times in ms numbers; accounts are SS58 text in answers, SS58 or `0x` hex in questions. Errors: `error.code` is
JSON-RPC's own (−32700 … −32600) for malformed requests; −32000 with `error.data = {\"code\", \"name\", \"what\", \"hint\"}`
when the chain refuses, where `code` is the stable code that `chainstack explain` knows; −32001 not found; −32002 no
longer kept; −32602 wrong parameters; −32603 a fault of this node.

A subscription sends everything from its beginning on, in order; one that reads slowly falls behind and loses nothing,
and one that takes nothing for `READER_MS_MAX` is cut off. `reverted` says that blocks above a height were taken back,
which only a development chain does; `ended` is the last item when the node cannot go on, with the place to go on from.
`dev_*` methods exist on development chains only.
";

/// The page, as Markdown.
#[must_use]
pub fn page() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n| method | parameters | answer | commands |\n| --- | --- | --- | --- |\n");
    for method in METHODS {
        let params = method.params.iter().map(|param| {
            let optional = if param.optional { "?" } else { "" };
            match param.shape {
                Shape::Object(_) => format!("{}{optional}: {}", param.name, param.shape.short()),
                _ => format!("{}{optional}", param.name),
            }
        });
        let params = params.collect::<Vec<_>>().join(", ");
        let params = if params.is_empty() { String::new() } else { format!("`[{params}]`") };
        let answer = method.items.unwrap_or(method.result).short();
        let commands = method.commands.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
        let row = format!("| `{}` | {} | `{}` | {commands} |", method.name, cell(&params), cell(&answer));
        text.push_str(row.replace("  ", " ").as_str());
        text.push('\n');
    }
    text.push_str("| `rpc.discover` | | the OpenRPC document | |\n");
    for method in METHODS {
        text.push_str(&format!("\n## `{}`\n\n{}\n", method.name, squeezed(method.doc)));
        if !method.params.is_empty() {
            text.push('\n');
        }
        for param in method.params {
            let optional = if param.optional { ", may be left out" } else { "" };
            let line = format!("- `{}` ({}{optional}): {}\n", param.name, param.shape.short(), param.doc);
            text.push_str(&line);
        }
    }
    text.push_str("\n## Shapes\n\n");
    for (name, shape) in NAMED {
        text.push_str(&format!("- `{name}`: `{}`\n", shape.short()));
    }
    text
}

/// Text inside a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A text of the table without the breaks of its source.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_page_is_what_the_table_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rpc.md");
        if std::env::var_os("CHAINSTACK_UPDATE_GOLDEN").is_some() {
            std::fs::write(path, page()).expect("the page can be written");
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(found == page(), "docs/rpc.md is not what the code says; set CHAINSTACK_UPDATE_GOLDEN=1");
    }

    #[test]
    fn names_are_given_once_and_references_lead_somewhere() {
        let names: BTreeSet<&str> = METHODS.iter().map(|method| method.name).collect();
        assert_eq!(names.len(), METHODS.len());
        let text = document(true).to_string();
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap_or_default();
            assert!(NAMED.iter().any(|(known, _)| *known == name), "{name}");
        }
        assert!(text.contains("\"dev_seal\"") && !document(false).to_string().contains("\"dev_"));
        for method in METHODS {
            let after_first_optional = method.params.iter().skip_while(|param| !param.optional);
            assert!(after_first_optional.clone().all(|param| param.optional), "{}", method.name);
        }
    }
}
