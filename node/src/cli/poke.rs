//! `chainstack poke`: take an exit.

use chainstack_primitives::{Call, Poke as ChainPoke};

use super::{
    Outcome,
    context::Context,
    contract_view::ContractView,
    error::{CliError, Exit},
    send::SendOptions,
    state::cell_key,
};

/// Take an exit of a contract: what it pays goes where the contract declares, whoever pokes. No code of it runs.
///
/// Exits 6 if the exit may not be taken now.
#[derive(clap::Args, Debug)]
pub(super) struct Poke {
    /// The contract: an alias or an address.
    contract: String,
    /// The exit.
    exit: String,
    /// The item it concerns: one value for each field of its key.
    item: Vec<String>,
    #[command(flatten)]
    send: SendOptions,
}

impl Poke {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 8 if the contract declares no such exit, 6 if it may not be taken now.
    pub(super) fn run(self, context: &Context) -> Outcome {
        let view = ContractView::of(context, &self.contract)?;
        let exits = &view.manifest.exits;
        let Some(exit) = exits.iter().find(|exit| *exit.name == *self.exit) else {
            let listed: Vec<&str> = exits.iter().map(|exit| exit.name.as_str()).collect();
            let text = format!("the contract declares no exit `{}`", self.exit);
            let hint = if listed.is_empty() { "it declares none".to_owned() } else { listed.join(", ") };
            return Err(CliError::new(Exit::NotFound, text).hint(format!("exits: {hint}")));
        };
        let item = match exit.item.and_then(|id| view.manifest.cell(id)) {
            Some(cell) => cell_key(context, &view, &cell.name, &self.item)?.1,
            None if self.item.is_empty() => Vec::new(),
            None => {
                let text = format!("exit `{}` concerns the contract: it takes no item", self.exit);
                return Err(CliError::misuse(text));
            }
        };
        let too_long = |error: chainstack_primitives::BoundExceeded| CliError::misuse(error.to_string());
        let call = Call::Poke(ChainPoke {
            contract: view.address,
            exit: exit.id,
            item: item.try_into().map_err(too_long)?,
        });
        self.send.send_and_answer(context, call, Some(&view), &format!("{} taken", self.exit))
    }
}
