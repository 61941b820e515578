// A module called as the one that is made.

/// A coin.
#[contract]
mod coin {
    mod messages {}
}
