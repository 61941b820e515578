//! Whole-system tests, golden files, scenarios.

pub mod scenario;
