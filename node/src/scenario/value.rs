//! Accounts by name, values as texts for the chain, and when a value found is the one expected.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::ScenarioChain;
use super::schema::Values;

/// The texts that stand behind `@NAME`.
pub(crate) struct Names<'a>(pub(crate) &'a BTreeMap<String, String>);

impl Names<'_> {
    /// Replaces `@NAME` by the account's text.
    pub(crate) fn resolve<'t>(&'t self, text: &'t str) -> Result<&'t str, String> {
        match text.strip_prefix('@') {
            None => Ok(text),
            Some(name) => match self.0.get(name) {
                Some(account) => Ok(account),
                None => Err(format!("no account is called `{name}`")),
            },
        }
    }

    /// The text of a value as the CLI takes it after `name=`.
    pub(crate) fn text(&self, value: &toml::Value) -> Result<String, String> {
        Ok(match value {
            toml::Value::String(text) => self.resolve(text)?.to_owned(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            toml::Value::Array(_) | toml::Value::Table(_) => self.json(value)?.to_string(),
            toml::Value::Float(_) | toml::Value::Datetime(_) => {
                return Err(format!("{value}: no argument is a float or a date"));
            }
        })
    }

    /// [`Names::text`] of each.
    pub(crate) fn texts(&self, values: &Values) -> Result<BTreeMap<String, String>, String> {
        let text = |(name, value): (&String, &toml::Value)| {
            Ok((name.clone(), self.text(value).map_err(|what| format!("`{name}`: {what}"))?))
        };
        values.iter().map(text).collect()
    }

    /// A number of base units: an integer, or digits in a text where 64 bits do not suffice.
    pub(crate) fn amount(&self, value: &toml::Value) -> Result<u128, String> {
        let text = self.text(value)?;
        text.replace('_', "").parse().map_err(|_| format!("{text}: expected an amount"))
    }

    fn json(&self, value: &toml::Value) -> Result<Json, String> {
        Ok(match value {
            toml::Value::Array(items) => {
                Json::Array(items.iter().map(|item| self.json(item)).collect::<Result<_, _>>()?)
            }
            toml::Value::Table(fields) => {
                let field = |(name, value): (&String, &toml::Value)| Ok((name.clone(), self.json(value)?));
                Json::Object(fields.iter().map(field).collect::<Result<_, String>>()?)
            }
            toml::Value::Boolean(flag) => Json::Bool(*flag),
            scalar => Json::String(self.text(scalar)?),
        })
    }

    /// Whether `found` is what `expected` describes. Numbers equal their decimal texts; `@NAME`, `//…`, names of
    /// contracts and hexadecimal keys stand for the account's address; a table's fields must all be there, and no others.
    pub(crate) fn same(
        &self,
        chain: &mut impl ScenarioChain,
        expected: &toml::Value,
        found: &Json,
    ) -> Result<bool, String> {
        match (expected, found) {
            (toml::Value::Table(fields), Json::Object(found)) => {
                self.same_fields(chain, fields.iter(), found.iter())
            }
            (toml::Value::Array(items), Json::Array(found)) => {
                if items.len() != found.len() {
                    return Ok(false);
                }
                for (item, found) in items.iter().zip(found) {
                    if !self.same(chain, item, found)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (toml::Value::Table(_) | toml::Value::Array(_), _) => Ok(false),
            (scalar, found) => {
                let expected = self.text(scalar)?;
                let Some(found) = plain(found) else { return Ok(false) };
                if found == expected {
                    return Ok(true);
                }
                let toml::Value::String(text) = scalar else { return Ok(false) };
                match chain.address(&expected) {
                    Ok(address) => Ok(found == address),
                    Err(what) if text.starts_with('@') || text.starts_with("//") => Err(what),
                    Err(_) => Ok(false),
                }
            }
        }
    }

    /// [`Names::same`] of each field.
    pub(crate) fn same_fields<'e, 'f>(
        &self,
        chain: &mut impl ScenarioChain,
        expected: impl ExactSizeIterator<Item = (&'e String, &'e toml::Value)>,
        found: impl ExactSizeIterator<Item = (&'f String, &'f Json)>,
    ) -> Result<bool, String> {
        if expected.len() != found.len() {
            return Ok(false);
        }
        let found: BTreeMap<&String, &Json> = found.collect();
        for (name, value) in expected {
            match found.get(name) {
                Some(found) if self.same(chain, value, found)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}

fn plain(found: &Json) -> Option<String> {
    match found {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A number in an answer.
pub(crate) fn number(found: &Json) -> Result<u128, String> {
    match found {
        Json::Null => Ok(0),
        other => plain(other)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| format!("expected a number, found {other}")),
    }
}
