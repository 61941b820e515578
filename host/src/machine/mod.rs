//! The declaration, enforced: what a contract may do, prepared once and asked at every step.
//!
//! | file | what |
//! | --- | --- |
//! | `contract` | compiled code and declaration, with every lookup done once |
//! | `frame` | one activation: who called what with what, and how much it used |
//! | `item` | the items a call is bound to |
//! | `guard` | what must hold before a call runs: states, caller, window, guard |
//! | `facts` | what expressions observe |
//! | `state`, `transition` | states of machines, and where a call leads |
//! | `invariant` | what always holds |
//! | `escrow` | what is held for an item, out of reach of code |
//! | `asset` | assets of contracts, moved by the host |
//! | `exit`, `judge` | ways out that the host runs, and what admission asks of them |
//! | `touch` | whether an access stands in the declaration |
//! | `outlook` | what could be done now, and why the rest could not |
//! | `ledger` | balances that exits change |
//! | `fund` | who pays the deposit of an entry that the host creates |
//! | `aggregate` | sums and counts as deltas |
//! | `role` | holders of account roles, and the methods by which they change |
//! | `set`, `approval` | members of set roles, and the calls they approve |
//! | `upgrade` | other code for a contract: proposed, waited for, put in place |
//! | `hosted` | the methods that the host answers itself |

mod aggregate;
mod approval;
mod asset;
mod contract;
mod escrow;
mod exit;
mod facts;
mod frame;
mod fund;
mod guard;
mod hosted;
mod invariant;
mod item;
mod judge;
mod ledger;
mod outlook;
mod role;
mod set;
mod state;
mod touch;
mod transition;
mod upgrade;

pub(crate) use aggregate::{COUNT, LEDGER_SUM, Pending, flush, open_aggregates, read_aggregate, unsigned};
pub(crate) use approval::run_approval_method;
pub(crate) use asset::{AssetCell, Ground, Way, given, own_less, own_more, owned, release, take};
pub(crate) use contract::{CellPlan, Contract, Kind, MethodKind, Source};
pub use escrow::Holdings;
pub(crate) use escrow::{check_empty, declared_escrow, held, holdings, payments};
pub(crate) use exit::{Ways, run_exit};
pub(crate) use facts::Place;
pub(crate) use frame::{Frame, Notice, Spans, locate_fields, read_params};
pub(crate) use guard::{check_entry, check_other_item};
pub(crate) use hosted::{HostCall, HostMethod, run_set_method};
pub(crate) use invariant::check_invariants;
pub(crate) use item::{Item, account_of, holder_of, see_again};
pub(crate) use judge::{check_paid_params, judge_exits, takes_coins};
pub use outlook::{Met, Move, MoveKind, Need, Question};
pub(crate) use outlook::{check_item, outlook};
pub(crate) use role::{RoleMethod, declared_holder, run_role_method, set_initial_roles};
pub(crate) use set::Set;
pub(crate) use state::{contract_state, move_gas, move_machine, open_states};
pub(crate) use touch::{check_everything, check_touch, for_an_item, resolve};
pub(crate) use transition::{chosen_target, complete};
pub(crate) use upgrade::{UpgradeMethod, Upgrading};
