//! `chainstack tx`: transactions, also those signed on another machine.

use std::path::PathBuf;

use chainstack_client::{
    KeyName, KeyPair,
    transaction::{Unsigned, sign},
};
use chainstack_primitives::{Transaction, codec::decode_all, transaction::TRANSACTION_SIZE_MAX};
use parity_scale_codec::Encode as _;
use serde_json::{Value, json};

use super::{
    Outcome,
    context::Context,
    contract_view::plain,
    error::{CliError, Exit},
    limits::TRANSACTION_FILE_SIZE_MAX,
    output::Answer,
    send::{keystore, password, wait},
    trie::read_bounded,
};
use crate::rpc::{
    json as form,
    params::{parse_hash, parse_hex},
};

/// Look at transactions; sign on one machine and send from another.
#[derive(clap::Args, Debug)]
pub(super) struct Tx {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Show an included transaction's receipt.
    Show {
        /// Its id.
        id: String,
    },
    /// Show an included transaction's receipt, and where and why it failed: its block is run again.
    Trace {
        /// Its id.
        id: String,
    },
    /// Show what a transaction says, signed or unsigned, without a node.
    Decode {
        /// 0x hex, or a file of it; `-` reads standard input.
        transaction: String,
    },
    /// Sign what `--unsigned` printed.
    Sign {
        /// 0x hex, or a file of it; `-` reads standard input.
        unsigned: String,
        /// The name of a key, or a secret URI.
        #[arg(long, value_name = "KEY")]
        from: String,
        /// File with the key's password [default: asked for].
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Send a signed transaction and wait for its block.
    Send {
        /// 0x hex, or a file of it; `-` reads standard input.
        transaction: String,
        /// Do not wait.
        #[arg(long)]
        no_wait: bool,
    },
    /// Show where a transaction is: waiting, included, or unknown.
    Status {
        /// Its id.
        id: String,
    },
}

impl Tx {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`].
    pub(super) fn run(self, context: &Context) -> Outcome {
        match self.command {
            Command::Show { id } => show(context, &id),
            Command::Trace { id } => trace(context, &id),
            Command::Decode { transaction } => decode(&hex_argument(&transaction)?),
            Command::Sign { unsigned, from, password_file } => {
                sign_unsigned(context, &hex_argument(&unsigned)?, &from, password_file.as_ref())
            }
            Command::Send { transaction, no_wait } => send(context, &hex_argument(&transaction)?, no_wait),
            Command::Status { id } => status(context, &id),
        }
    }
}

/// Bytes given as `0x` hex, or in a file of it.
fn hex_argument(text: &str) -> Result<Vec<u8>, CliError> {
    if let Some(bytes) = parse_hex(text) {
        return Ok(bytes);
    }
    let file = read_bounded(&PathBuf::from(text), TRANSACTION_FILE_SIZE_MAX)?;
    let found = String::from_utf8(file).ok().and_then(|file| parse_hex(file.trim()));
    found.ok_or_else(|| CliError::misuse(format!("`{text}` is neither 0x hex nor a file of it")))
}

fn id_argument(id: &str) -> Result<chainstack_primitives::Hash, CliError> {
    parse_hash(id).ok_or_else(|| CliError::misuse(format!("`{id}` is no id: 0x and 64 digits expected")))
}

fn lines_of(value: &Value) -> String {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(name, value)| format!("{name:<18} {}", plain(value))).collect::<Vec<_>>().join("\n")
}

fn show(context: &Context, id: &str) -> Outcome {
    let id = id_argument(id)?;
    let receipt = context.rpc("chain_receipt", &[json!(id.to_string())])?;
    Ok(Answer::new(lines_of(&receipt), receipt))
}

fn trace(context: &Context, id: &str) -> Outcome {
    let id = id_argument(id)?;
    let traced = context.rpc("tx_trace", &[json!(id.to_string())])?;
    Ok(Answer::new(lines_of(&traced), traced))
}

fn decode(bytes: &[u8]) -> Outcome {
    let json = if let Ok(transaction) = Transaction::decode_all(bytes) {
        let mut json = form::transaction(&transaction);
        json["signature"] = json!(transaction.signature.to_string());
        json["full_hash"] = json!(transaction.full_hash().to_string());
        json
    } else {
        let unsigned = decode_unsigned(bytes)?;
        let nobody = chainstack_primitives::Signature([0; 64]);
        let transaction = Transaction { body: unsigned.body, signer: unsigned.signer, signature: nobody };
        let mut json = form::transaction(&transaction);
        json["signed"] = json!(false);
        json
    };
    Ok(Answer::new(lines_of(&json), json))
}

fn decode_unsigned(bytes: &[u8]) -> Result<Unsigned, CliError> {
    decode_all(bytes, TRANSACTION_SIZE_MAX)
        .map_err(|error| CliError::misuse(format!("neither a transaction nor an unsigned one: {error}")))
}

fn sign_unsigned(context: &Context, bytes: &[u8], from: &str, password_file: Option<&PathBuf>) -> Outcome {
    let unsigned = decode_unsigned(bytes)?;
    let pair = if from.starts_with("//") {
        KeyPair::from_uri(from).map_err(|error| CliError::misuse(error.to_string()))?
    } else {
        let name = KeyName::parse(from).map_err(|error| CliError::misuse(error.to_string()))?;
        let secret = password(password_file, &format!("password of {from}: "))?;
        let opened = keystore(context)?.open(&name, &secret);
        opened.map_err(|error| CliError::new(Exit::Unauthorised, error.to_string()))?
    };
    if pair.public() != unsigned.signer {
        let (expected, found) = (form::address(&unsigned.signer), form::address(&pair.public()));
        let text = format!("the transaction is to be signed by {expected}, and the key is of {found}");
        return Err(CliError::new(Exit::Unauthorised, text));
    }
    let transaction = sign(unsigned.body, &pair);
    let hex = form::hex(&transaction.encode());
    Ok(Answer::new(hex.clone(), json!({"transaction": hex, "id": transaction.id().to_string()})))
}

fn send(context: &Context, bytes: &[u8], no_wait: bool) -> Outcome {
    let sent = context.rpc("tx_submit", &[json!(form::hex(bytes))])?;
    let id = sent.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if no_wait {
        return Ok(Answer::new(id, sent));
    }
    let receipt = wait(context, &id_argument(&id)?)?;
    let code = receipt.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    match code.unwrap_or(0) {
        0 => {
            let height = receipt.get("height").map(plain).unwrap_or_default();
            Ok(Answer::new(format!("{id} in block {height}"), receipt))
        }
        failed => Err(super::send::refusal(failed, &receipt, None)),
    }
}

fn status(context: &Context, id: &str) -> Outcome {
    let id = id_argument(id)?;
    let status = context.rpc("tx_status", &[json!(id.to_string())])?;
    Ok(Answer::new(status.get("status").map(plain).unwrap_or_default(), status))
}
