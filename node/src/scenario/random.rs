//! Steps drawn from a seed.

use std::collections::BTreeMap;

use super::schema::{Random, Template};
use super::value::Names;
use super::{CallRequest, Request};

/// SplitMix64: a few lines, the same numbers everywhere.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> Result<&'a T, String> {
        let index = usize::try_from(self.below(items.len() as u64)).unwrap_or(0);
        items.get(index).ok_or_else(|| "nothing to draw from".into())
    }

    /// Draws one call of `contract`.
    pub(crate) fn call(
        &mut self,
        random: &Random,
        names: &Names<'_>,
        contract: &str,
    ) -> Result<Request, String> {
        let template = self.pick(&random.calls)?.clone();
        let caller = names.resolve(self.pick(&random.among)?)?.to_owned();
        let args = self.args(random, names, &template)?;
        let contract = contract.into();
        Ok(Request::Call(CallRequest {
            contract,
            method: template.call,
            caller,
            args,
            value: 0,
            sends: Vec::new(),
            approve: false,
        }))
    }

    fn args(
        &mut self,
        random: &Random,
        names: &Names<'_>,
        template: &Template,
    ) -> Result<BTreeMap<String, String>, String> {
        let mut args = BTreeMap::new();
        for (name, value) in &template.args {
            let text = match value.as_str().and_then(|text| text.strip_prefix('?')) {
                None => names.text(value)?,
                Some("account") => names.resolve(self.pick(&random.among)?)?.to_owned(),
                Some(range) => self.number(range)?.to_string(),
            };
            args.insert(name.clone(), text);
        }
        Ok(args)
    }

    fn number(&mut self, range: &str) -> Result<u64, String> {
        let wrong = || format!("`?{range}`: expected `?account` or `?LOW..HIGH`");
        let (low, high) = range.split_once("..").ok_or_else(wrong)?;
        let (low, high): (u64, u64) = (low.parse().map_err(|_| wrong())?, high.parse().map_err(|_| wrong())?);
        let span = high.checked_sub(low).filter(|span| *span > 0).ok_or_else(wrong)?;
        Ok(low.saturating_add(self.below(span)))
    }
}
