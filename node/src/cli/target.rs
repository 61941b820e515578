//! What a command looks at: a module, a manifest, or a deployed contract.

use std::path::Path;

use chainstack_client::code::{CodeError, VerifiedCode};
use chainstack_primitives::{manifest::Manifest, transaction::CODE_SIZE_MAX};
use serde_json::{Value, json};

use super::{
    context::Context,
    contract_view::{show_account, with_meaning},
    error::{CliError, Exit},
    limits::MODULE_FILE_SIZE_MAX,
    manifest::{of_module, of_toml},
    trie::read_bounded,
};
use crate::rpc::params::{parse_hash, parse_hex};

/// Length of the greatest code as `0x` hex.
const CODE_TEXT_MAX: usize = 2 + 2 * CODE_SIZE_MAX as usize;

/// A declaration, and where it is from.
pub(super) struct Target {
    /// The declaration.
    pub manifest: Manifest,
    /// In a word: `module`, `manifest` or `contract`.
    pub source: &'static str,
    /// The module's bytes: of a file, or of a deployed contract, where they are what its record names.
    pub code: Option<Vec<u8>>,
    /// Where the contract stands, if it is deployed.
    pub address: Option<String>,
}

impl Target {
    /// The target called `name`: a file if it has a dot or a slash, which aliases and addresses have not.
    ///
    /// # Errors
    /// Exit code 8 for what is not there, 3 for a manifest or module that is none or is not the contract's, 7 without a
    /// node.
    pub(super) fn of(context: &Context, name: &str) -> Result<Self, CliError> {
        if name == "-" || name.contains(['.', '/', '\\']) {
            return Self::file(Path::new(name));
        }
        Self::deployed(context, name)
    }

    /// A deployed contract, with the code that its record names: asked for by hash, so that an upgrade in between
    /// changes nothing.
    fn deployed(context: &Context, name: &str) -> Result<Self, CliError> {
        let address = context.account(name)?;
        let shown = show_account(&address);
        let info = context.rpc("contract_info", &[json!(shown)]);
        let info = info.map_err(|error| with_meaning(error, name, &address))?;
        let hash = |field: &str| {
            let found = info.get(field).and_then(Value::as_str).and_then(parse_hash);
            found.ok_or_else(|| CliError::failed(format!("the node's answer holds no `{field}`")))
        };
        let (code, manifest) = (hash("code_hash")?, hash("manifest_hash")?);
        let answer = context.rpc("contract_code", &[json!(code.to_string())])?;
        let text = answer.get("code").and_then(Value::as_str).unwrap_or_default();
        let refused = |error: CodeError| {
            CliError::new(Exit::No, format!("what the node says is the code of `{name}` is not: {error}"))
                .hint("ask another node with --url, or look at the module's file")
        };
        if text.len() > CODE_TEXT_MAX {
            return Err(refused(CodeError::TooLong { found: text.len() / 2 }));
        }
        let bytes = parse_hex(text).ok_or_else(|| CliError::failed("the node's answer holds no code"))?;
        let verified = VerifiedCode::new(bytes, &code, &manifest).map_err(refused)?;
        let (code, manifest) = verified.into_parts();
        Ok(Self { manifest, source: "contract", code: Some(code), address: Some(shown) })
    }

    fn file(path: &Path) -> Result<Self, CliError> {
        let bytes = read_bounded(path, MODULE_FILE_SIZE_MAX)?;
        let is_module = bytes.starts_with(b"\0asm") || path.extension().is_some_and(|end| end == "wasm");
        let (manifest, source, code) = match is_module {
            true => (of_module(path, &bytes)?, "module", Some(bytes)),
            false => (of_toml(path, &bytes)?, "manifest", None),
        };
        Ok(Self { manifest, source, code, address: None })
    }
}
