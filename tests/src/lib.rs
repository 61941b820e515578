//! Whole-system tests, golden files, scenarios.
//!
//! | module | holds |
//! | --- | --- |
//! | [`accept`] | the promises of an issue as named checks |
//! | [`campaign`] | long counts against a running node |
//! | [`limits`] | the page of limits, read, and its tests, run |
//! | [`node`] | the built program, started and asked from outside |
//! | [`wallet`] | a signer outside the program |
//! | [`http`] | HTTP as a stranger may send it |
//! | [`vectors`] | where the public vectors are |
//!
//! The tests need the program: `make test` builds it first. `CHAINSTACK_BIN` names another.

pub mod accept;
pub mod campaign;
pub mod http;
pub mod limits;
pub mod node;
pub mod vectors;
pub mod wallet;
