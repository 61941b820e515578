//! The node and the command line: the edges and the only wiring.
