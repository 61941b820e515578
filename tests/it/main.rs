//! The whole house, tested from outside.

mod tidy;
