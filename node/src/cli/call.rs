//! `chainstack call`: run a method of a contract.

use chainstack_primitives::{Amount, Asset, Call as ChainCall, Invoke, Send};

use super::{Outcome, context::Context, contract_view::ContractView, error::CliError, send::SendOptions};

/// Run a method of a contract: simulate it, show the cost, send it, wait for its block.
///
/// `call CONTRACT --help` asks the node: it shows the contract's methods and which are enabled now, or why not; so does
/// `call CONTRACT METHOD [NAME=VALUE]... --from KEY --help` of one.
///
/// Exits 4 if the contract reverts, 5 out of gas or over a limit, 6 if its machine refuses, 9 if the caller does not
/// hold the role.
#[derive(clap::Args, Debug)]
pub(super) struct Call {
    /// The contract: an alias or an address.
    contract: String,
    /// The method.
    method: String,
    /// Arguments as name=value; accounts as addresses, aliases, key names or //URIs.
    arguments: Vec<String>,
    /// Base units to give along.
    #[arg(long, default_value_t = 0)]
    value: u128,
    /// Asset that the contract may take into an escrow, and how much of it at most: CONTRACT.CELL=MAX. Without it none.
    #[arg(long = "send", value_name = "CONTRACT.CELL=MAX")]
    sends: Vec<String>,
    #[command(flatten)]
    send: SendOptions,
}

impl Call {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 4 if the contract reverts, 5 out of gas or over a limit, 6 refused by the machine, 9 without the role.
    pub(super) fn run(self, context: &Context) -> Outcome {
        let view = ContractView::of(context, &self.contract)?;
        let args = if self.method.starts_with('$') {
            host_owned(&self.method, &self.arguments, context, &view)?
        } else {
            let transition =
                view.manifest.transition(&self.method).ok_or_else(|| unknown(&view, &self.method))?;
            view.encode(context, &transition.args, &self.arguments)?
        };
        let too_long = |error: chainstack_primitives::BoundExceeded| CliError::misuse(error.to_string());
        let call = ChainCall::Invoke(Invoke {
            contract: view.address,
            method: self.method.as_str().try_into().map_err(too_long)?,
            args: args.try_into().map_err(too_long)?,
            value: Amount(self.value),
            sends: consents(context, &self.sends)?.try_into().map_err(too_long)?,
        });
        self.send.send_and_answer(context, call, Some(&view), &format!("{} done", self.method))
    }
}

/// What `--send` options consent to.
fn consents(context: &Context, options: &[String]) -> Result<Vec<Send>, CliError> {
    let read = |option: &String| {
        let malformed = || {
            CliError::misuse(format!("`--send {option}` is not CONTRACT.CELL=MAX"))
                .hint("as in `--send gold.balances=100`; `inspect ADDR storage` lists the cells")
        };
        let (asset, max) = option.split_once('=').ok_or_else(malformed)?;
        let (contract, cell) = asset.rsplit_once('.').ok_or_else(malformed)?;
        let max = max.replace('_', "").parse().map_err(|_| malformed())?;
        let keeper = ContractView::of(context, contract)?;
        let Some(found) = keeper.manifest.cell_named(cell).filter(|cell| cell.asset().is_some()) else {
            let text = format!("`{contract}` declares no asset in a cell `{cell}`");
            return Err(CliError::misuse(text).hint("`inspect ADDR storage` lists the cells"));
        };
        let asset = Asset::Cell { contract: keeper.address, cell: found.id };
        Ok(Send { asset, max: Amount(max) })
    };
    options.iter().map(read).collect()
}

/// The host's own methods take a role, and perhaps an account.
fn host_owned(
    method: &str,
    arguments: &[String],
    context: &Context,
    view: &ContractView,
) -> Result<Vec<u8>, CliError> {
    use parity_scale_codec::Encode as _;
    let pairs = super::contract_view::split_pairs(arguments)?;
    let given = |name: &str| pairs.iter().find(|(found, _)| *found == name).map(|(_, value)| *value);
    let name = given("role").ok_or_else(|| CliError::misuse(format!("{method} needs role=NAME")))?;
    let role = view.manifest.roles.iter().find(|role| &*role.name == name);
    let role = role.ok_or_else(|| CliError::misuse(format!("the contract declares no role `{name}`")))?;
    match method {
        "$role.offer" => {
            let to = given("to").ok_or_else(|| CliError::misuse("$role.offer needs to=ACCOUNT"))?;
            Ok((role.id, context.account(to)?).encode())
        }
        _ => Ok(role.id.encode()),
    }
}

/// The contract declares no such method.
pub(super) fn unknown(view: &ContractView, method: &str) -> CliError {
    let listed: Vec<&str> = view.manifest.methods().map(|name| name.as_str()).collect();
    CliError::new(super::error::Exit::NotFound, format!("the contract declares no method `{method}`"))
        .hint(format!("it declares {}", listed.join(", ")))
}
