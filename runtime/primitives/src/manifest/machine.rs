//! Machines: declared automata, one per contract or one per item of a map.

use parity_scale_codec::{Decode, Encode};

use super::limits::{MOVES_MAX, STATES_MAX};
use super::{Doc, Name};
use crate::BoundedVec;

/// A declared automaton. The host owns its state.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Machine {
    /// Permanent id.
    pub id: u16,
    /// Name.
    pub name: Name,
    /// For people.
    pub doc: Doc,
    /// The map whose items each have one; none: the contract has one. The state of an item is the
    /// first byte of its head.
    pub cell: Option<u16>,
    /// The states, at least one.
    pub states: BoundedVec<State, STATES_MAX>,
    /// Id of the state a new item or contract is in.
    pub initial: u8,
    /// Ids of the states without a way out.
    pub terminal: BoundedVec<u8, STATES_MAX>,
}

/// A state of a machine.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct State {
    /// Permanent id.
    pub id: u8,
    /// Name.
    pub name: Name,
}

/// States of one machine.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct StateSet {
    /// The machine.
    pub machine: u16,
    /// Ids of its states, at least one.
    pub states: BoundedVec<u8, STATES_MAX>,
}

/// States of several machines, at most one set for each.
pub type StateSets = BoundedVec<StateSet, MOVES_MAX>;
