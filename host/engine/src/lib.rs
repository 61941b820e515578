//! The Wasm engine behind a narrow trait.
