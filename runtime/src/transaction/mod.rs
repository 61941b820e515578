//! Transactions: which may be included, what they cost, what they do, what they leave.

mod dispatch;
mod execute;
pub mod fee;
mod meter;
mod refused;
pub mod validate;
mod verified;

pub use execute::Outcome;
pub(crate) use execute::{Accrued, Unsealed, attempt, execute, seal, supply_broken};
pub use meter::Meter;
pub use refused::TransactionRefused;
pub use verified::VerifiedTransaction;
