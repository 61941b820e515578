//! Every stable code of the house that has a name, from the tables of the rooms that decide.

use chainstack_host::{admission::Refusal, error::UploadError};
use chainstack_primitives::codes::{CodeInfo, TABLE};

/// All codes: the chain's own, then those of bytecode and of upload.
pub(super) fn all() -> impl Iterator<Item = CodeInfo> {
    let rooms = Refusal::CODES.iter().chain(UploadError::CODES);
    let rooms = rooms.map(|&(code, name, what, hint)| CodeInfo { code, name, what, hint });
    TABLE.iter().copied().chain(rooms)
}

/// The row of a code.
pub(super) fn describe(code: u16) -> Option<CodeInfo> {
    all().find(|row| row.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_given_twice_and_each_says_what_to_try() {
        let rows: Vec<CodeInfo> = all().collect();
        for row in &rows {
            assert_eq!(rows.iter().filter(|other| other.code == row.code).count(), 1, "{}", row.code);
            assert!(!row.what.is_empty() && !row.hint.is_empty(), "{}", row.name);
        }
        assert_eq!(describe(2_002).map(|row| row.name), Some("LimitExceeded"));
        assert_eq!(describe(999), None);
    }
}
