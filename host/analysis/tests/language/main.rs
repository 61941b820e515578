//! The expression language at its door: each rule by a golden case, and soundness against random expressions.

mod boxes;
mod exits;
mod golden;
mod orders;
mod page;
mod properties;
mod refinement;
mod shapes;
mod sound;
mod table;
mod world;
