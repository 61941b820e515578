//! Whole-system tests, golden files, acceptance.
//!
//! | module | holds |
//! | --- | --- |
//! | [`accept`] | the promises of an issue as named checks |
//! | [`browser`] | pages as Chromium shows them, measured |
//! | [`campaign`] | long counts against a running node |
//! | [`liar`] | a node that lies about one thing |
//! | [`limits`] | the page of limits, read, and its tests, run |
//! | [`node`] | the built program, started and asked from outside |
//! | [`oracle`] | random transitions of the samples, with the declaration as oracle |
//! | [`measure`] | what a command takes of the machine |
//! | [`wasm`] | modules written byte by byte |
//! | [`wallet`] | a signer outside the program |
//! | [`http`] | HTTP as a stranger may send it |
//! | [`websocket`] | a WebSocket as a stranger may use it |
//! | [`vectors`] | where the public vectors are |
//!
//! The tests need the program: `make test` builds it first. `CHAINSTACK_BIN` names another.

pub mod accept;
pub mod browser;
pub mod campaign;
pub mod http;
pub mod liar;
pub mod limits;
pub mod measure;
pub mod node;
pub mod oracle;
pub mod vectors;
pub mod wallet;
pub mod wasm;
pub mod websocket;
