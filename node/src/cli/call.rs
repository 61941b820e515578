//! `chainstack call`: run a method of a contract.

use chainstack_primitives::{
    Amount, Asset, Call as ChainCall, Invoke, Send,
    manifest::{
        APPROVE, APPROVE_REVOKE, HOST_METHODS, Manifest, Node, ROLE_ACCEPT, ROLE_ADD, ROLE_OFFER,
        ROLE_REMOVE, ROLE_RENOUNCE, UPGRADE_APPLY, UPGRADE_PROPOSE, UPGRADE_VETO, UPGRADE_WITHDRAW,
        call_hash,
    },
};

use super::{Outcome, context::Context, contract_view::ContractView, error::CliError, send::SendOptions};
use crate::rpc::params::parse_hash;

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
    /// Approve this call instead of making it, as a member of the set of accounts that it needs: arguments and value must
    /// be those that it will be made with.
    #[arg(long)]
    approve: bool,
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
        let done = format!("{} done", self.method);
        if !self.approve {
            let sends = consents(context, &self.sends)?;
            let call = invoke(&view, &self.method, args, Amount(self.value), sends)?;
            return self.send.send_and_answer(context, call, Some(&view), &done);
        }
        if !asks_for_approvals(&view.manifest, &self.method) {
            let text = format!("no set of accounts is asked about `{}`", self.method);
            return Err(CliError::misuse(text).hint("leave --approve out to make the call"));
        }
        let hash = call_hash(&view.address, self.method.as_bytes(), &args, Amount(self.value));
        let call = invoke(&view, APPROVE, hash.0.to_vec(), Amount::ZERO, Vec::new())?;
        self.send.send_and_answer(context, call, Some(&view), &format!("call {hash} approved"))
    }
}

fn invoke(
    view: &ContractView,
    method: &str,
    args: Vec<u8>,
    value: Amount,
    sends: Vec<Send>,
) -> Result<ChainCall, CliError> {
    let too_long = |error: chainstack_primitives::BoundExceeded| CliError::misuse(error.to_string());
    Ok(ChainCall::Invoke(Invoke {
        contract: view.address,
        method: method.try_into().map_err(too_long)?,
        args: args.try_into().map_err(too_long)?,
        value,
        sends: sends.try_into().map_err(too_long)?,
    }))
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

/// Whether a set may have to approve calls of the method: its guard asks for a quorum, or a role acts by it that may be
/// a set.
fn asks_for_approvals(manifest: &Manifest, method: &str) -> bool {
    let quorum = |node: &Node| matches!(node, Node::Quorum(_));
    let by_role = [ROLE_ADD, ROLE_REMOVE, UPGRADE_PROPOSE, UPGRADE_WITHDRAW, UPGRADE_VETO].contains(&method);
    let guarded = manifest.transition(method).and_then(|transition| transition.guard.as_ref());
    by_role || guarded.is_some_and(|guard| guard.iter().any(quorum))
}

/// The host's own methods take a role and perhaps an account, the hash of a call or code, or nothing.
fn host_owned(
    method: &str,
    arguments: &[String],
    context: &Context,
    view: &ContractView,
) -> Result<Vec<u8>, CliError> {
    let pairs = super::contract_view::split_pairs(arguments)?;
    let wanted: &[&str] = match method {
        ROLE_OFFER => &["role", "to"],
        ROLE_ADD | ROLE_REMOVE => &["role", "member"],
        ROLE_ACCEPT | ROLE_RENOUNCE => &["role"],
        APPROVE | APPROVE_REVOKE => &["call"],
        UPGRADE_PROPOSE => &["code"],
        UPGRADE_WITHDRAW | UPGRADE_VETO | UPGRADE_APPLY => &[],
        _ => {
            let error =
                CliError::new(super::error::Exit::NotFound, format!("the host has no method `{method}`"));
            return Err(error.hint(format!("it has {}", HOST_METHODS.join(", "))));
        }
    };
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !wanted.contains(name)) {
        return Err(CliError::misuse(format!("{method} takes no `{name}`")));
    }
    let mut args = Vec::new();
    for name in wanted {
        let given = pairs.iter().find(|(found, _)| found == name).map(|(_, value)| *value);
        let text = given.ok_or_else(|| CliError::misuse(format!("{method} needs {name}={}", meant(name))))?;
        match *name {
            "role" => args.extend(role_id(view, text)?.to_le_bytes()),
            "to" | "member" => args.extend(context.account(text)?.0),
            _ => {
                let hash = parse_hash(text);
                let hash =
                    hash.ok_or_else(|| CliError::misuse(format!("{name}: 0x and 64 digits expected")))?;
                args.extend(hash.0);
            }
        }
    }
    Ok(args)
}

/// What stands behind the name of an argument of the host's own methods.
fn meant(argument: &str) -> &'static str {
    match argument {
        "role" => "NAME",
        "to" | "member" => "ACCOUNT",
        _ => "0xHASH",
    }
}

fn role_id(view: &ContractView, name: &str) -> Result<u16, CliError> {
    let role = view.manifest.roles.iter().find(|role| &*role.name == name);
    role.map(|role| role.id)
        .ok_or_else(|| CliError::misuse(format!("the contract declares no role `{name}`")))
}

/// The contract declares no such method.
pub(super) fn unknown(view: &ContractView, method: &str) -> CliError {
    let listed: Vec<&str> = view.manifest.methods().map(|name| name.as_str()).collect();
    CliError::new(super::error::Exit::NotFound, format!("the contract declares no method `{method}`"))
        .hint(format!("it declares {}", listed.join(", ")))
}
