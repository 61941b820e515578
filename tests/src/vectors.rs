//! The public test vectors, which are not part of the project.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// The project's folder.
///
/// # Panics
/// Never: this crate stands in it.
#[must_use]
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is a room of the house").to_path_buf()
}

/// A folder or file of the vectors: below `CHAINSTACK_VECTORS`, or `../shared/vectors` from the project.
/// `None`, with a remark, if it is not there.
///
/// # Panics
/// If it is not there and `CI` is `true`.
#[must_use]
pub fn vectors(name: &str) -> Option<PathBuf> {
    let base =
        env::var_os("CHAINSTACK_VECTORS").map_or_else(|| project().join("../shared/vectors"), PathBuf::from);
    let path = base.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(env::var("CI").as_deref() != Ok("true"), "no vectors at {}", path.display());
    remark(&format!("not run: no vectors at {}", path.display()));
    None
}

/// Reads a file of JSON.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn json_file(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A remark of a test for people.
#[expect(clippy::print_stderr, reason = "a test says why it did not run")]
pub fn remark(text: &str) {
    eprintln!("{text}");
}
