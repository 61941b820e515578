//! Agreement as state machines without I/O.
