//! `chainstack deploy`: upload code and create a contract from it.

use std::path::PathBuf;

use chainstack_client::module::manifest_section;
use chainstack_primitives::{
    Call, CodeSource, Hash, Tag, manifest::Manifest, tagged, transaction::CODE_SIZE_MAX,
};
use serde_json::{Value, json};

use super::{
    Outcome,
    context::Context,
    error::{CliError, Exit},
    output::remark,
    paradigm::{DeployOptions, read_params},
    send::Sent,
    trie::read_bounded,
};

/// Upload a `.wasm` with its manifest, unless the chain has it, and create a contract from it.
#[derive(clap::Args, Debug)]
pub(super) struct Deploy {
    /// The module, with its manifest embedded (`chainstack manifest embed`).
    file: PathBuf,
    /// File with the parameters [default: none, for a contract that declares none].
    #[arg(short, long, value_name = "FILE")]
    params: Option<PathBuf>,
    #[command(flatten)]
    deploy: DeployOptions,
}

impl Deploy {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 3 if the code is refused.
    pub(super) fn run(self, context: &Context) -> Outcome {
        let code = read_bounded(&self.file, u64::from(CODE_SIZE_MAX))?;
        let section = manifest_section(&code).map_err(|error| {
            CliError::new(Exit::No, format!("{}: {error}", self.file.display()))
                .hint("embed one with `chainstack manifest embed`; `chainstack check` explains a file")
        })?;
        let manifest =
            Manifest::decode_checked(section).map_err(|error| CliError::new(Exit::No, error.to_string()))?;
        let args = match &self.params {
            Some(file) => read_params(context, &manifest, file)?,
            None => Vec::new(),
        };
        let hash = tagged(Tag::Code, &code);
        if !is_uploaded(context, &hash)? {
            let code = code.try_into().map_err(|error: chainstack_primitives::BoundExceeded| {
                CliError::new(Exit::Limit, error.to_string())
            })?;
            match self.deploy.send().send(context, Call::Upload { code }, None)? {
                // What comes after an upload cannot be shown before it has happened.
                Sent::Shown(answer) => return Ok(answer),
                Sent::Included(included) => remark(&format!("uploaded {hash} ({})", included.cost)),
            }
        }
        self.deploy.deploy(context, CodeSource::Hash(hash), manifest, args)
    }
}

fn is_uploaded(context: &Context, hash: &Hash) -> Result<bool, CliError> {
    match context.rpc("contract_manifest", &[json!(hash.to_string())]) {
        Ok(answer) => Ok(answer.get("code_hash").and_then(Value::as_str) == Some(&hash.to_string())),
        Err(error) if error.exit == Exit::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
