//! The runtime at its door: blocks built, applied, refused, and what they leave.

mod batch;
mod blocks;
mod commitment;
mod genesis;
mod golden;
mod headers;
mod limits;
mod overlay;
mod params;
mod puppet;
mod random;
mod refusals;
mod settlement;
mod simulation;
mod world;
