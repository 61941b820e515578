//! The pure state transition of the chain.
