//! The same calls on a second engine, an interpreter: what the compilers are compared with.
