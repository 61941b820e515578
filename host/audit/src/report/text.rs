//! The report as text.

use core::fmt::Write;

use super::{Counterexample, Property, Report};

/// The report for people: violations come with their runs.
#[must_use]
pub fn to_text(report: &Report) -> String {
    let mut text = String::new();
    let _ = write_report(&mut text, report);
    text
}

fn write_report(text: &mut String, report: &Report) -> core::fmt::Result {
    writeln!(text, "audit of {} (manifest {})", report.contract, report.manifest)?;
    match report.states {
        Some(count) => writeln!(text, "{count} states of the model visited")?,
        None => writeln!(text, "the model was not searched to its end")?,
    }
    for property in Property::ALL {
        let claims = report.claims.iter().filter(|claim| claim.property == property);
        for (index, claim) in claims.enumerate() {
            if index == 0 {
                writeln!(text, "\n{} {}", property.id(), property.title())?;
            }
            writeln!(text, "  {:9} {:8} {}", claim.verdict.name(), claim.evidence.label(), claim.sentence)?;
            if let Some(run) = &claim.counterexample {
                write_run(text, run)?;
            }
        }
    }
    let (violated, undecided) = (report.violations().count(), report.undecided().count());
    writeln!(text, "\n{} claims, {violated} violated, {undecided} undecided", report.claims.len())
}

fn write_run(text: &mut String, run: &Counterexample) -> core::fmt::Result {
    for (index, step) in run.steps.iter().enumerate() {
        let number = index.saturating_add(1);
        writeln!(text, "      {number}. {} -> {}", step.does(), step.state)?;
        for condition in &step.assumed {
            writeln!(text, "         given {condition}")?;
        }
    }
    Ok(())
}
