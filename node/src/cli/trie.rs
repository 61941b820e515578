//! `chainstack trie`: roots and proofs of a trie given as a file, as Ethereum's trie tests write it.

use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use chainstack_primitives::{Hash, keccak256};
use chainstack_trie::{EMPTY_ROOT, MemoryNodes, Proof, Sequential, commit, prove, root_of, verify};
use serde_json::{Value, json};

use super::{
    Outcome,
    context::Context,
    error::{CliError, Exit},
    limits::TRIE_FILE_SIZE_MAX,
    output::Answer,
};

/// Compute roots of tries and prove what they hold, over a file of pairs.
///
/// FILE is a JSON list of `[key, value]` pairs applied in order; the value `null` deletes. Keys and values are
/// `0x` hex or text. `-` reads standard input.
#[derive(clap::Args, Debug)]
pub(super) struct Trie {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Print the root.
    Root {
        /// The pairs.
        file: PathBuf,
        /// Hash every key first, as Ethereum's state does.
        #[arg(long)]
        secure: bool,
    },
    /// Print a proof that KEY is there, or that it is not.
    Prove {
        /// The pairs.
        file: PathBuf,
        /// The key, as in the file.
        key: String,
        /// Hash every key first, as Ethereum's state does.
        #[arg(long)]
        secure: bool,
    },
    /// Check a proof that `prove --output json` printed; exits 3 if it does not hold.
    Verify {
        /// The proof.
        proof: PathBuf,
        /// The root to check against, as 0x hex.
        #[arg(long)]
        root: String,
    },
}

type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

impl Trie {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`].
    pub(super) fn run(self, _context: &Context) -> Outcome {
        match self.command {
            Command::Root { file, secure } => {
                let root = root_of_pairs(&read_pairs(&file, secure)?)?;
                Ok(Answer::new(root.to_string(), json!({"root": root.to_string()})))
            }
            Command::Prove { file, key, secure } => {
                prove_key(&read_pairs(&file, secure)?, &path_of(&bytes_of(&key)?, secure), secure, &key)
            }
            Command::Verify { proof, root } => verify_file(&proof, &root),
        }
    }
}

fn path_of(key: &[u8], secure: bool) -> Vec<u8> {
    if secure { keccak256(key).0.to_vec() } else { key.to_vec() }
}

fn bytes_of(text: &str) -> Result<Vec<u8>, CliError> {
    match text.strip_prefix("0x") {
        Some(digits) => hex::decode(digits).map_err(|_| CliError::misuse(format!("`{text}` is not 0x hex"))),
        None => Ok(text.as_bytes().to_vec()),
    }
}

/// Reads a file of at most `size_max` bytes; `-` is standard input.
///
/// # Errors
/// If it cannot be read, or is larger.
pub(crate) fn read_bounded(path: &Path, size_max: u64) -> Result<Vec<u8>, CliError> {
    let failed = |error: std::io::Error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
        CliError::new(exit, format!("cannot read {}: {error}", path.display()))
    };
    let mut bytes = Vec::new();
    let past = size_max.saturating_add(1);
    if path.as_os_str() == "-" {
        std::io::stdin().take(past).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        fs::File::open(path).map_err(failed)?.take(past).read_to_end(&mut bytes).map_err(failed)?;
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > size_max {
        let text = format!("{} is larger than {size_max} bytes", path.display());
        return Err(CliError::new(Exit::Limit, text));
    }
    Ok(bytes)
}

fn read_pairs(path: &Path, secure: bool) -> Result<Pairs, CliError> {
    let bytes = read_bounded(path, TRIE_FILE_SIZE_MAX)?;
    let wrong = |why: String| CliError::misuse(format!("{}: {why}", path.display()));
    let list: Vec<(String, Option<String>)> = serde_json::from_slice(&bytes)
        .map_err(|error| wrong(format!("a JSON list of [key, value or null] pairs expected: {error}")))?;
    let mut pairs = Pairs::new();
    for (key, value) in list {
        let path = path_of(&bytes_of(&key)?, secure);
        match value.map(|value| bytes_of(&value)).transpose()? {
            // Ethereum's trie tests delete with null; its tries hold no empty values.
            None => _ = pairs.remove(&path),
            Some(value) if value.is_empty() => _ = pairs.remove(&path),
            Some(value) => _ = pairs.insert(path, value),
        }
    }
    Ok(pairs)
}

fn root_of_pairs(pairs: &Pairs) -> Result<Hash, CliError> {
    let list: Vec<(&Vec<u8>, &Vec<u8>)> = pairs.iter().collect();
    root_of(&list).map_err(|error| CliError::new(Exit::Limit, error.to_string()))
}

fn prove_key(pairs: &Pairs, path: &[u8], secure: bool, key: &str) -> Outcome {
    let failed = |error: String| CliError::new(Exit::Limit, error);
    let updates: Vec<(&Vec<u8>, Option<&Vec<u8>>)> =
        pairs.iter().map(|(path, value)| (path, Some(value))).collect();
    let mut nodes = MemoryNodes::new();
    let committed =
        commit(&nodes, EMPTY_ROOT, &updates, &Sequential).map_err(|error| failed(error.to_string()))?;
    let root = committed.root;
    nodes.apply(committed.writes);
    let proof = prove(&nodes, root, path).map_err(|error| failed(error.to_string()))?;
    let hexes: Vec<String> = proof.nodes.iter().map(|node| format!("0x{}", hex::encode(node))).collect();
    let value = pairs.get(path).map(|value| format!("0x{}", hex::encode(value)));
    let text = format!("root {root}\n{}", hexes.join("\n"));
    Ok(Answer::new(
        text,
        json!({"root": root.to_string(), "key": key, "secure": secure, "value": value, "proof": hexes}),
    ))
}

fn verify_file(path: &Path, root: &str) -> Outcome {
    let bytes = read_bounded(path, TRIE_FILE_SIZE_MAX)?;
    let malformed = || CliError::new(Exit::No, format!("{} is no proof", path.display()));
    let file: Value = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
    let text = |field: &str| file.get(field).and_then(Value::as_str);
    let secure = file.get("secure").and_then(Value::as_bool).ok_or_else(malformed)?;
    let key = bytes_of(text("key").ok_or_else(malformed)?).map_err(|_| malformed())?;
    let claimed = match file.get("value") {
        Some(Value::String(value)) => Some(bytes_of(value).map_err(|_| malformed())?),
        Some(Value::Null) => None,
        _ => return Err(malformed()),
    };
    let list = file.get("proof").and_then(Value::as_array).ok_or_else(malformed)?;
    let nodes = list.iter().map(|node| bytes_of(node.as_str().unwrap_or_default())).collect::<Result<_, _>>();
    let proof = Proof { nodes: nodes.map_err(|_| malformed())? };
    let root = crate::rpc::params::parse_hash(root)
        .ok_or_else(|| CliError::misuse(format!("`{root}` is not a root as 0x hex")))?;
    let found = verify(root, &path_of(&key, secure), &proof)
        .map_err(|error| CliError::new(Exit::No, format!("the proof does not hold: {error}")))?;
    if found != claimed {
        return Err(CliError::new(Exit::No, "the proof shows another value than the file claims"));
    }
    let shown = found.map(|value| format!("0x{}", hex::encode(value)));
    let text = shown.clone().unwrap_or_else(|| "absent".to_owned());
    Ok(Answer::new(text, json!({"verified": true, "value": shown})))
}
