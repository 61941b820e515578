//! Puts a TOML manifest into a module: `embed_manifest MODULE.wasm MANIFEST.toml OUT.wasm`. Prints the hashes by
//! which the chain knows the result, as lines of TOML. `contracts/build.sh` runs it.

use std::error::Error;

use chainstack_client::manifest::from_toml;
use chainstack_client::module::embed_manifest;
use chainstack_primitives::{Tag, tagged};
use parity_scale_codec::Encode;

#[expect(clippy::print_stdout, reason = "the hashes are the output")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, manifest, out] = arguments.as_slice() else {
        return Err("usage: embed_manifest MODULE.wasm MANIFEST.toml OUT.wasm".into());
    };
    let manifest = from_toml(&std::fs::read_to_string(manifest)?)?;
    manifest.check_supported()?;
    let code = embed_manifest(&std::fs::read(module)?, &manifest.encode())?;
    std::fs::write(out, &code)?;
    println!("code_hash = \"{}\"\nmanifest_hash = \"{}\"", tagged(Tag::Code, &code), manifest.hash());
    Ok(())
}
