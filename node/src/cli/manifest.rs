//! `chainstack manifest`: the declaration inside a module.

use std::{
    fs,
    path::{Path, PathBuf},
};

use chainstack_client::{
    manifest::{MANIFEST_TEXT_SIZE_MAX, from_toml, to_json, to_toml},
    module::{embed_manifest, manifest_section, source_section},
};
use chainstack_primitives::manifest::Manifest as Declared;
use parity_scale_codec::Encode as _;
use serde_json::json;

use super::{
    Outcome,
    context::Context,
    error::{CliError, Exit},
    limits::MODULE_FILE_SIZE_MAX,
    output::Answer,
    trie::read_bounded,
};

/// Put a manifest into a module, take it out, show it.
#[derive(clap::Args, Debug)]
pub(super) struct Manifest {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Put the manifest into a module: that of a TOML file, or the one that its code declares.
    Embed {
        /// The module.
        wasm: PathBuf,
        /// The manifest, if the code does not declare it (`#[contract]` of the SDK does).
        toml: Option<PathBuf>,
        /// Where to write the module with its manifest.
        #[arg(short, long, value_name = "OUT")]
        out: PathBuf,
    },
    /// Print the manifest of a module as TOML.
    Extract {
        /// The module.
        wasm: PathBuf,
    },
    /// Show the manifest of a module or a TOML file, and its hash.
    Show {
        /// The module or TOML file.
        file: PathBuf,
    },
}

impl Manifest {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 3 if the manifest is refused.
    pub(super) fn run(self, _context: &Context) -> Outcome {
        match self.command {
            Command::Embed { wasm, toml, out } => embed(&wasm, toml.as_deref(), &out),
            Command::Extract { wasm } => {
                let manifest = of_module(&wasm, &read_bounded(&wasm, MODULE_FILE_SIZE_MAX)?)?;
                let text = to_toml(&manifest).map_err(|error| refused(&wasm, error))?;
                Ok(Answer::new(text.clone(), json!({"toml": text})))
            }
            Command::Show { file } => show(&file),
        }
    }
}

fn refused(path: &Path, why: impl std::fmt::Display) -> CliError {
    CliError::new(Exit::No, format!("{}: {why}", path.display()))
        .hint("`contracts/erc20/manifest.toml` is a whole manifest; `chainstack check` says more of a module")
}

/// The manifest inside a module; `path` is named in errors.
///
/// # Errors
/// Exit code 3 if there is none, or it is refused.
pub(super) fn of_module(path: &Path, module: &[u8]) -> Result<Declared, CliError> {
    let section = manifest_section(module).map_err(|error| refused(path, error))?;
    Declared::decode_checked(section).map_err(|error| refused(path, error))
}

/// The manifest that a TOML text says; `path` is named in errors.
///
/// # Errors
/// Exit code 3 with line and column if it says none.
pub(super) fn of_toml(path: &Path, bytes: &[u8]) -> Result<Declared, CliError> {
    let text = std::str::from_utf8(bytes).map_err(|_| refused(path, "text expected"))?;
    from_toml(text).map_err(|error| refused(path, error))
}

fn embed(wasm: &Path, toml: Option<&Path>, out: &Path) -> Outcome {
    let size_max = u64::try_from(MANIFEST_TEXT_SIZE_MAX).unwrap_or(u64::MAX);
    let module = read_bounded(wasm, MODULE_FILE_SIZE_MAX)?;
    let manifest = match (toml, source_section(&module)) {
        (Some(toml), Err(_)) => of_toml(toml, &read_bounded(toml, size_max)?)?,
        (None, text) => {
            let text = text.map_err(|error| refused(wasm, error))?;
            from_toml(text).map_err(|error| refused(wasm, error.shown_in(text)))?
        }
        (Some(toml), Ok(_)) => {
            let why = format!("the code declares its manifest already; leave {} out", toml.display());
            return Err(CliError::new(Exit::No, format!("{}: {why}", wasm.display())));
        }
    };
    let with = embed_manifest(&module, &manifest.encode()).map_err(|error| refused(wasm, error))?;
    let failed = |error: std::io::Error| CliError::failed(format!("cannot write {}: {error}", out.display()));
    fs::write(out, &with).map_err(failed)?;
    let text = format!("{}: {} bytes, manifest {}", out.display(), with.len(), manifest.hash());
    Ok(Answer::new(text, json!({"size_bytes": with.len(), "manifest_hash": manifest.hash().to_string()})))
}

fn show(path: &Path) -> Outcome {
    let bytes = read_bounded(path, MODULE_FILE_SIZE_MAX)?;
    let manifest =
        if bytes.starts_with(b"\0asm") { of_module(path, &bytes)? } else { of_toml(path, &bytes)? };
    let toml = to_toml(&manifest).map_err(|error| refused(path, error))?;
    let tree = to_json(&manifest).map_err(|error| refused(path, error))?;
    let text = format!("# manifest {}\n{toml}", manifest.hash());
    Ok(Answer::new(text, json!({"manifest_hash": manifest.hash().to_string(), "manifest": tree})))
}
