//! Keccak-256 over many independent inputs at once.
