//! The declaration, enforced: what a contract may do, prepared once and asked at every step.
//!
//! | file | what |
//! | --- | --- |
//! | `contract` | compiled code and declaration, with every lookup done once |
//! | `frame` | one activation: who called what with what, and how much it used |
//! | `touch` | whether an access stands in the declaration |
//! | `aggregate` | sums and counts as deltas |
//! | `role` | holders of account roles, and the methods by which they change |

mod aggregate;
mod contract;
mod frame;
mod role;
mod touch;

pub(crate) use aggregate::{COUNT, LEDGER_SUM, Pending, flush, open_aggregates, read_aggregate};
pub(crate) use contract::{CellPlan, Contract, Kind, MethodKind, Source, caller_rule};
pub(crate) use frame::{Frame, Notice, Spans, Used, locate_fields};
pub(crate) use role::{
    RoleMethod, check_caller, declared_holder, roles_asked, run_role_method, set_initial_roles,
};
pub(crate) use touch::{check_everything, check_touch, resolve};
