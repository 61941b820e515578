//! Exits: the proof that nothing an exit computes can fail.
//!
//! An exit whose arithmetic fails keeps what it should let out. So admission asks for this proof of each exit. It
//! covers what the exit *computes*: window, guard, amounts, new head fields, fields of its event. Whether a ledger
//! or balance holds what is to be taken from it is the machine's question, not arithmetic.

use core::fmt;

use chainstack_primitives::manifest::{Effect, Exit, Expression, Manifest, Window};

use crate::{Assumptions, IllFormed, Interval, NotTotal, PossibleFailure, Refuted, prove_total};

/// One expression of an exit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitPart {
    /// Where the window opens.
    Opens,
    /// Where the window closes.
    Closes,
    /// The guard.
    Guard,
    /// Amount or value of the effect with this index.
    Effect(usize),
    /// The field of the event with this index.
    EventField(usize),
}

impl fmt::Display for ExitPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opens => formatter.write_str("window.opens"),
            Self::Closes => formatter.write_str("window.closes"),
            Self::Guard => formatter.write_str("guard"),
            Self::Effect(index) => write!(formatter, "effects[{index}]"),
            Self::EventField(index) => write!(formatter, "event.fields[{index}]"),
        }
    }
}

/// Why an exit was not proven to compute everything it needs.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ExitProblem {
    /// A node of the expression may fail.
    MayFail {
        /// The expression.
        part: ExitPart,
        /// The node, and what it may be given.
        failure: PossibleFailure,
    },
    /// The value may be outside the type of the field it is for.
    DoesNotFit {
        /// The expression.
        part: ExitPart,
        /// What the value can be.
        found: Interval,
        /// What the field can hold.
        allowed: Interval,
    },
    /// The window is never open, or the guard never holds: the exit lets nothing out.
    Never {
        /// The expression that excludes it.
        part: ExitPart,
    },
    /// The expression is none: the manifest was not validated.
    IllFormed {
        /// The expression.
        part: ExitPart,
        /// Where and why.
        problem: IllFormed,
    },
}

impl fmt::Display for ExitProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MayFail { part, failure } => write!(formatter, "{part} may fail: {failure}"),
            Self::DoesNotFit { part, found, allowed } => {
                write!(formatter, "{part} can be {found}, and its field holds {allowed}")
            }
            Self::Never { part } => write!(formatter, "{part} never lets the exit be taken"),
            Self::IllFormed { part, problem } => write!(formatter, "{part}: {problem}"),
        }
    }
}

impl core::error::Error for ExitProblem {}

/// Proves that every expression of `exit` has a value whenever it is evaluated, and that values of fields fit.
///
/// In the order the host evaluates them, all in one environment: both bounds of the window, whatever the clock; the
/// guard, while the window is open and the machines are in the exit's states; effects and event, if the guard held.
/// `exit` belongs to the validated `manifest`.
///
/// # Errors
/// [`ExitProblem`] at the first expression that is not proven.
pub fn prove_exit(manifest: &Manifest, exit: &Exit) -> Result<(), ExitProblem> {
    let item = exit.item.and_then(|cell| manifest.cell(cell));
    let taken = Assumptions::new(manifest, &[], item).in_states(&exit.from);
    let open = match &exit.window {
        Some(window) => open(taken, window)?,
        None => taken,
    };
    let held = match &exit.guard {
        Some(guard) => {
            total(ExitPart::Guard, guard, &open)?;
            open.given(guard).map_err(|refuted| refused(ExitPart::Guard, refuted))?
        }
        None => open,
    };
    for (index, effect) in exit.effects.iter().enumerate() {
        prove_effect(ExitPart::Effect(index), effect, &held)?;
    }
    let Some(announced) = &exit.event else { return Ok(()) };
    let declared = manifest.event(announced.event).map_or(&[][..], |event| &event.fields);
    for (index, (field, value)) in declared.iter().zip(&announced.fields).enumerate() {
        fits(ExitPart::EventField(index), value, Interval::of_type(&field.ty), &held)?;
    }
    Ok(())
}

/// What is known while `window` is open, its bounds being total.
fn open<'a>(taken: Assumptions<'a>, window: &'a Window) -> Result<Assumptions<'a>, ExitProblem> {
    let mut last = ExitPart::Opens;
    for (part, bound) in [(ExitPart::Opens, &window.opens), (ExitPart::Closes, &window.closes)] {
        if let Some(bound) = bound {
            total(part, bound, &taken)?;
            last = part;
        }
    }
    taken.within(window).map_err(|refuted| refused(last, refuted))
}

fn prove_effect(part: ExitPart, effect: &Effect, held: &Assumptions<'_>) -> Result<(), ExitProblem> {
    match effect {
        Effect::Release { amount: Some(amount), .. }
        | Effect::LedgerAdd { amount, .. }
        | Effect::LedgerSub { amount, .. }
        | Effect::LedgerMove { amount, .. }
        | Effect::Pay { amount, .. } => total(part, amount, held).map(|_| ()),
        Effect::SetHead { field, value } => fits(part, value, held.head_field(*field), held),
        Effect::Release { amount: None, .. } | Effect::DeleteItem => Ok(()),
    }
}

fn total(part: ExitPart, value: &Expression, known: &Assumptions<'_>) -> Result<Interval, ExitProblem> {
    prove_total(value, known).map_err(|problem| match problem {
        NotTotal::MayFail(failure) => ExitProblem::MayFail { part, failure },
        NotTotal::IllFormed(problem) => ExitProblem::IllFormed { part, problem },
    })
}

/// Proves that `value` is total and within `allowed`; a field without an interval takes no expression at all.
fn fits(
    part: ExitPart,
    value: &Expression,
    allowed: Option<Interval>,
    known: &Assumptions<'_>,
) -> Result<(), ExitProblem> {
    let found = total(part, value, known)?;
    match allowed {
        Some(allowed) if found.is_within(allowed) => Ok(()),
        Some(allowed) => Err(ExitProblem::DoesNotFit { part, found, allowed }),
        None => Ok(()),
    }
}

fn refused(part: ExitPart, refuted: Refuted) -> ExitProblem {
    match refuted {
        Refuted::Never => ExitProblem::Never { part },
        Refuted::IllFormed(problem) => ExitProblem::IllFormed { part, problem },
    }
}
