//! The properties, one file for each question.
//!
//! | file | what |
//! | --- | --- |
//! | `context` | what every question is asked of, and runs in words |
//! | `attempt` | what can never be done, shown by trying |
//! | `reach` | P1 what is never reached, P2 where a machine is stuck |
//! | `leave`, `trapped` | P3 whether value leaves by exits alone, P5 how long that takes |
//! | `power`, `code` | P4 what one role can take alone, and what code can bring about |
//! | `size` | P6 size, gas and deposit |
//! | `guard` | P7 guards and windows that never hold, or overlap |
//! | `terminal` | P8 terminal states |
//! | `template`, `stated` | P9 what was asked in words |
//! | `upgrade` | P10 what a new version may change |

mod attempt;
mod code;
mod context;
mod guard;
mod leave;
mod power;
mod reach;
mod size;
mod stated;
mod template;
mod terminal;
mod trapped;
mod upgrade;

pub(crate) use code::abilities;
pub(crate) use context::Context;
pub use size::Prices;
pub(crate) use size::sizes;
pub(crate) use stated::stated;
pub use template::{PropertyError, PropertyText};
pub(crate) use upgrade::claims as upgrade_claims;

use crate::report::Claim;

/// Claims that rest on a search: P1 to P5, P7, P8.
pub(crate) fn searched(context: &Context<'_, '_>) -> Vec<Claim> {
    let mut claims = reach::reachability(context);
    claims.extend(reach::deadlocks(context));
    claims.extend(trapped::trapped(context));
    claims.extend(power::powers(context));
    claims.extend(guard::guards(context));
    claims.extend(terminal::terminals(context));
    claims
}
