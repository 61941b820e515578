//! Durable bytes: blocks, state, history, recovery.
