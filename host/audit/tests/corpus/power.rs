//! P4: how much one who acts alone takes with one call.

use chainstack_audit::to_text;

use super::{CUSTODY, edited, report};

#[test]
fn what_one_call_takes_is_bounded_by_all_that_it_may_send_of_the_asset() {
    // What the owner's method may send, of an escrow that holds a token in cell 1, and what is said of it.
    let cases = [
        (r#"{ asset = { contract = "item.heir", cell = 1 }, max = 10 }"#, "at most 10 a call"),
        (
            r#"{ asset = { contract = "item.heir", cell = 1 }, max = 10 }, { asset = { contract = "item.heir", cell = 2 }, max = 7 }, { asset = "native", max = 7 }"#,
            "at most 10 a call",
        ),
        (
            r#"{ asset = { contract = "item.heir", cell = 1 }, max = 10 }, { asset = { contract = "*", cell = 1 }, max = 5 }"#,
            "at most 15 a call",
        ),
        (
            r#"{ asset = { contract = "item.heir", cell = 1 }, max = 10 }, { asset = { contract = "caller", cell = 1 }, max = "any" }"#,
            "all of it",
        ),
    ];
    for (sends, bound) in cases {
        let edits = [
            (
                "item = \"vaults\"\nasset = \"native\"",
                "item = \"vaults\"\nasset = { contract = \"item.heir\", cell = 1 }",
            ),
            (r#"sends = [{ asset = "native", max = "any" }]"#, &format!("sends = [{sends}]")),
        ];
        let text = to_text(&report(&edited(CUSTODY, &edits), &[], None));
        let claim =
            text.lines().find(|line| line.contains("escrow `coins` alone, through method `withdraw`"));
        assert!(claim.is_some_and(|claim| claim.contains(bound)), "{bound}: {claim:?}\n{text}");
    }
}
