//! `chainstack dev seal`, `warp`, `snapshot`, `revert`, `fund`: what only a development chain lets one do.

use serde_json::{Value, json};

use super::{
    Outcome,
    account::parse_amount,
    context::Context,
    contract_view::show_account,
    error::CliError,
    output::Answer,
    send::{coins, refusal, wait},
};
use crate::rpc::params::parse_hash;

/// Commands to a development chain that runs already.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Control {
    /// Seal a block now, empty or not.
    Seal {},
    /// Move the chain's clock: the next block is at least so much later.
    Warp {
        /// How much: a number and ms, s, m, h or d, such as 90s or 1h30m.
        #[arg(value_parser = parse_duration_ms)]
        duration: u64,
    },
    /// Name the chain's present state, for `dev revert`.
    Snapshot {},
    /// Go back to a snapshot: later blocks are gone.
    Revert {
        /// What `dev snapshot` printed.
        snapshot: u64,
    },
    /// Give coins out of the faucet.
    Fund {
        /// Who receives.
        account: String,
        /// How much: CSK such as 1.5, or base units such as 1500u.
        amount: String,
    },
}

impl Control {
    /// Runs the command against the node.
    ///
    /// # Errors
    /// Exit code 8 if the snapshot is of no block; 1 if the chain is no development chain.
    pub(super) fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Seal {} => {
                let sealed = context.rpc("dev_seal", &[])?;
                Ok(Answer::new(format!("block {}", field(&sealed, "height")), sealed))
            }
            Self::Warp { duration } => {
                let warped = context.rpc("dev_warp", &[json!(duration)])?;
                let time = field(&warped, "time_ms");
                Ok(Answer::new(format!("the next block is at {time} ms or later"), warped))
            }
            Self::Snapshot {} => {
                let snapshot = context.rpc("dev_snapshot", &[])?;
                Ok(Answer::new(field(&snapshot, "snapshot").to_string(), snapshot))
            }
            Self::Revert { snapshot } => {
                let reverted = context.rpc("dev_revert", &[json!(snapshot)])?;
                Ok(Answer::new(format!("back at block {}", field(&reverted, "height")), reverted))
            }
            Self::Fund { account, amount } => fund(context, &account, &amount),
        }
    }
}

fn field(answer: &Value, name: &str) -> Value {
    answer.get(name).cloned().unwrap_or_default()
}

fn fund(context: &Context, account: &str, amount: &str) -> Outcome {
    let account = show_account(&context.account(account)?);
    let amount = parse_amount(amount)?;
    let sent = context.rpc("dev_fund", &[json!(account), json!(amount.to_string())])?;
    let id = sent.get("id").and_then(Value::as_str).and_then(parse_hash);
    let id = id.ok_or_else(|| CliError::failed("the node did not name the transaction"))?;
    let receipt = wait(context, &id)?;
    let code = receipt.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    match code {
        Some(0) => {
            let text = format!("{} to {account} in block {}", coins(amount.0), field(&receipt, "height"));
            Ok(Answer::new(text, receipt))
        }
        Some(failed) => Err(refusal(failed, &receipt, None)),
        None => Err(CliError::failed("the node's receipt has no code")),
    }
}

/// Milliseconds of a text such as `90s`, `1h30m`, `250ms`.
fn parse_duration_ms(text: &str) -> Result<u64, String> {
    let wrong =
        || format!("`{text}` is no duration: write a number and ms, s, m, h or d, such as 90s or 1h30m");
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let unit = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(unit);
        let ms: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        total = number.checked_mul(ms).and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
        rest = after;
    }
    if text.is_empty() { Err(wrong()) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_numbers_with_units() {
        let cases = [
            ("1h", Some(3_600_000)),
            ("90s", Some(90_000)),
            ("1h30m", Some(5_400_000)),
            ("250ms", Some(250)),
            ("2d1ms", Some(172_800_001)),
            ("0s", Some(0)),
            ("", None),
            ("1", None),
            ("h", None),
            ("1.5h", None),
            ("-1s", None),
            ("1 h", None),
            ("1w", None),
            ("1h2", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_duration_ms(text).ok(), expected, "{text}");
        }
    }
}
