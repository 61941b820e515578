//! `chainstack proof`: evidence for what the chain holds, checked without trusting the node.

use std::path::{Path, PathBuf};

use chainstack_client::proof::{PROOF_FILE_SIZE_MAX, Proven, StateProof};
use serde_json::{Value, json};

use super::{
    Outcome,
    context::Context,
    contract_view::{ContractView, show_account},
    error::{CliError, Exit},
    output::Answer,
    state::cell_key,
    trie::read_bounded,
};
use crate::rpc::params::{parse_hash, parse_hex};

/// Get proofs of state, and check them.
#[derive(clap::Args, Debug)]
pub(super) struct Proof {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Print a proof of an account, or of an entry of a contract, or that there is none.
    ///
    /// The proof goes to stdout; the state root it was made for goes to stderr.
    Get {
        /// The account or contract.
        account: String,
        /// A cell of the contract.
        cell: Option<String>,
        /// The key in the cell: one value for each of its key fields.
        key: Vec<String>,
        /// At an earlier height.
        #[arg(long)]
        height: Option<u64>,
    },
    /// Check a proof against a state root; exits 3 if it does not hold.
    Verify {
        /// The proof file.
        file: PathBuf,
        /// The state root, as 0x hex: from a header you trust.
        #[arg(long)]
        root: String,
    },
}

impl Proof {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 3 if a proof does not hold.
    pub(super) fn run(self, context: &Context) -> Outcome {
        match self.command {
            Command::Get { account, cell, key, height } => {
                get(context, &account, cell.as_deref(), &key, height)
            }
            Command::Verify { file, root } => verify(&file, &root),
        }
    }
}

fn get(context: &Context, account: &str, cell: Option<&str>, key: &[String], height: Option<u64>) -> Outcome {
    let (asked, entry) = match cell {
        None => (context.account(account)?, None),
        Some(cell) => {
            let view = ContractView::of(context, account)?;
            let (cell, key) = cell_key(context, &view, cell, key)?;
            (view.address, Some((cell.id, key)))
        }
    };
    let (cell, key) = match &entry {
        None => (Value::Null, Value::Null),
        Some((cell, key)) => (json!(cell), json!(format!("0x{}", hex::encode(key)))),
    };
    let params = match entry {
        None => vec![json!(show_account(&asked)), Value::Null, json!(height)],
        Some(_) => vec![json!(show_account(&asked)), cell, key, json!(height)],
    };
    let answer = context.rpc("state_proof", &params)?;
    let bytes = answer.get("proof").and_then(Value::as_str).and_then(parse_hex);
    let proof = bytes.and_then(|bytes| StateProof::decode_all(&bytes).ok());
    let proof = proof.ok_or_else(|| CliError::failed("the node's answer is no proof"))?;
    let root = answer.get("state_root").and_then(Value::as_str).unwrap_or_default().to_owned();
    let held = parse_hash(&root).is_some_and(|root| proof.verify(root).is_ok());
    if !held {
        return Err(CliError::new(Exit::No, "the node's proof does not hold under the root it names")
            .hint("ask another node; this one lies or is damaged"));
    }
    let proven = proof.entry.as_ref().map(|entry| (entry.cell, entry.key.to_vec()));
    if proof.account != asked || proven != entry {
        return Err(CliError::new(Exit::No, "the node proved something else than was asked")
            .hint("ask another node; this one lies or is damaged"));
    }
    super::output::remark(&format!(
        "state root {root} at height {}",
        answer.get("height").unwrap_or(&Value::Null)
    ));
    // The file is the same in both formats: one canonical line that `proof verify` takes.
    Ok(Answer::verbatim(proof.to_file()))
}

fn verify(file: &Path, root: &str) -> Outcome {
    let size_max = u64::try_from(PROOF_FILE_SIZE_MAX).unwrap_or(u64::MAX);
    let no = |why: String| {
        CliError::new(Exit::No, format!("{}: {why}", file.display()))
            .hint("give the file as `chainstack proof get` printed it, and the state root of the height it was made at")
    };
    let bytes = read_bounded(file, size_max)?;
    let root =
        parse_hash(root).ok_or_else(|| CliError::misuse(format!("`{root}` is not a root as 0x hex")))?;
    let proof = StateProof::from_file(&bytes).map_err(|error| no(error.to_string()))?;
    let proven = proof.verify(root).map_err(|error| no(format!("{error}")).field("code", error.code()))?;
    Ok(Answer::new(describe(&proven), proven_json(&proven)))
}

fn describe(proven: &Proven) -> String {
    let who = show_account(&proven.account);
    let account = match &proven.leaf {
        None => return format!("proven: there is no account {who}"),
        Some(leaf) => {
            format!("proven: {who} has nonce {}, balance {}", leaf.account.nonce, leaf.account.balance)
        }
    };
    match &proven.entry {
        None => account,
        Some((cell, key, None)) => {
            format!("{account}\nproven: cell {cell} has no entry 0x{}", hex::encode(key))
        }
        Some((cell, key, Some(entry))) => {
            format!(
                "{account}\nproven: cell {cell}, key 0x{} holds {}",
                hex::encode(key),
                value_text(&entry.value)
            )
        }
    }
}

/// The bytes of a value, and as the number they are in a ledger.
fn value_text(value: &[u8]) -> String {
    let bytes = format!("0x{}", hex::encode(value));
    match <[u8; 16]>::try_from(value) {
        Ok(number) => format!("{bytes} (as an amount: {})", u128::from_le_bytes(number)),
        Err(_) => bytes,
    }
}

fn proven_json(proven: &Proven) -> Value {
    let leaf = proven.leaf.map(|leaf| {
        json!({
            "nonce": leaf.account.nonce.0,
            "balance": leaf.account.balance.to_string(),
            "storage_root": leaf.storage_root.to_string(),
            "code_hash": leaf.account.code_hash.to_string(),
        })
    });
    let entry = proven.entry.as_ref().map(|(cell, key, entry)| {
        let amount =
            |value: &[u8]| <[u8; 16]>::try_from(value).ok().map(|it| u128::from_le_bytes(it).to_string());
        json!({
            "cell": cell,
            "key": format!("0x{}", hex::encode(key)),
            "value": entry.as_ref().map(|entry| format!("0x{}", hex::encode(&*entry.value))),
            "amount": entry.as_ref().and_then(|entry| amount(&entry.value)),
        })
    });
    json!({"verified": true, "account": show_account(&proven.account), "leaf": leaf, "entry": entry})
}
