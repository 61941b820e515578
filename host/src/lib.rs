//! Runs contract code inside its declared machine.
//!
//! **Terms.** A *contract* is code plus its *manifest*, the declaration of what it may do. A *frame* is one
//! activation of a method, with its own rollback point. *Admission* is the judgement over uploaded bytes,
//! *instrumentation* the rewriting that makes them meter themselves. *The machine* is the declaration, enforced.
//!
//! **Map.** [`Executor`]: the runtime's port, the way in · [`admission`]: which bytecode may enter · [`instrument`]:
//! bytecode to bytecode, the same for every engine · [`functions`]: the host functions, from one declared table ·
//! `machine`: what a contract may do, asked at every step · `run`: frames and the calls between them · `upgrade`: other
//! code for a contract · [`budget`]: gas · `memory`: checked ranges · `phases`: where the time goes, told through a
//! port · [`error`]: why bytes are not accepted as code.
//!
//! **Invariants.** Nothing undeclared happens: every read, write, event, error, payment and call is checked against
//! the manifest before it is done, and a refusal leaves no trace. Work is charged before it is done. Only a fault of
//! this machine is not the same everywhere, and it never becomes part of chain state.
#![forbid(unsafe_code)]

pub mod admission;
pub mod budget;
pub mod error;
mod executor;
pub mod functions;
pub mod instrument;
mod machine;
mod memory;
mod phases;
mod run;
mod upgrade;

pub use admission::limits::LIMITS;
pub use budget::RUN_LIMITS;
pub use executor::{
    CONTRACTS_KEPT_BYTES_MAX, CONTRACTS_KEPT_MAX, CheckReport, EngineChoice, Executor, ExecutorConfig,
    ExecutorCounts, INITIALIZE_GAS_MAX, INITIALIZE_STACK,
};
pub use machine::{Holdings, Met, Move, MoveKind, Need, Question};
pub use phases::{Phase, PhaseProbe};
