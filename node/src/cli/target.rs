//! What a command looks at: a module, a manifest, or a deployed contract.

use std::path::Path;

use chainstack_primitives::manifest::Manifest;

use super::{
    context::Context,
    contract_view::{ContractView, show_account},
    error::CliError,
    limits::MODULE_FILE_SIZE_MAX,
    manifest::{of_module, of_toml},
    trie::read_bounded,
};

/// A declaration, and where it is from.
pub(super) struct Target {
    /// The declaration.
    pub manifest: Manifest,
    /// In a word: `module`, `manifest` or `contract`.
    pub source: &'static str,
    /// The module's bytes, of a file.
    pub code: Option<Vec<u8>>,
    /// Where the contract stands, if it is deployed.
    pub address: Option<String>,
}

impl Target {
    /// The target called `name`: a file if it has a dot or a slash, which aliases and addresses have not.
    ///
    /// # Errors
    /// Exit code 8 for what is not there, 3 for a manifest or module that is none, 7 without a node.
    pub(super) fn of(context: &Context, name: &str) -> Result<Self, CliError> {
        if name == "-" || name.contains(['.', '/', '\\']) {
            return Self::file(Path::new(name));
        }
        let view = ContractView::of(context, name)?;
        let address = Some(show_account(&view.address));
        Ok(Self { manifest: view.manifest, source: "contract", code: None, address })
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
