//! Puts a manifest into a module: `embed_manifest MODULE.wasm OUT.wasm [MANIFEST.toml]`. Without a file, it is the text
//! that the SDK's attribute left in the module. Prints the hashes by which the chain knows the result, as lines of TOML.
//! `contracts/build.sh` runs it.

use std::error::Error;
use std::process::ExitCode;

use chainstack_client::manifest::from_toml;
use chainstack_client::module::{embed_manifest, source_section};
use chainstack_primitives::{Tag, tagged};
use parity_scale_codec::Encode;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the hashes are the output")]
fn main() -> ExitCode {
    match embed() {
        Ok(hashes) => {
            println!("{hashes}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("embed_manifest: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The hashes of what was written.
fn embed() -> Result<String, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (module, out, manifest) = match arguments.as_slice() {
        [module, out] => (module, out, None),
        [module, out, manifest] => (module, out, Some(manifest)),
        _ => return Err("usage: embed_manifest MODULE.wasm OUT.wasm [MANIFEST.toml]".into()),
    };
    let module = std::fs::read(module)?;
    let text = match (manifest, source_section(&module)) {
        (Some(file), Err(_)) => std::fs::read_to_string(file)?,
        (None, text) => text?.to_owned(),
        (Some(file), Ok(_)) => {
            return Err(format!("the code declares its manifest, and so does {file}").into());
        }
    };
    let manifest = from_toml(&text).map_err(|error| error.shown_in(&text))?;
    let code = embed_manifest(&module, &manifest.encode())?;
    std::fs::write(out, &code)?;
    Ok(format!("code_hash = \"{}\"\nmanifest_hash = \"{}\"", tagged(Tag::Code, &code), manifest.hash()))
}
