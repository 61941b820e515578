//! Host functions: the table that declares them.

pub mod table;
