//! Reading TOML with positions: tables that know which of their keys were asked for.

use std::cell::RefCell;

use chainstack_primitives::BoundedVec;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Problem;
use crate::value::nearest;

pub(super) type Read<T> = Result<T, Problem>;

/// A value and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Item<'t> {
    pub(super) at: usize,
    value: &'t DeValue<'t>,
}

/// A key, where it stands, and its value.
#[derive(Clone, Copy)]
pub(super) struct Entry<'t> {
    pub(super) key: &'t str,
    pub(super) at: usize,
    pub(super) item: Item<'t>,
}

/// A table, its entries in the order of the file.
pub(super) struct Table<'t> {
    pub(super) at: usize,
    entries: Vec<Entry<'t>>,
    known: RefCell<Vec<&'static str>>,
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl<'t> Table<'t> {
    pub(super) fn new(at: usize, table: &'t DeTable<'t>) -> Self {
        let entry = |(key, value): (&'t Spanned<_>, &'t Spanned<DeValue<'t>>)| {
            let name: &'t std::borrow::Cow<'t, str> = key.get_ref();
            let item = Item { at: value.span().start, value: value.get_ref() };
            Entry { key: name, at: key.span().start, item }
        };
        let mut entries: Vec<_> = table.iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.at);
        Self { at, entries, known: RefCell::new(Vec::new()) }
    }

    pub(super) fn entries(&self) -> &[Entry<'t>] {
        &self.entries
    }

    /// The value of `key`, which is from now on a known key.
    pub(super) fn get(&self, key: &'static str) -> Option<Item<'t>> {
        self.known.borrow_mut().push(key);
        self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.item)
    }

    pub(super) fn need(&self, key: &'static str) -> Read<Item<'t>> {
        self.get(key).ok_or_else(|| Problem::new(self.at, format!("`{key}` is missing")))
    }

    pub(super) fn flag(&self, key: &'static str, default: bool) -> Read<bool> {
        self.get(key).map_or(Ok(default), |item| item.flag())
    }

    pub(super) fn number<T: TryFrom<u128>>(&self, key: &'static str) -> Read<Option<T>> {
        self.get(key).map(|item| item.number()).transpose()
    }

    pub(super) fn list(&self, key: &'static str) -> Read<Vec<Item<'t>>> {
        self.get(key).map_or(Ok(Vec::new()), |item| item.list())
    }

    pub(super) fn table(&self, key: &'static str) -> Read<Option<Table<'t>>> {
        self.get(key).map(|item| item.table()).transpose()
    }

    /// Refuses keys nobody asked for.
    pub(super) fn finish(&self) -> Read<()> {
        let known = self.known.borrow();
        let Some(entry) = self.entries.iter().find(|entry| !known.contains(&entry.key)) else {
            return Ok(());
        };
        let hint = match nearest(entry.key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here are {}", known.join(", ")),
        };
        Err(Problem::new(entry.at, format!("`{}` means nothing here", entry.key)).hint(Some(hint)))
    }
}

impl<'t> Item<'t> {
    pub(super) fn problem(self, message: impl Into<String>) -> Problem {
        Problem::new(self.at, message)
    }

    fn expected(self, what: &str) -> Problem {
        self.problem(format!("{what} expected, {} found", kind(self.value)))
    }

    pub(super) fn text(self) -> Read<&'t str> {
        self.value.as_str_borrowed().ok_or_else(|| self.expected("a text"))
    }

    pub(super) fn is_text(self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    pub(super) fn is_list(self) -> bool {
        matches!(self.value, DeValue::Array(_))
    }

    pub(super) fn flag(self) -> Read<bool> {
        self.value.as_bool().ok_or_else(|| self.expected("true or false"))
    }

    /// A number, written as one or quoted; signed as far as `T` is.
    fn integer<N>(self, parse: impl Fn(&str, u32) -> Option<N>, range: &str) -> Read<N> {
        let (text, radix) = match self.value {
            DeValue::Integer(integer) => (integer.as_str().to_owned(), integer.radix()),
            DeValue::String(text) => (text.to_string(), 10),
            _ => return Err(self.expected("a number")),
        };
        parse(&text.replace('_', ""), radix)
            .ok_or_else(|| self.problem(format!("{range} expected, {text} found")))
    }

    pub(super) fn number<T: TryFrom<u128>>(self) -> Read<T> {
        let parse = |text: &str, radix| {
            u128::from_str_radix(text, radix).ok().and_then(|value| T::try_from(value).ok())
        };
        self.integer(parse, &format!("a whole number of at most {} bits", size_of::<T>() * 8))
    }

    pub(super) fn signed(self) -> Read<i128> {
        self.integer(|text, radix| i128::from_str_radix(text, radix).ok(), "a whole number")
    }

    pub(super) fn list(self) -> Read<Vec<Item<'t>>> {
        match self.value {
            DeValue::Array(array) => Ok(array
                .iter()
                .map(|value| Item { at: value.span().start, value: value.get_ref() })
                .collect()),
            _ => Err(self.expected("a list")),
        }
    }

    pub(super) fn table(self) -> Read<Table<'t>> {
        match self.value {
            DeValue::Table(table) => Ok(Table::new(self.at, table)),
            _ => Err(self.expected("a table")),
        }
    }

    /// The value as JSON, numbers as text so that none is too great.
    pub(super) fn json(self) -> Read<Value> {
        Ok(match self.value {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Integer(_) => {
                Value::String(self.signed().map(|value| value.to_string()).or_else(|problem| {
                    self.number::<u128>().map(|value| value.to_string()).map_err(|_| problem)
                })?)
            }
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Array(_) => Value::Array(self.list()?.into_iter().map(Item::json).collect::<Read<_>>()?),
            DeValue::Table(_) => {
                let table = self.table()?;
                let entries =
                    table.entries().iter().map(|entry| Ok((entry.key.to_owned(), entry.item.json()?)));
                Value::Object(entries.collect::<Read<_>>()?)
            }
            DeValue::Float(_) | DeValue::Datetime(_) => {
                return Err(self.expected("a text, number, list or table"));
            }
        })
    }
}

/// Borrowing from the document, not from the value.
trait AsStrBorrowed<'t> {
    fn as_str_borrowed(&'t self) -> Option<&'t str>;
}

impl<'t> AsStrBorrowed<'t> for DeValue<'t> {
    fn as_str_borrowed(&'t self) -> Option<&'t str> {
        match self {
            DeValue::String(text) => Some(text),
            _ => None,
        }
    }
}

/// `elements` as a bounded list.
pub(super) fn bounded<T, const MAX: u32>(at: usize, elements: Vec<T>) -> Read<BoundedVec<T, MAX>> {
    elements
        .try_into()
        .map_err(|error: chainstack_primitives::BoundExceeded| Problem::new(at, error.to_string()))
}
