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
    paradigm::{DeployOptions, default_params, read_params},
    send::Sent,
    trie::read_bounded,
};

/// Said when only the first of two transactions is shown.
const UPLOAD_ALONE: &str =
    "note: this is the upload alone; once it is in a block, the same command goes on with the contract";

/// Upload a `.wasm` with its manifest, unless the chain has it, and create a contract from it.
#[derive(clap::Args, Debug)]
pub(super) struct Deploy {
    /// The module, with its manifest embedded (`chainstack manifest embed`).
    file: PathBuf,
    /// File with the parameters [default: what the manifest declares as defaults].
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
        let Self { file, params, mut deploy } = self;
        deploy.check_alias(context)?;
        let code = read_bounded(&file, u64::from(CODE_SIZE_MAX))?;
        let section = manifest_section(&code).map_err(|error| {
            CliError::new(Exit::No, format!("{}: {error}", file.display()))
                .hint("embed one with `chainstack manifest embed`; `chainstack check` explains a file")
        })?;
        let manifest =
            Manifest::decode_checked(section).map_err(|error| CliError::new(Exit::No, error.to_string()))?;
        let args = match &params {
            Some(file) => read_params(context, &manifest, file)?,
            None => default_params(context, &manifest)?,
        };
        let hash = tagged(Tag::Code, &code);
        if !is_uploaded(context, &hash)? {
            let code = code.try_into().map_err(|error: chainstack_primitives::BoundExceeded| {
                CliError::new(Exit::Limit, error.to_string())
            })?;
            match deploy.send().send(context, Call::Upload { code }, None)? {
                Sent::Shown(answer) => {
                    // What comes after an upload cannot be shown before it has happened.
                    remark(UPLOAD_ALONE);
                    return Ok(answer
                        .with("step", json!("upload"))
                        .with("code_hash", json!(hash.to_string())));
                }
                Sent::Included(included) => {
                    remark(&format!("uploaded {hash} ({})", included.cost));
                    deploy.use_next_nonce();
                }
            }
        }
        deploy.deploy(context, CodeSource::Hash(hash), manifest, args)
    }
}

fn is_uploaded(context: &Context, hash: &Hash) -> Result<bool, CliError> {
    match context.rpc("contract_manifest", &[json!(hash.to_string())]) {
        Ok(answer) => Ok(answer.get("code_hash").and_then(Value::as_str) == Some(&hash.to_string())),
        Err(error) if error.exit == Exit::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
