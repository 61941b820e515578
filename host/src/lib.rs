//! Runs contract code inside its declared machine.
