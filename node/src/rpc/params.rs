//! Reading positional parameters, strictly.

use chainstack_client::{Ss58Prefix, parse_address};
use chainstack_primitives::{AccountId, Amount, Hash, Height};
use jsonrpsee::types::{ErrorObjectOwned, Params};
use serde_json::Value;

use super::error::bad_params;

/// The positional parameters of a call, read from left to right.
pub struct Reader {
    values: Vec<Value>,
    position: usize,
}

impl Reader {
    /// Reads at most `count_max` positional parameters.
    ///
    /// # Errors
    /// JSON-RPC's −32602 if they are not an array, or too many.
    pub fn new(params: &Params<'_>, count_max: usize) -> Result<Self, ErrorObjectOwned> {
        let values: Vec<Value> = match params.as_str() {
            None => Vec::new(),
            Some(text) => serde_json::from_str(text)
                .map_err(|_| bad_params("parameters are an array, in the order of the method's page"))?,
        };
        if values.len() > count_max {
            let text = format!("{} parameters found, at most {count_max} expected", values.len());
            return Err(bad_params(text));
        }
        Ok(Self { values, position: 0 })
    }

    /// The next parameter, if given and not null.
    pub fn optional(&mut self) -> Option<Value> {
        let value = self.values.get(self.position).cloned();
        self.position = self.position.saturating_add(1);
        value.filter(|value| !value.is_null())
    }

    fn wrong(&self, expected: &str) -> ErrorObjectOwned {
        bad_params(format!("parameter {}: {expected} expected", self.position))
    }

    /// The next parameter, which must be there.
    ///
    /// # Errors
    /// −32602 if it is missing.
    pub fn required(&mut self, expected: &str) -> Result<Value, ErrorObjectOwned> {
        self.optional().ok_or_else(|| self.wrong(expected))
    }

    /// Text.
    ///
    /// # Errors
    /// −32602 if it is missing or not text.
    pub fn text(&mut self, expected: &str) -> Result<String, ErrorObjectOwned> {
        match self.required(expected)? {
            Value::String(text) => Ok(text),
            _ => Err(self.wrong(expected)),
        }
    }

    /// An account as SS58 or `0x` hex.
    ///
    /// # Errors
    /// −32602.
    pub fn account(&mut self) -> Result<AccountId, ErrorObjectOwned> {
        let text = self.text("an account (SS58 or 0x hex)")?;
        parse_address(&text, Ss58Prefix::DEFAULT)
            .map_err(|error| bad_params(format!("parameter {}: {error}", self.position)))
    }

    /// As [`Self::account`], if given.
    ///
    /// # Errors
    /// −32602.
    pub fn account_or_none(&mut self) -> Result<Option<AccountId>, ErrorObjectOwned> {
        self.if_given(Self::account)
    }

    /// As [`Self::text`], if given.
    ///
    /// # Errors
    /// −32602 if it is given and not text.
    pub fn text_or_none(&mut self, expected: &str) -> Result<Option<String>, ErrorObjectOwned> {
        self.if_given(|reader| reader.text(expected))
    }

    /// As [`Self::number`], if given.
    ///
    /// # Errors
    /// −32602 if it is given and not a number.
    pub fn number_or_none(&mut self) -> Result<Option<u64>, ErrorObjectOwned> {
        self.if_given(Self::number)
    }

    /// As [`Self::small`], if given.
    ///
    /// # Errors
    /// −32602 if it is given and not a 16-bit number.
    pub fn small_or_none(&mut self) -> Result<Option<u16>, ErrorObjectOwned> {
        self.if_given(Self::small)
    }

    /// As [`Self::amount`], if given.
    ///
    /// # Errors
    /// −32602 if it is given and not an amount.
    pub fn amount_or_none(&mut self) -> Result<Option<Amount>, ErrorObjectOwned> {
        self.if_given(Self::amount)
    }

    /// Nothing.
    ///
    /// # Errors
    /// −32602 with `why`, if something is given.
    pub fn none(&mut self, why: &str) -> Result<(), ErrorObjectOwned> {
        match self.optional() {
            None => Ok(()),
            Some(_) => Err(bad_params(format!("parameter {}: {why}", self.position))),
        }
    }

    fn if_given<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ErrorObjectOwned>,
    ) -> Result<Option<T>, ErrorObjectOwned> {
        match self.values.get(self.position) {
            None | Some(Value::Null) => {
                self.position = self.position.saturating_add(1);
                Ok(None)
            }
            Some(_) => read(self).map(Some),
        }
    }

    /// Bytes as `0x` hex.
    ///
    /// # Errors
    /// −32602.
    pub fn bytes(&mut self) -> Result<Vec<u8>, ErrorObjectOwned> {
        let text = self.text("bytes as 0x hex")?;
        parse_hex(&text).ok_or_else(|| self.wrong("bytes as 0x hex"))
    }

    /// A hash as `0x` hex.
    ///
    /// # Errors
    /// −32602.
    pub fn hash(&mut self) -> Result<Hash, ErrorObjectOwned> {
        let text = self.text("a hash as 0x hex")?;
        parse_hash(&text).ok_or_else(|| self.wrong("a hash as 0x hex"))
    }

    /// A number of at most 64 bits.
    ///
    /// # Errors
    /// −32602.
    pub fn number(&mut self) -> Result<u64, ErrorObjectOwned> {
        self.required("a number")?.as_u64().ok_or_else(|| self.wrong("a number"))
    }

    /// A 16-bit number.
    ///
    /// # Errors
    /// −32602.
    pub fn small(&mut self) -> Result<u16, ErrorObjectOwned> {
        u16::try_from(self.number()?).map_err(|_| self.wrong("a number below 65536"))
    }

    /// A height, if given.
    ///
    /// # Errors
    /// −32602 if it is given and not a number.
    pub fn height(&mut self) -> Result<Option<Height>, ErrorObjectOwned> {
        self.optional()
            .map(|value| value.as_u64().map(Height).ok_or_else(|| self.wrong("a height")))
            .transpose()
    }

    /// An amount in base units, as decimal text or a number.
    ///
    /// # Errors
    /// −32602.
    pub fn amount(&mut self) -> Result<Amount, ErrorObjectOwned> {
        let value = self.required("an amount in base units")?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.parse().map(Amount).map_err(|_| self.wrong("an amount in base units"))
    }
}

/// Bytes from `0x` hex.
#[must_use]
pub fn parse_hex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

/// A hash from `0x` hex.
#[must_use]
pub fn parse_hash(text: &str) -> Option<Hash> {
    parse_hex(text)?.try_into().ok().map(Hash)
}
