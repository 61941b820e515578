//! Whole-system tests, golden files, scenarios.
