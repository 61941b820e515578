//! `chainstack poke`: take an exit.

use chainstack_primitives::{Call, Poke as ChainPoke};

use super::{
    Outcome, context::Context, contract_view::ContractView, error::CliError, moves::unknown_exit,
    send::SendOptions, state::cell_key,
};

/// Take an exit of a contract: what it pays goes where the contract declares, whoever pokes. No code of it runs.
///
/// `poke CONTRACT --help` asks the node: it shows the contract's exits; with an exit and the key of an item, whether it is
/// open now, or why not.
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
        let exit = exits.iter().find(|exit| *exit.name == *self.exit);
        let exit = exit.ok_or_else(|| unknown_exit(&view, &self.exit))?;
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
