// A module in another file.

/// A coin.
#[contract]
mod coin;
