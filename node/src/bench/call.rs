//! Warm calls of a method that does nothing: what the boundary between chain and contract costs.

use anyhow::{Context as _, Result};
use chainstack_client::{manifest::from_toml, module::embed_manifest};
use chainstack_primitives::{AccountId, Amount, Bytes, Call, CodeSource, Instantiate, Tag, tagged};
use parity_scale_codec::Encode as _;

use super::{
    BenchConfig, Measured,
    path::{DEPLOY_GAS, Holders, Path, Signer},
};

/// `(module (memory (export "memory") 1) (func (export "empty")))`, section by section: types, functions, memories,
/// exports, bodies.
const MODULE: &[u8] = b"\0asm\x01\0\0\0\
    \x01\x04\x01\x60\0\0\
    \x03\x02\x01\0\
    \x05\x03\x01\0\x01\
    \x07\x12\x02\x06memory\x02\0\x05empty\0\0\
    \x0a\x04\x01\x02\0\x0b";

/// Its declaration.
const MANIFEST: &str = r#"
[contract]
name = "empty"
[transitions.empty]
ceilings = { gas = 1_000 }
"#;

/// The method that is called.
const METHOD: &str = "empty";

pub(super) fn run(config: &BenchConfig) -> Result<Measured> {
    // The signer alone needs coins.
    let config = BenchConfig { accounts: 2, ..config.clone() };
    let holders = Holders::new(&config);
    let mut path = Path::new(&config, &holders)?;
    let mut signer = Signer::new(&holders, config.seed, path.chain());
    let deposit = Amount::coins(100).context("coins fit an amount")?;
    let code = embed_manifest(MODULE, &from_toml(MANIFEST)?.encode())?;
    let hash = tagged(Tag::Code, &code);
    let upload = Call::Upload { code: code.try_into()? };
    let instantiate = Call::Instantiate(Instantiate {
        code: CodeSource::Hash(hash),
        salt: Bytes::new(),
        args: Bytes::new(),
        value: Amount::ZERO,
    });
    let signed =
        [signer.sign(0, DEPLOY_GAS, deposit, upload)?, signer.sign(0, DEPLOY_GAS, deposit, instantiate)?];
    let contract = path.run(&signed, 1)?;
    let contract = AccountId(contract.try_into().ok().context("an instantiation gives an address")?);
    path.measured = Measured { state_root: path.measured.state_root, ..Measured::default() };
    path.call(holders.key(0)?.public(), contract, METHOD, config.txs)?;
    Ok(std::mem::take(&mut path.measured))
}
