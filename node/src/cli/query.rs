//! `chainstack query`: ask a view of a contract.

use chainstack_primitives::codes;
use serde_json::{Value, json};

use super::{
    Outcome,
    context::Context,
    contract_view::{ContractView, plain, show_account},
    output::Answer,
    send::refusal,
};
use crate::rpc::params::parse_hex;

/// Ask a view of a contract; free, and nothing is signed.
#[derive(clap::Args, Debug)]
pub(super) struct Query {
    /// The contract: an alias or an address.
    contract: String,
    /// The view.
    method: String,
    /// Arguments as name=value.
    arguments: Vec<String>,
    /// Ask at an earlier height.
    #[arg(long)]
    height: Option<u64>,
}

impl Query {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 4 if the contract reverts, 8 if it has no such view.
    pub(super) fn run(self, context: &Context) -> Outcome {
        let view = ContractView::of(context, &self.contract)?;
        let declared =
            view.manifest.view(&self.method).ok_or_else(|| super::call::unknown(&view, &self.method))?;
        let args = view.encode(context, &declared.args, &self.arguments)?;
        let params = [
            json!(show_account(&view.address)),
            json!(self.method),
            json!(format!("0x{}", hex::encode(args))),
            json!(self.height),
        ];
        let answer = context.rpc("contract_query", &params)?;
        let code = answer.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
        let code = code.unwrap_or(codes::OK);
        if code != codes::OK {
            return Err(refusal(code, &answer, Some(&view)));
        }
        let output = answer.get("output").and_then(Value::as_str).and_then(parse_hex).unwrap_or_default();
        let result = view.decode(&declared.returns, &output);
        let json = json!({
            "result": result,
            "gas": answer.get("gas"),
            "height": answer.get("height"),
        });
        Ok(Answer::new(plain(&result), json))
    }
}
