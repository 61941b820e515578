//! `chainstack account`: keys, balances, transfers.

use std::path::PathBuf;

use chainstack_client::{KeyName, KeyPair, KeystoreError, Phrase, PhraseLength};
use chainstack_primitives::{AccountId, Amount, Call};
use serde_json::{Value, json};

use super::{
    Outcome,
    context::Context,
    contract_view::show_account,
    error::{CliError, Exit},
    output::{Answer, remark},
    secret,
    send::{SendOptions, coins, keystore, password},
};

/// Make, list and fund keys; show accounts; move coins.
#[derive(clap::Args, Debug)]
pub(super) struct Account {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Make a key from a new phrase, which is shown once, and keep it encrypted.
    New {
        /// The key's name: 1 to 32 of a-z, 0-9, - and _.
        name: String,
        /// File with the password [default: asked for].
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// List your keys.
    List {},
    /// Show who a name, alias, address or URI means.
    Show {
        /// Whom.
        account: String,
    },
    /// Show an account's balance and nonce.
    Balance {
        /// Whose.
        account: String,
        /// At an earlier height.
        #[arg(long)]
        height: Option<u64>,
    },
    /// Keep a key you have: its phrase or secret URI is asked for, never given as an argument.
    Import {
        /// The key's name.
        name: String,
        /// File with the phrase or secret URI [default: asked for].
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        /// File with the password [default: asked for].
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Move coins.
    Transfer {
        /// Who receives.
        to: String,
        /// How much: CSK such as 1.5, or base units such as 1500u.
        amount: String,
        #[command(flatten)]
        send: SendOptions,
    },
}

impl Account {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`].
    pub(super) fn run(self, context: &Context) -> Outcome {
        match self.command {
            Command::New { name, password_file } => new(context, &name, password_file.as_ref()),
            Command::List {} => list(context),
            Command::Show { account } => {
                let account = context.account(&account)?;
                let text = format!("{}\n{account}", show_account(&account));
                Ok(Answer::new(
                    text,
                    json!({"address": show_account(&account), "public_key": account.to_string()}),
                ))
            }
            Command::Balance { account, height } => balance(context, &account, height),
            Command::Import { name, secret_file, password_file } => {
                let secret = password(secret_file.as_ref(), "phrase or secret URI: ")?;
                let pair = KeyPair::from_uri(&secret).map_err(|error| CliError::misuse(error.to_string()))?;
                keep(context, &name, &pair, password_file.as_ref())
            }
            Command::Transfer { to, amount, send } => {
                let call = Call::Transfer { to: context.account(&to)?, amount: parse_amount(&amount)? };
                send.send_and_answer(context, call, None, &format!("{amount} moved"))
            }
        }
    }
}

fn key_error(error: &KeystoreError) -> CliError {
    CliError::failed(error.to_string())
}

fn new(context: &Context, name: &str, password_file: Option<&PathBuf>) -> Outcome {
    let phrase =
        Phrase::generate(PhraseLength::Words12).map_err(|error| CliError::failed(error.to_string()))?;
    let answer = keep(context, name, &KeyPair::from_phrase(&phrase, ""), password_file)?;
    remark("write this phrase down; it is not shown again:");
    remark(&phrase.words());
    Ok(answer)
}

fn keep(context: &Context, name: &str, pair: &KeyPair, password_file: Option<&PathBuf>) -> Outcome {
    secret::refuse(name)?;
    let name = KeyName::parse(name).map_err(|error| CliError::misuse(error.to_string()))?;
    let secret = password(password_file, &format!("new password of {}: ", name.as_str()))?;
    if password_file.is_none() && password(None, "again: ")? != secret {
        return Err(CliError::misuse("the passwords differ"));
    }
    let info = keystore(context)?.create(&name, pair, &secret).map_err(|error| key_error(&error))?;
    let json =
        json!({"name": info.name.as_str(), "address": info.address, "public_key": info.account.to_string()});
    Ok(Answer::new(format!("{} {}", info.name.as_str(), info.address), json))
}

fn list(context: &Context) -> Outcome {
    let listed = keystore(context)?.list().map_err(|error| key_error(&error))?;
    let mut lines = Vec::new();
    let mut rows = Vec::new();
    for key in listed {
        match key.outcome {
            Ok(info) => {
                lines.push(format!("{:<16} {}", info.name.as_str(), info.address));
                rows.push(json!({"name": info.name.as_str(), "address": info.address}));
            }
            Err(error) => {
                lines.push(format!("{:<16} cannot be read: {error}", key.name.as_str()));
                rows.push(json!({"name": key.name.as_str(), "error": error.to_string()}));
            }
        }
    }
    if lines.is_empty() {
        lines.push("no keys yet; `chainstack account new NAME` makes one".to_owned());
    }
    Ok(Answer::new(lines.join("\n"), json!({"keys": rows})))
}

fn balance(context: &Context, account: &str, height: Option<u64>) -> Outcome {
    let id = context.account(account)?;
    let record = context.rpc("state_account", &[json!(show_account(&id)), json!(height)])?;
    let units = record.get("balance").and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or(0);
    let nonce = record.get("nonce").and_then(Value::as_u64).unwrap_or(0);
    Ok(Answer::new(format!("{} (nonce {nonce})", coins(units)), record))
}

/// An amount: CSK with decimals, or base units with the suffix `u`.
///
/// # Errors
/// Exit code 2.
pub(super) fn parse_amount(text: &str) -> Result<Amount, CliError> {
    let wrong = || {
        CliError::misuse(format!("`{text}` is no amount"))
            .hint("write CSK such as 1.5, or base units such as 1500u")
    };
    if let Some(units) = text.strip_suffix('u') {
        return units.parse().map(Amount).map_err(|_| wrong());
    }
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let places = usize::try_from(Amount::DECIMALS).unwrap_or(0);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > places || !digits(whole) || !digits(decimals) {
        return Err(wrong());
    }
    let padded = format!("{whole}{decimals:0<places$}");
    padded.parse().map(Amount).map_err(|_| wrong())
}

/// The account of the key called `name`, if there is such a key.
///
/// # Errors
/// If the user has no folder.
pub(super) fn public_of(context: &Context, name: &str) -> Result<Option<AccountId>, CliError> {
    let Ok(name) = KeyName::parse(name) else { return Ok(None) };
    match keystore(context)?.info(&name) {
        Ok(info) => Ok(Some(info.account)),
        Err(KeystoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(CliError::new(Exit::Failed, error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        let cases = [
            ("1", Some(1_000_000_000_000_000_000)),
            ("1.5", Some(1_500_000_000_000_000_000)),
            ("0.000000000000000001", Some(1)),
            ("0.0000000000000000001", None),
            ("1500u", Some(1_500)),
            ("", None),
            (".5", None),
            ("-1", None),
            ("1e3", None),
            ("340282366920938463463374607431768211456u", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_amount(text).ok().map(|amount| amount.0), expected, "{text}");
        }
    }
}
