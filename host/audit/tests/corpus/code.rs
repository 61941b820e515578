//! What bytecode adds: a claim that the host enforces is proven where no call can break it, and never said otherwise.

use chainstack_audit::{Claim, Evidence, Options, Reachability, Verdict, audit, reachability};
use chainstack_primitives::manifest::Manifest;

use super::{TOKEN, edited};

/// A module that exports every method and view of the manifest; each calls the functions that `calls` gives it.
fn module(manifest: &Manifest, calls: &dyn Fn(&str) -> &'static [&'static str]) -> Reachability {
    let functions = ["cell_set", "ledger_add", "emit", "transfer", "escrow_out", "brand_new"];
    let imports = functions.map(|name| format!("(import \"chainstack\" \"{name}\" (func ${name}))"));
    let bodies = manifest.methods().map(|method| {
        let calls: String = calls(method).iter().map(|name| format!(" call ${name}")).collect();
        format!("(func (export \"{method}\"){calls})")
    });
    let text = format!("(module {}{})", imports.concat(), bodies.collect::<String>());
    reachability(&wat::parse_str(text).expect("a module")).expect("it is known")
}

/// The claim about code with this rule.
fn claimed(manifest: &Manifest, code: Option<&Reachability>, rule: &str) -> Claim {
    let report = audit(manifest, &Options { code, ..Options::default() });
    let id = format!("P4/code/{rule}");
    let found = report.claims.iter().find(|claim| claim.id == id);
    found.unwrap_or_else(|| panic!("no {id}")).clone()
}

#[test]
fn a_declaration_alone_is_enforced() {
    let manifest = edited(TOKEN, &[]);
    for (rule, sentence) in [
        ("sends", "The code of no method sends native coins: the host refuses it."),
        ("escrow", "The code of no method moves value into or out of escrow: the host refuses it."),
    ] {
        let claim = claimed(&manifest, None, rule);
        assert_eq!((claim.verdict, claim.evidence), (Verdict::Holds, Evidence::Enforced));
        assert_eq!(claim.sentence, sentence);
    }
    let writes = claimed(&manifest, None, "writes");
    assert!(
        writes.sentence.starts_with("Only the code of `") && writes.sentence.contains("`transfer`"),
        "{writes:?}"
    );
    assert!(!writes.sentence.contains("`pause`"), "{writes:?}");
}

#[test]
fn code_that_cannot_break_it_proves_it_and_code_that_could_changes_nothing() {
    let manifest = edited(TOKEN, &[]);
    let writes: &[&str] = &["ledger_add", "cell_set"];
    let quiet = module(&manifest, &|method| if method == "transfer" { writes } else { &[] });
    for rule in ["sends", "calls", "writes", "escrow", "announces"] {
        assert_eq!(claimed(&manifest, Some(&quiet), rule).evidence, Evidence::Proven, "{rule}");
    }
    // Nobody but those that declare it writes; what they do is theirs.
    let loud = module(&manifest, &|method| if method == "pause" { writes } else { &[] });
    assert_eq!(claimed(&manifest, Some(&loud), "writes").evidence, Evidence::Enforced);
    assert_eq!(claimed(&manifest, Some(&loud), "sends").evidence, Evidence::Proven);
    // What is not known may do anything, and so may a method without code.
    let unknown = module(&manifest, &|method| if method == "pause" { &["brand_new"] } else { &[] });
    let other = edited(TOKEN, &[("[transitions.pause]", "[transitions.hold]")]);
    for rule in ["sends", "calls", "writes", "escrow"] {
        assert_eq!(claimed(&manifest, Some(&unknown), rule).evidence, Evidence::Enforced, "{rule}");
        assert_eq!(claimed(&other, Some(&quiet), rule).evidence, Evidence::Enforced, "{rule}");
    }
}

#[test]
fn no_code_makes_a_claim_fail_or_vanish() {
    let manifest = edited(TOKEN, &[]);
    let all: &[&str] = &["cell_set", "ledger_add", "emit", "transfer", "escrow_out", "brand_new"];
    let worst = module(&manifest, &|_| all);
    let verdicts = |code: Option<&Reachability>| {
        let report = audit(&manifest, &Options { code, ..Options::default() });
        report.claims.into_iter().map(|claim| (claim.id, claim.verdict, claim.evidence)).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(Some(&worst)), verdicts(None));
}
