//! `chainstack events`: what contracts announced.

use std::{thread::sleep, time::Duration};

use serde_json::{Value, json};

use super::{
    Outcome,
    context::Context,
    contract_view::{ContractView, event_line, plain, show_account},
    output::Answer,
};

/// Pause between two looks, in milliseconds.
const LOOK_MS: u64 = 300;

/// Show the events of a contract, oldest first.
#[derive(clap::Args, Debug)]
pub(super) struct Events {
    /// The contract: an alias or an address.
    contract: String,
    /// Only events of this name.
    #[arg(long)]
    name: Option<String>,
    /// From this height on.
    #[arg(long)]
    from_height: Option<u64>,
    /// Up to this height.
    #[arg(long)]
    to_height: Option<u64>,
    /// Go on with new events until interrupted; prints each as it comes.
    #[arg(long)]
    follow: bool,
}

impl Events {
    /// Runs the command.
    ///
    /// # Errors
    /// If the node does not answer.
    pub(super) fn run(self, context: &Context) -> Outcome {
        let view = ContractView::of(context, &self.contract)?;
        let id = match &self.name {
            None => None,
            Some(name) => {
                let declared = view.manifest.events.iter().find(|event| event.name.as_str() == name);
                let missing =
                    || super::error::CliError::misuse(format!("the contract declares no event `{name}`"));
                Some(declared.ok_or_else(missing)?.id)
            }
        };
        let mut filter = json!({"contract": show_account(&view.address)});
        for (field, value) in
            [("event", json!(id)), ("from", json!(self.from_height)), ("to", json!(self.to_height))]
        {
            if !value.is_null() {
                filter[field] = value;
            }
        }
        let mut all = Vec::new();
        loop {
            // The height first: what is asked up to it cannot grow meanwhile.
            let head = height(context)?;
            if self.follow {
                filter["to"] = json!(self.to_height.map_or(head, |last| last.min(head)));
            }
            let page = context.rpc("event_query", std::slice::from_ref(&filter))?;
            for event in page.get("events").and_then(Value::as_array).into_iter().flatten() {
                let mut event = event.clone();
                view.word_event(&mut event);
                all.push(event);
            }
            if self.follow {
                print_all(context, &mut all)?;
            }
            // A page may be short or empty and not the last: the node reads a bounded part of the chain for each.
            match page.get("next") {
                Some(next) if !next.is_null() => filter["after"] = next.clone(),
                _ if self.follow && self.to_height.is_none_or(|last| head < last) => {
                    filter["after"] = json!([head.saturating_add(1), 0, 0]);
                    wait_for(context, head.saturating_add(1))?;
                }
                _ => break,
            }
        }
        if self.follow {
            return Ok(Answer::empty());
        }
        let lines: Vec<String> = all.iter().map(line).collect();
        Ok(Answer::new(lines.join("\n"), json!({"events": all})))
    }
}

/// Height, event, and the id that `tx show` takes.
fn line(event: &Value) -> String {
    let height = event.get("height").map(plain).unwrap_or_default();
    let id = event.get("transaction_id").map(plain).unwrap_or_default();
    format!("{height:>8}  {}  {id}", event_line(event))
}

fn print_all(context: &Context, events: &mut Vec<Value>) -> Result<(), super::error::CliError> {
    for event in events.drain(..) {
        let answer = Answer::new(line(&event), event);
        answer.print(context.format())?;
    }
    Ok(())
}

/// The chain's height.
fn height(context: &Context) -> Result<u64, super::error::CliError> {
    let status = context.rpc("chain_status", &[])?;
    Ok(status.get("height").and_then(Value::as_u64).unwrap_or(0))
}

/// Waits until the chain has a block at `wanted`.
fn wait_for(context: &Context, wanted: u64) -> Result<(), super::error::CliError> {
    while height(context)? < wanted {
        pause();
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a poll of another process pauses between two looks")]
fn pause() {
    sleep(Duration::from_millis(LOOK_MS));
}
