//! Coins and ERC20 tokens between random accounts.

use anyhow::{Context as _, Result};
use chainstack_client::module::manifest_section;
use chainstack_primitives::{
    AccountId, Amount, BoundedVec, Bytes, Call, CodeSource, Instantiate, Invoke, manifest::Manifest,
};
use parity_scale_codec::Encode as _;

use super::{
    BenchConfig, Measured,
    path::{DEPLOY_GAS, GAS_LIMIT, Holders, Path, Signer},
};
use crate::spec::PARADIGMS;

/// Tokens of each holder at the start.
const TOKENS: u128 = 1_000_000_000;
/// Most transfers of tokens that run once more while somebody listens to the host's phases.
const PROBED: u32 = 20_000;

pub(super) fn coins(config: &BenchConfig) -> Result<Measured> {
    let holders = Holders::new(config);
    let mut path = Path::new(config, &holders)?;
    let signed = holders.transfers(config, path.chain());
    path.run(&signed, usize::try_from(config.block_txs)?)?;
    Ok(std::mem::take(&mut path.measured))
}

pub(super) fn erc20(config: &BenchConfig) -> Result<Measured> {
    let holders = Holders::new(config);
    let mut path = Path::new(config, &holders)?;
    let mut signer = Signer::new(&holders, config.seed, path.chain());
    let block_txs = usize::try_from(config.block_txs)?;

    let owner = holders.key(0)?.public();
    let deposit = Amount::coins(100).context("coins fit an amount")?;
    let deploy = signer.sign(0, DEPLOY_GAS, deposit, deployment(owner, holders.count())?)?;
    let token = path.run(&[deploy], 1)?;
    let token = AccountId(token.try_into().ok().context("an instantiation gives an address")?);
    let mut spread = Vec::new();
    for to in 1..holders.count() {
        let call = transfer(token, holders.key(to)?.public(), TOKENS)?;
        spread.push(signer.sign(0, GAS_LIMIT, deposit, call)?);
    }
    path.run(&spread, block_txs)?;

    let mut draw = |count: u32| -> Result<Vec<Vec<u8>>> {
        let one = |_| {
            let (from, to) = signer.pair(holders.count());
            let amount = u128::from(1 + signer.draw.below(100));
            let call = transfer(token, holders.key(to)?.public(), amount)?;
            signer.sign(from, GAS_LIMIT, Amount::ZERO, call)
        };
        (0..count).map(one).collect()
    };
    let signed = draw(config.txs)?;
    path.measured = Measured::default();
    path.run(&signed, block_txs)?;
    let more = draw(config.txs.min(PROBED).saturating_add(1))?;
    path.measured.checks = Some(path.run_probed(&more, block_txs)?);
    Ok(std::mem::take(&mut path.measured))
}

fn transfer(token: AccountId, to: AccountId, amount: u128) -> Result<Call> {
    Ok(Call::Invoke(Invoke {
        contract: token,
        method: "transfer".try_into()?,
        args: (to, amount).encode().try_into()?,
        value: Amount::ZERO,
        sends: BoundedVec::new(),
    }))
}

/// An ERC20 token of which `owner` has enough for everybody. Parameters that a workload does not care about have
/// their declared defaults.
fn deployment(owner: AccountId, holders: u32) -> Result<Call> {
    let (_, code) = PARADIGMS.iter().find(|(name, _)| *name == "erc20").context("the erc20 paradigm")?;
    let section = manifest_section(code)?;
    let manifest = Manifest::decode_checked(section)?;
    let mut args = Vec::new();
    for param in &manifest.params {
        match param.name.as_str() {
            "owner" => args.extend(owner.encode()),
            "supply" => args.extend((TOKENS * u128::from(holders)).encode()),
            name => args
                .extend_from_slice(param.default.as_ref().with_context(|| format!("a default of {name}"))?),
        }
    }
    Ok(Call::Instantiate(Instantiate {
        code: CodeSource::Paradigm("erc20".try_into()?),
        salt: Bytes::new(),
        args: args.try_into()?,
        value: Amount::ZERO,
    }))
}
