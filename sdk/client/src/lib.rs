//! What a program outside the chain sees: keys, transactions, RPC, proofs.
