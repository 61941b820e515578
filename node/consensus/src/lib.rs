//! Agreement as state machines without I/O.
//!
//! An [`Engine`] is a pure step function: it is told what happened ([`Input`]) and says what is to be done
//! ([`Effect`]). It has no clock, key, disk or socket; a timer, a signature, a built block or the verdict on a received one is an effect whose
//! answer returns as an input. The driver in `node` carries effects out **in order** and stops at the first
//! that fails, so an [`Effect::Persist`] is durable before the [`Effect::Send`] or [`Effect::Decide`] behind it.
//!
//! | module | holds |
//! | --- | --- |
//! | [`engine`] | the trait |
//! | [`input`], [`effect`] | the vocabulary every engine speaks |
//! | [`solo`] | the engine of a development chain: one operator, no votes |
//!
//! Invariants, checked for every engine by [`conformance`]: heights are decided in order and once; nothing is
//! decided that was not built here or found valid; what was decided was persisted first; equal inputs give equal
//! effects.
#![forbid(unsafe_code)]

pub mod conformance;
pub mod effect;
pub mod engine;
pub mod input;
pub mod solo;

pub use effect::{Effect, Record, SignRequest, Target, Timer};
pub use engine::Engine;
pub use input::{Input, Verdict};
pub use solo::{Sealing, Solo};
