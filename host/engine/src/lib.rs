//! The Wasm engine behind a narrow interface: the only crate that names it, and one of two where `unsafe` may stand.
//!
//! **Terms.** *Instrumented code*: a module that `host` has validated and rewritten, so that it meters its own gas
//! and stack in injected globals. *Image*: memory and globals after `_initialize`, from which every call starts.
//! *Instance*: a module with its own memory and globals. *Fault*: this machine could not run the code; it says
//! nothing about the code.
//!
//! **Map.** [`engine`](Engine): load, keep, call · `compile`: the compilers, configured · `cache`: compiled code behind
//! a port · `module`: compiled code and its image · `instance`: one activation · `bridge`: host calls · `pool`: warm
//! instances of this thread · `tunables`: memory that tells a failed growth from a refused one · `reference`: the
//! same calls on a second engine (feature `reference`).
//!
//! **What the code must provide.** Exports `$gas` (mutable `i64`), `$stack` and `$trap` (mutable `i32`), every other
//! mutable global as `$g<n>`; function imports only, all of them in the table the [`Engine`] was made with. The guest's
//! own names never start with `$`. See `host/docs/adr-001-metering-in-globals.md`.
//!
//! **Invariants.** An instance goes back to the pool only after it returned or the host ended its call, with its memory
//! length unchanged, and is reset, byte for byte, before the next call; after a trap it is dropped. Results do not
//! depend on pool, cache, compiler or thread. No text from the engine leaves this crate except inside an
//! [`EngineFault`].

#![expect(unsafe_code, reason = "compiled code is called and answered through raw pointers; see STYLE §9")]
#![deny(unsafe_op_in_unsafe_fn)]

mod bridge;
mod cache;
mod compile;
mod engine;
mod host;
mod image;
mod instance;
mod module;
mod outcome;
mod pool;
#[cfg(feature = "reference")]
pub mod reference;
mod tunables;

pub use cache::{CodeCache, CodeKey};
pub use compile::Compiler;
pub use engine::{Engine, EngineConfig, InitializeLimits};
pub use host::{
    Guest, HOST_PARAMS_MAX, Host, HostFunctionSignature, HostFunctions, HostTrap, NoHost, ValueKind,
};
pub use image::Image;
pub use instance::Instance;
pub use module::{Module, Origin};
pub use outcome::{CallReport, EngineFault, LoadError, Outcome, TrapKind};
pub use pool::{WARM_BYTES_PER_THREAD, WARM_INSTANCES_PER_THREAD, warm_on_this_thread};

/// Size in bytes of one page of Wasm memory.
pub const PAGE_BYTES: usize = 65_536;

/// Native stack in bytes on which the code of one call runs. Each nested call has one of its own.
pub const NATIVE_STACK_BYTES: usize = 2 * 1024 * 1024;

/// Greatest number of stack units that any call may be given; see `host::instrument` for what a unit is.
///
/// At this height the deepest frames that instrumented code can build stay inside [`NATIVE_STACK_BYTES`]
/// (tested with both compilers).
pub const STACK_UNITS_MAX: u32 = 65_536;
