//! Typed values between people and the chain: text and JSON on one side, SCALE by declared type on the other.
//!
//! | type | text | JSON in | JSON out |
//! | --- | --- | --- | --- |
//! | integers | `1_000`, `-5` | number or text | number up to 32 bits, else decimal text |
//! | `bool` | `true` | `true` | `true` |
//! | `account` | address, `0x` and 64 digits, or what the caller's resolver knows (`//Alice`) | the same, as text | `0x…` or the caller's format |
//! | `hash`, `fixed<n>` | `0x…` | the same, as text | `0x…` |
//! | `bytes<n>` | `0x…`, or text taken as it is | the same, as text | `0x…` |
//! | `text<n>` | as it is | text | text |
//! | `option<T>` | `none`, or a `T` | `null`, or a `T`; `{"some": …}` around a nested option | the same |
//! | `list<T, n>` | `[a, b]` | array | array |
//! | struct | JSON | object with every field | object |
//! | enum | `Name`, or JSON | `"Name"`, or `{"Name": {…}}` | the same |
//!
//! What is encoded is always canonical and within the declared bounds; what is decoded was checked first.

mod decode;
mod encode;
mod error;
mod notation;

#[cfg(test)]
mod tests;

pub use decode::{decode_fields, decode_to_json, decode_with};
pub use encode::{Resolver, encode_args, encode_fields, encode_json, encode_params, encode_text, no_aliases};
pub use error::{ArgError, DecodeValueError};
pub(crate) use notation::kind_name;
pub use notation::type_name;

/// The candidate nearest to `found` by edit distance, if it is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(found: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = candidates.map(|candidate| (distance(found, candidate), candidate));
    let (distance, candidate) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= 2.max(found.len() / 3)).then_some(candidate)
}

/// Levenshtein distance; inputs are cut at 64 bytes.
fn distance(left: &str, right: &str) -> usize {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let (left, right) = (&left[..left.len().min(64)], &right[..right.len().min(64)]);
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, to) in right.iter().enumerate() {
            let above = row[column + 1];
            let replaced = diagonal + usize::from(!from.eq_ignore_ascii_case(to));
            row[column + 1] = replaced.min(above + 1).min(row[column] + 1);
            diagonal = above;
        }
    }
    row[right.len()]
}
