//! What a manifest means for whoever must judge it: rows derived from the declaration, and pages made of the rows.
//!
//! | file | question |
//! | --- | --- |
//! | `methods` | what may be called, by whom, when, at what cost |
//! | `machines` | which states there are and what moves between them |
//! | `bounds` | how large it can get, and how far it has come |
//! | `storage` | what is stored, byte by byte |
//! | `imports` | what the code asks of the host |
//! | `messages` | which events and errors it has |
//! | `history` | what a chain has seen of it |
//! | `power` | who can do what in which state, and extract how much |
//! | `trust` | what it believes without proof |
//! | `evidence` | what stands behind a claim: PROVEN, ENFORCED, TESTED, ASSUMED |
//! | `page` | the rows as text, Markdown, HTML and Mermaid |
//!
//! Every derivation is a pure function of a manifest that was validated; it reads no file and asks no node. Rows
//! serialise to JSON: their fields are added to, never renamed. A claim about what *may* happen says at least what the
//! declaration allows; a claim that something *cannot* happen holds whatever the code does.
//!
//! ```
//! use chainstack_client::{inspect, manifest::from_toml};
//!
//! let manifest = from_toml("[contract]\nname = \"door\"\n[machines.door]\nid = 1\nstates = { Open = 1, Shut = 2 }\ninitial = \"Open\"\n\
//!     [transitions.shut]\nfrom = { door = [\"Open\"] }\nto = { door = [\"Shut\"] }\nceilings = { gas = 1_000 }\n")?;
//! let door = &inspect::machines(&manifest).machines[0];
//! assert_eq!((door.states.len(), door.arrows[0].label().as_str()), (2, "shut"));
//! # Ok::<(), chainstack_client::manifest::TextError>(())
//! ```

mod bounds;
mod effects;
mod evidence;
mod history;
mod imports;
mod machines;
mod messages;
mod methods;
mod notation;
pub mod page;
mod power;
mod storage;
mod trust;

#[cfg(test)]
mod tests;

pub use bounds::{Bounds, CellBound, CellNow, DepositPrices, Live, MethodBound, bounds};
pub use evidence::{Claim, Evidence};
pub use history::{Called, Ended, FailedRow, HighWater, History, HistoryRow, Seen, SeenCall, history};
pub use imports::{Declared, ImportRow, Imports, imports, no_code};
pub use machines::{Arrow, ArrowKind, MachineRow, Machines, StateRow, machines};
pub use messages::{MessageRow, errors, events};
pub use methods::{Abi, CeilingsRow, ExitRow, MethodKind, MethodRow, ParamRow, abi};
pub use notation::{FieldRow, StatesRow, WindowRow};
pub use power::{Ability, ActorRow, Matrix, MatrixRow, Power, power};
pub use storage::{AssetRow, CellRow, EscrowRow, Part, Storage, storage};
pub use trust::{Callee, ClockUse, ForeignAsset, Oracle, Trust, trust};
