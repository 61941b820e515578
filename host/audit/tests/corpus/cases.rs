//! One fault each, P1 to P8: the audit names the property, and shows a run where there is one.

use chainstack_audit::Property::P5;

use super::faults::{Case, ENDED, GUARDS, POSTPONED, POWERS, SIZES, STUCK, TRAPPED, UNREACHED};
use super::{ESCROW, Edits, check_fault, check_good, edited, report};

fn check(cases: &[Case]) {
    for (name, base, edits, expected, run) in cases {
        check_good(name, &report(&edited(base, &[]), &[], None));
        check_fault(name, &report(&edited(base, edits), &[], None), *expected, *run);
    }
}

#[test]
fn p1_what_is_never_reached() {
    check(&UNREACHED);
}

#[test]
fn p2_what_is_stuck() {
    check(&STUCK);
}

#[test]
fn p3_what_is_trapped() {
    check(&TRAPPED);
}

#[test]
fn p4_who_takes_alone() {
    check(&POWERS);
}

#[test]
fn p5_what_is_postponed() {
    check(&POSTPONED);
}

#[test]
fn p6_ceilings_that_contradict() {
    check(&SIZES);
}

#[test]
fn p7_guards_and_windows() {
    check(&GUARDS);
}

#[test]
fn p8_terminal_states() {
    check(&ENDED);
}

/// The clock of one deal waits for what the exits of others add to a ledger.
#[test]
fn p5_a_clock_that_exits_of_other_items_move() {
    let points: Edits = &[
        (
            "[machines.deal]",
            "[cells.points]\nid = 3\nkind = \"ledger\"\nkey = { owner = \"account\" }\nsum = true\n\n[machines.deal]",
        ),
        (
            "effects = [{ release = \"deposits\", to = \"item.seller\" }]",
            "effects = [{ release = \"deposits\", to = \"item.seller\" }, { add = \"points\", key = [\"item.seller\"], amount = \"1\" }]",
        ),
    ];
    check_good("points", &report(&edited(ESCROW, points), &[], None));
    let clock = ("opens = \"item.ends\"", "opens = \"max(item.ends, sum(points))\"");
    let moved: Vec<(&str, &str)> = points.iter().copied().chain([clock]).collect();
    check_fault("a clock of points", &report(&edited(ESCROW, &moved), &[], None), P5, true);
}
