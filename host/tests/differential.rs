//! Generated modules, admitted and instrumented, on three engines: same outcome, gas, host calls, memory and globals.
//!
//! 10,000 seeds with `CHAINSTACK_CAMPAIGN=1`, 200 otherwise; `CHAINSTACK_SEED` moves the start. A failure names its
//! seed. Counts are printed, and their proportions asserted.
#![expect(clippy::print_stdout, reason = "seeds and counts are part of what a test says")]

use chainstack_engine::reference::Reference;
use chainstack_engine::{
    Compiler, Guest, Host, HostFunctionSignature, HostFunctions, HostTrap, InitializeLimits, Instance,
    Module, Outcome, STACK_UNITS_MAX, TrapKind, ValueKind,
};
use chainstack_host::admission::{Refusal, Rules, check_with};
use chainstack_host::instrument::Weights;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const I32: ValueKind = ValueKind::I32;
const I64: ValueKind = ValueKind::I64;

const TABLE: HostFunctions = HostFunctions {
    module: "chainstack",
    functions: &[
        HostFunctionSignature { name: "mix", params: &[I32, I64], result: Some(I64) },
        HostFunctionSignature { name: "note", params: &[I64], result: None },
        HostFunctionSignature { name: "next", params: &[], result: Some(I32) },
        HostFunctionSignature { name: "write", params: &[I32, I32, I32], result: Some(I32) },
    ],
};
const IMPORTS: &str = r#"(module
    (import "chainstack" "mix" (func (param i32 i64) (result i64)))
    (import "chainstack" "note" (func (param i64)))
    (import "chainstack" "next" (func (result i32)))
    (import "chainstack" "write" (func (param i32 i32 i32) (result i32))))"#;

const GAS: u64 = 200_000;
const INITIALIZE: InitializeLimits = InitializeLimits { gas: GAS, stack: STACK_UNITS_MAX };

/// Answers from a fixed sequence and hashes what it sees.
#[derive(Default)]
struct Answers {
    state: u64,
    calls: u64,
}

impl Host for Answers {
    fn call(&mut self, function: u32, args: &[u64], guest: &mut Guest<'_>) -> Result<u64, HostTrap> {
        self.calls += 1;
        for word in args.iter().chain(&[u64::from(function), guest.gas(), u64::from(guest.stack())]) {
            self.state = (self.state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
        if !guest.charge(50) {
            return Err(HostTrap(1));
        }
        if let ("write", [at, length, value]) = (TABLE.functions[function as usize].name, args) {
            let (at, length) = (u32::try_from(*at).unwrap(), u32::try_from(length & 0xfff).unwrap());
            // Seldom inside memory: then some of it ends the call, most of it does nothing.
            match guest.bytes_mut(at, length) {
                Some(bytes) => bytes.fill(value.to_le_bytes()[0]),
                None if at.is_multiple_of(64) => return Err(HostTrap(2)),
                None => {}
            }
        }
        Ok(self.state)
    }
}

#[derive(Default, Debug)]
struct Counts {
    admitted: u32,
    refused: u32,
    /// Ran more than 1,000 instructions.
    long: u32,
    returned: u32,
    trapped: u32,
    out_of_gas: u32,
    /// Ended by the host.
    stopped: u32,
    host_calls: u64,
    /// Refusals by code.
    codes: std::collections::BTreeMap<String, u32>,
}

fn generate(seed: u64) -> Vec<u8> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut bytes = vec![0_u8; random.random_range(2_000..12_000)];
    random.fill_bytes(&mut bytes);
    let imports = Some(wat::parse_str(IMPORTS).unwrap());
    let mut config = wasm_smith::Config { available_imports: imports, ..wasm_smith::Config::default() };
    config.allow_start_export = false;
    config.bulk_memory_enabled = false;
    config.multi_value_enabled = false;
    config.reference_types_enabled = false;
    config.simd_enabled = false;
    config.relaxed_simd_enabled = false;
    config.tail_call_enabled = false;
    config.threads_enabled = false;
    config.exceptions_enabled = false;
    config.gc_enabled = false;
    config.memory64_enabled = false;
    config.extended_const_enabled = false;
    config.custom_page_sizes_enabled = false;
    config.compact_imports_enabled = false;
    config.wide_arithmetic_enabled = false;
    config.min_memories = 1;
    config.max_memories = 1;
    config.max_tables = 1;
    config.max_memory32_bytes = 32 * 65_536;
    config.max_table_elements = 100;
    config.min_funcs = 3;
    config.max_funcs = 12;
    config.min_types = 3;
    config.max_type_size = 200;
    config.max_instructions = 300;
    config.max_imports = 4;
    config.export_everything = true;
    config.disallow_traps = !seed.is_multiple_of(3);
    let mut input = arbitrary::Unstructured::new(&bytes);
    wasm_smith::Module::new(config, &mut input).map(|module| module.to_bytes()).unwrap_or_default()
}

/// Adds an export `run` of type `() -> ()` that calls every exported function with constants, over and over.
fn drive(code: &[u8], seed: u64) -> Option<Vec<u8>> {
    use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
    use wasm_encoder::{
        CodeSection, DataSection, ElementSection, ExportKind, ExportSection, Function, FunctionSection,
        Instruction as I, TypeSection,
    };
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut types: Vec<wasmparser::FuncType> = Vec::new();
    let mut functions: Vec<u32> = Vec::new();
    let mut imported = 0_u32;
    let (mut type_section, mut function_section) = (TypeSection::new(), FunctionSection::new());
    let (mut code_section, mut export_section) = (CodeSection::new(), ExportSection::new());
    let mut module = wasm_encoder::Module::new();
    let mut encoder = RoundtripReencoder;
    let mut others: Vec<(u8, Vec<u8>)> = Vec::new();
    let (mut element_section, mut data_section) = (ElementSection::new(), DataSection::new());
    let (mut memory_bytes, mut table_entries) = (0, 0);
    for payload in wasmparser::Parser::new(0).parse_all(code) {
        let payload = payload.ok()?;
        match &payload {
            wasmparser::Payload::TypeSection(reader) => {
                for group in reader.clone() {
                    for ty in group.ok()?.into_types() {
                        types.push(ty.unwrap_func().clone());
                    }
                }
                encoder.parse_type_section(&mut type_section, reader.clone()).ok()?;
            }
            wasmparser::Payload::ImportSection(reader) => {
                for import in reader.clone().into_imports() {
                    if let wasmparser::TypeRef::Func(ty) = import.ok()?.ty {
                        functions.push(ty);
                        imported += 1;
                    }
                }
                others.push((2, code[range(&payload)?].to_vec()));
            }
            wasmparser::Payload::FunctionSection(reader) => {
                for ty in reader.clone() {
                    functions.push(ty.ok()?);
                }
                encoder.parse_function_section(&mut function_section, reader.clone()).ok()?;
            }
            wasmparser::Payload::ExportSection(reader) => {
                for export in reader.clone() {
                    let export = export.ok()?;
                    let own = export.kind != wasmparser::ExternalKind::Func || export.index >= imported;
                    if own && !export.name.starts_with('$') && export.name != "run" && export.name != "memory"
                    {
                        encoder.parse_export(&mut export_section, export).ok()?;
                    }
                }
            }
            wasmparser::Payload::StartSection { .. } => {}
            wasmparser::Payload::MemorySection(reader) => {
                let initial = reader.clone().into_iter().next()?.ok()?.initial;
                memory_bytes = u32::try_from(initial).ok()? * 65_536;
                others.push((5, code[range(&payload)?].to_vec()));
            }
            wasmparser::Payload::TableSection(reader) => {
                table_entries = u32::try_from(reader.clone().into_iter().next()?.ok()?.ty.initial).ok()?;
                others.push((4, code[range(&payload)?].to_vec()));
            }
            // Segments that would not fit are left out: admission refuses them, and there would be nothing to run.
            wasmparser::Payload::ElementSection(reader) => {
                for element in reader.clone() {
                    let element = element.ok()?;
                    let (
                        wasmparser::ElementKind::Active { offset_expr, .. },
                        wasmparser::ElementItems::Functions(items),
                    ) = (&element.kind, &element.items)
                    else {
                        continue;
                    };
                    if constant(offset_expr)
                        .is_some_and(|at| at + u64::from(items.count()) <= u64::from(table_entries))
                    {
                        encoder.parse_element(&mut element_section, element).ok()?;
                    }
                }
            }
            wasmparser::Payload::DataSection(reader) => {
                for data in reader.clone() {
                    let data = data.ok()?;
                    let wasmparser::DataKind::Active { offset_expr, .. } = &data.kind else { continue };
                    if constant(offset_expr)
                        .is_some_and(|at| at + data.data.len() as u64 <= u64::from(memory_bytes))
                    {
                        encoder.parse_data(&mut data_section, data).ok()?;
                    }
                }
            }
            wasmparser::Payload::DataCountSection { .. } => {}
            wasmparser::Payload::CodeSectionEntry(body) => {
                let index = usize::try_from(imported + code_section.len()).ok()?;
                let ty = types.get(usize::try_from(*functions.get(index)?).ok()?)?;
                code_section.function(&unfused(body, ty.params().len())?);
            }
            wasmparser::Payload::CodeSectionStart { .. } | wasmparser::Payload::CustomSection(_) => {}
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    others.push((
                        id,
                        code[usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?].to_vec(),
                    ));
                }
            }
        }
    }
    let run_type = u32::try_from(types.len()).ok()?;
    type_section.ty().function([], []);
    function_section.function(run_type);
    export_section.export("run", ExportKind::Func, u32::try_from(functions.len()).ok()?);
    let mut body = Function::new([(1, wasm_encoder::ValType::I32)]);
    let rounds = [1, 20, 100_000][random.random_range(0..3)];
    body.instruction(&I::Loop(wasm_encoder::BlockType::Empty));
    for (index, ty) in (0_u32..).zip(&functions) {
        let ty = &types[usize::try_from(*ty).ok()?];
        for param in ty.params() {
            let bits: u64 =
                if random.random_bool(0.5) { random.random_range(0..70_000) } else { random.random() };
            match param {
                wasmparser::ValType::I32 => body.instruction(&I::I32Const(bits as i32)),
                wasmparser::ValType::I64 => body.instruction(&I::I64Const(bits as i64)),
                wasmparser::ValType::F32 => {
                    body.instruction(&I::F32Const(wasm_encoder::Ieee32::new(bits as u32)))
                }
                _ => body.instruction(&I::F64Const(wasm_encoder::Ieee64::new(bits))),
            };
        }
        body.instruction(&I::Call(index));
        for _ in ty.results() {
            body.instruction(&I::Drop);
        }
    }
    body.instruction(&I::LocalGet(0))
        .instruction(&I::I32Const(1))
        .instruction(&I::I32Add)
        .instruction(&I::LocalTee(0))
        .instruction(&I::I32Const(rounds))
        .instruction(&I::I32LtU)
        .instruction(&I::BrIf(0))
        .instruction(&I::End)
        .instruction(&I::End);
    code_section.function(&body);
    let other = |module: &mut wasm_encoder::Module, wanted: u8| {
        for (id, data) in others.iter().filter(|(id, _)| *id == wanted) {
            module.section(&wasm_encoder::RawSection { id: *id, data });
        }
    };
    module.section(&type_section);
    other(&mut module, 2);
    module.section(&function_section);
    for id in [4, 5, 6] {
        other(&mut module, id);
    }
    module.section(&export_section);
    module.section(&element_section);
    module.section(&code_section);
    module.section(&data_section);
    Some(module.finish())
}

/// Copies a body, with a local between `i32.eqz` and `select`.
///
/// wasmi 2.0.0 answers `(select (i32.const 1) (local.get 0) (i32.eqz (local.get 0)))` with the local where it must be
/// the constant; both compilers are right (`the_reference_is_wrong_on_one_pattern`). wasm-smith guards each division so.
fn unfused(body: &wasmparser::FunctionBody<'_>, params: usize) -> Option<wasm_encoder::Function> {
    use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
    let mut encoder = RoundtripReencoder;
    let mut locals = Vec::new();
    let mut scratch = u32::try_from(params).ok()?;
    for group in body.get_locals_reader().ok()? {
        let (number, ty) = group.ok()?;
        scratch += number;
        locals.push((number, encoder.val_type(ty).ok()?));
    }
    locals.push((1, wasm_encoder::ValType::I32));
    let mut function = wasm_encoder::Function::new(locals);
    let mut after_eqz = false;
    for operator in body.get_operators_reader().ok()? {
        let operator = operator.ok()?;
        if after_eqz && matches!(operator, wasmparser::Operator::Select) {
            function.instruction(&wasm_encoder::Instruction::LocalSet(scratch));
            function.instruction(&wasm_encoder::Instruction::LocalGet(scratch));
        }
        after_eqz = matches!(operator, wasmparser::Operator::I32Eqz);
        function.instruction(&encoder.instruction(operator).ok()?);
    }
    Some(function)
}

fn constant(expression: &wasmparser::ConstExpr<'_>) -> Option<u64> {
    match expression.get_operators_reader().read().ok()? {
        wasmparser::Operator::I32Const { value } => Some(u64::from(value.cast_unsigned())),
        _ => None,
    }
}

fn range(payload: &wasmparser::Payload<'_>) -> Option<std::ops::Range<usize>> {
    let (_, range) = payload.as_section()?;
    Some(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}

fn admit(seed: u64) -> Result<Vec<u8>, Refusal> {
    let code = drive(&generate(seed), seed).unwrap_or_default();
    check_with(&code, &TABLE, &Weights::ONE, Rules::Harness).map(|admitted| admitted.instrumented)
}

fn compare(seed: u64, counts: &mut Counts) {
    let instrumented = match admit(seed) {
        Ok(instrumented) => instrumented,
        Err(refusal) => {
            let text = refusal.to_string();
            let reason = text.split(", ").next().unwrap_or_default().chars().take(60).collect();
            *counts.codes.entry(reason).or_default() += 1;
            counts.refused += 1;
            return;
        }
    };
    counts.admitted += 1;
    let mut answers = Answers::default();
    let expected = Reference::new(&instrumented, TABLE)
        .unwrap_or_else(|fault| panic!("seed {seed}: {fault}"))
        .call("run", INITIALIZE, GAS, STACK_UNITS_MAX, &mut answers)
        .unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
    for compiler in [Compiler::Singlepass, Compiler::Cranelift] {
        let module = Module::compile(&instrumented, compiler, TABLE, None)
            .unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        module
            .initialize(INITIALIZE.gas, INITIALIZE.stack)
            .unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        let mut instance = Instance::new(&module).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        let mut seen = Answers::default();
        let report = instance
            .invoke("run", &[], &mut [], GAS, STACK_UNITS_MAX, &mut seen)
            .unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        assert_eq!(report, expected.report, "seed {seed}, {compiler:?}");
        assert_eq!(
            (seen.state, seen.calls),
            (answers.state, answers.calls),
            "seed {seed}, {compiler:?}: host calls"
        );
        assert_eq!(*instance.globals(), *expected.globals, "seed {seed}, {compiler:?}: globals");
        assert!(instance.memory() == expected.memory, "seed {seed}, {compiler:?}: memory");
    }
    counts.host_calls += answers.calls;
    let used = GAS - expected.report.gas_left;
    if used > 1_000 {
        counts.long += 1;
    }
    match expected.report.outcome {
        Outcome::Return => counts.returned += 1,
        Outcome::Host(_) => counts.stopped += 1,
        Outcome::Trap(TrapKind::OutOfGas) => counts.out_of_gas += 1,
        _ => counts.trapped += 1,
    }
}

#[test]
fn three_engines_agree_on_generated_modules() {
    let campaign = std::env::var_os("CHAINSTACK_CAMPAIGN").is_some_and(|value| value == "1");
    let seeds: u64 = if campaign { 10_000 } else { 200 };
    let first: u64 = std::env::var("CHAINSTACK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut counts = Counts::default();
    for seed in first..first + seeds {
        compare(seed, &mut counts);
    }
    println!("seeds {first}..{}: {counts:?}", first + seeds);
    let share = |part: u32, percent: u64| u64::from(part) * 100 >= seeds * percent;
    assert!(share(counts.admitted, 50), "too few admitted: {counts:?}");
    assert!(share(counts.long, 50), "too few ran over 1,000 instructions: {counts:?}");
    assert!(share(counts.returned, 5), "too few returned: {counts:?}");
    assert!(share(counts.trapped, 5), "too few trapped: {counts:?}");
    assert!(share(counts.out_of_gas, 5), "too few ran out of gas: {counts:?}");
}

#[test]
fn the_reference_is_wrong_on_one_pattern() {
    // When this fails because wasmi has been mended, `unfused` can go.
    let code = wat::parse_str(
        r#"(module (global $g (mut i32) (i32.const 9))
        (func $f (param i32) (result i32) (select (i32.const 1) (local.get 0) (i32.eqz (local.get 0))))
        (func (export "run") (global.set $g (call $f (i32.const 0)))))"#,
    )
    .unwrap();
    let code = check_with(&code, &TABLE, &Weights::ONE, Rules::Harness).unwrap().instrumented;
    for compiler in [Compiler::Singlepass, Compiler::Cranelift] {
        let module = Module::compile(&code, compiler, TABLE, None).unwrap();
        module.initialize(GAS, STACK_UNITS_MAX).unwrap();
        let mut instance = Instance::new(&module).unwrap();
        instance.invoke("run", &[], &mut [], GAS, STACK_UNITS_MAX, &mut Answers::default()).unwrap();
        assert_eq!(*instance.globals(), [1], "{compiler:?}");
    }
    let reference = Reference::new(&code, TABLE).unwrap();
    let ended = reference.call("run", INITIALIZE, GAS, STACK_UNITS_MAX, &mut Answers::default()).unwrap();
    assert_eq!(ended.globals, [0], "the reference has been mended");
}
