//! The promises of issue 2, "Bounded machines".

use std::{env, fs, path::PathBuf};

use super::{
    record,
    suite::{contracts, suite, test},
    verdict::{Check, Verdict},
};
use crate::{browser, node::run, vectors::project};

/// Every line under "Done when", and what "Build" asks for besides.
pub const CHECKS: &[Check] = &[
    Check {
        promise: "60 seeded faults and more, each of P1-P10 in five ways, each named; 20 good ones and more raise no alarm",
        look: || suite(&["--test", "corpus"], ""),
    },
    Check {
        promise: "every seeded fault's counterexample is a scenario that replays and ends the same way, five of each property and more",
        look: || test("faults:: replay:: audit_guide::"),
    },
    Check {
        promise: "`chainstack audit` takes a .wasm, a .toml or an address, and exits 3 on a violated property",
        look: || test("audit::"),
    },
    Check {
        promise: "each role removed, each export trapping, assets paused and frozen, no deposit: all value leaves by exits within the lock",
        look: || test("leave::"),
    },
    Check {
        promise: "without any one exit of a sample, value stays: a named test for each",
        look: || test("leave::without_exit::"),
    },
    Check {
        promise: "on the way in: soulbound, locked, without consent, an allowance, in flight: each refused",
        look: || suite(&["--test", "contracts"], "assets::"),
    },
    Check {
        promise: "a hostile guest tries each undeclared thing: refused with its exact error, state as before but for fee and nonce",
        look: || test("hostile::"),
    },
    Check {
        promise: "random transitions, 2 % of the count, invariants as oracle",
        look: || suite(&["--lib"], "oracle::"),
    },
    Check {
        promise: "random transitions, 1,000,000 of each sample",
        look: || record::verdict("transitions"),
    },
    Check {
        promise: "guards, touches, aggregates and invariants take at most 15 % of an ERC20 transfer's execution",
        look: || record::verdict("checks"),
    },
    Check {
        promise: "`inspect`, `audit`, `diff`, `test` on files without a node, and on a deployed address",
        look: || test("inspect:: audit:: moves:: exits::"),
    },
    Check { promise: "scenarios of every sample pass: `chainstack test`", look: scenarios },
    Check { promise: "`audit` finds nothing wrong with any sample", look: samples },
    Check {
        promise: "HTML pages open without network and are legible at 1280 and 400 pixels (measured in Chromium)",
        look: pages,
    },
    Check {
        promise: "the auditor's guide: a real finding, found, replayed, fixed, audited again; a test runs each command",
        look: || test("audit_guide::"),
    },
    Check {
        promise: "enforcement on three engines: items, guards, roles, sets, exits, escrow, upgrades",
        look: || suite(&["--test", "contracts"], ""),
    },
    Check {
        promise: "the expression language: a golden case for each rule, one evaluator",
        look: || suite(&["--test", "language"], ""),
    },
    Check {
        promise: "SDK macros: wrong programs are told so at the author's own words; the manifest comes from the code",
        look: || {
            contracts("wrong_programs everything_expands expressions_read broken_programs the_contract_on")
        },
    },
];

const SAMPLES: [&str; 5] = ["erc20", "escrow", "deed", "auction", "custody"];

fn scenarios() -> Verdict {
    let folders: Vec<PathBuf> =
        SAMPLES.iter().map(|sample| project().join("contracts").join(sample).join("scenarios")).collect();
    let mut observed = Vec::new();
    for (sample, folder) in SAMPLES.iter().zip(&folders) {
        if fs::read_dir(folder).is_err() {
            return Verdict::Fail(format!("{sample} has no scenarios"));
        }
        let output = run(&env::temp_dir(), &["test", &folder.to_string_lossy()]);
        let last = output.stdout.lines().last().unwrap_or_default().to_owned();
        if output.status != Some(0) {
            return Verdict::Fail(format!("{sample}: exit {:?}: {last}{}", output.status, output.stderr));
        }
        observed.push(format!("{sample}: {last}"));
    }
    Verdict::Pass(observed.join("; "))
}

fn samples() -> Verdict {
    let mut observed = Vec::new();
    for sample in SAMPLES {
        let file = project().join("contracts/artifacts").join(format!("{sample}.wasm"));
        let output = run(&env::temp_dir(), &["audit", &file.to_string_lossy()]);
        let last = output.stdout.lines().last().unwrap_or_default().to_owned();
        if output.status != Some(0) {
            return Verdict::Fail(format!("{sample}: exit {:?}: {last}", output.status));
        }
        observed.push(format!("{sample}: {last}"));
    }
    Verdict::Pass(observed.join("; "))
}

fn pages() -> Verdict {
    if browser::chromium().is_none() {
        return Verdict::NotRun("no Chromium on the PATH".to_owned());
    }
    test("audit_page::")
}
