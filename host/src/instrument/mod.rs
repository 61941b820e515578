//! One pass, bytecode to bytecode, after which code meters itself the same on every engine.
//!
//! Gas is charged before the work it pays for, stack is taken before a function runs, every NaN is the canonical one,
//! memory and table have a fixed maximum. The meters are globals appended behind the module's own, exported under
//! names that no module can use: `$gas`, `$stack`, `$trap` (why the code gave up: 1 out of gas, 2 stack overflow), and
//! every other mutable global as `$g<n>`, so that an instance can be reset. Nothing of the module's own changes its
//! index. See `docs/adr-001-metering-in-globals.md`.

mod body;
mod floats;
mod gas;
mod stack;
mod weights;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements, ExportKind,
    ExportSection, FunctionSection, GlobalSection, GlobalType, ImportSection, MemorySection, MemoryType,
    Module, RefType, Section, TableSection, TableType, TypeSection, ValType,
};
use wasmparser::{ElementItems, ElementKind, ExternalKind, Parser, Payload};

pub use weights::Weights;

use crate::admission::limits::INSTRUMENTED_BYTES;
use crate::admission::{Facts, Reason, Refusal};
use body::Plan;
use gas::Meters;

/// The sections of a module in the making.
#[derive(Default)]
struct Sections {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
    code: CodeSection,
    data: DataSection,
}

/// Instruments a module that was judged, by `weights`.
///
/// # Errors
/// A refusal by the limit `INSTRUMENTED_BYTES`.
pub(crate) fn instrument(bytes: &[u8], facts: &Facts, weights: &Weights) -> Result<Vec<u8>, Refusal> {
    let first = u32::try_from(facts.globals.len()).map_err(|_| unexpected())?;
    let meters = Meters { gas: first, stack: first.saturating_add(1), trap: first.saturating_add(2) };
    let flags = first.saturating_add(3);
    let dropped =
        facts.dropped_segments.iter().zip(flags..).map(|(segment, flag)| (*segment, flag)).collect();
    let plan = Plan { weights: *weights, meters, dropped, empty_segment: facts.data_segments };
    let mut sections = Sections::default();
    let mut functions = facts.functions.iter();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(encoding)? {
            Payload::CodeSectionEntry(body) => {
                let function = body::rewrite(&body, functions.next().ok_or_else(unexpected)?, &plan)?;
                sections.code.function(&function);
                bounded(sections.code.byte_len())?;
            }
            payload => copy(&mut sections, &payload, facts)?,
        }
    }
    add_meters(&mut sections, facts, &plan);
    let module = assemble(&sections, facts, &plan);
    bounded(module.len())?;
    Ok(module)
}

/// Copies one section, with memory and table at their fixed maxima and only the exports that matter.
fn copy(sections: &mut Sections, payload: &Payload<'_>, facts: &Facts) -> Result<(), Refusal> {
    let mut encoder = RoundtripReencoder;
    let failed = |_| unexpected();
    match payload {
        Payload::TypeSection(reader) => {
            encoder.parse_type_section(&mut sections.types, reader.clone()).map_err(failed)?;
        }
        Payload::ImportSection(reader) => {
            encoder.parse_import_section(&mut sections.imports, reader.clone()).map_err(failed)?;
        }
        Payload::FunctionSection(reader) => {
            encoder.parse_function_section(&mut sections.functions, reader.clone()).map_err(failed)?;
        }
        Payload::TableSection(reader) => {
            for table in reader.clone() {
                let entries = table.map_err(encoding)?.ty.initial;
                sections.tables.table(TableType {
                    element_type: RefType::FUNCREF,
                    table64: false,
                    minimum: entries,
                    maximum: Some(entries),
                    shared: false,
                });
            }
        }
        Payload::MemorySection(_) => {
            if let Some((initial, maximum)) = facts.memory {
                sections.memories.memory(MemoryType {
                    minimum: u64::from(initial),
                    maximum: Some(u64::from(maximum)),
                    memory64: false,
                    shared: false,
                    page_size_log2: None,
                });
            }
        }
        Payload::GlobalSection(reader) => {
            encoder.parse_global_section(&mut sections.globals, reader.clone()).map_err(failed)?;
        }
        Payload::ExportSection(reader) => {
            for export in reader.clone() {
                let export = export.map_err(encoding)?;
                if export.kind == ExternalKind::Func {
                    sections.exports.export(export.name, ExportKind::Func, export.index);
                }
            }
        }
        Payload::ElementSection(reader) => {
            for element in reader.clone() {
                let element = element.map_err(encoding)?;
                let (ElementKind::Active { offset_expr, .. }, ElementItems::Functions(items)) =
                    (element.kind, element.items)
                else {
                    return Err(unexpected());
                };
                let functions = items.into_iter().collect::<Result<Vec<u32>, _>>().map_err(encoding)?;
                let offset = encoder.const_expr(offset_expr).map_err(failed)?;
                sections.elements.active(None, &offset, Elements::Functions(functions.into()));
            }
        }
        Payload::DataSection(reader) => {
            encoder.parse_data_section(&mut sections.data, reader.clone()).map_err(failed)?;
        }
        _ => {}
    }
    Ok(())
}

fn add_meters(sections: &mut Sections, facts: &Facts, plan: &Plan) {
    let mutable = |val_type| GlobalType { val_type, mutable: true, shared: false };
    sections.globals.global(mutable(ValType::I64), &ConstExpr::i64_const(0));
    sections.globals.global(mutable(ValType::I32), &ConstExpr::i32_const(0));
    sections.globals.global(mutable(ValType::I32), &ConstExpr::i32_const(0));
    for (name, index) in
        [("$gas", plan.meters.gas), ("$stack", plan.meters.stack), ("$trap", plan.meters.trap)]
    {
        sections.exports.export(name, ExportKind::Global, index);
    }
    for (index, _) in (0_u32..).zip(&facts.globals).filter(|(_, mutable)| **mutable) {
        sections.exports.export(&format!("$g{index}"), ExportKind::Global, index);
    }
    for flag in plan.dropped.values() {
        sections.globals.global(mutable(ValType::I32), &ConstExpr::i32_const(0));
        sections.exports.export(&format!("$g{flag}"), ExportKind::Global, *flag);
    }
    if facts.memory.is_some() {
        sections.exports.export("$memory", ExportKind::Memory, 0);
    }
    if !plan.dropped.is_empty() {
        sections.data.passive([]);
    }
}

fn assemble(sections: &Sections, facts: &Facts, plan: &Plan) -> Vec<u8> {
    let mut module = Module::new();
    let injected = u32::from(!plan.dropped.is_empty());
    let data_count = DataCountSection { count: facts.data_segments.saturating_add(injected) };
    section(&mut module, sections.types.is_empty(), &sections.types);
    section(&mut module, sections.imports.is_empty(), &sections.imports);
    section(&mut module, sections.functions.is_empty(), &sections.functions);
    section(&mut module, sections.tables.is_empty(), &sections.tables);
    section(&mut module, sections.memories.is_empty(), &sections.memories);
    section(&mut module, false, &sections.globals);
    section(&mut module, false, &sections.exports);
    section(&mut module, sections.elements.is_empty(), &sections.elements);
    section(&mut module, sections.data.is_empty(), &data_count);
    section(&mut module, sections.code.is_empty(), &sections.code);
    section(&mut module, sections.data.is_empty(), &sections.data);
    module.finish()
}

fn section(module: &mut Module, empty: bool, section: &impl Section) {
    if !empty {
        module.section(section);
    }
}

fn bounded(length: usize) -> Result<(), Refusal> {
    match INSTRUMENTED_BYTES.exceeded(length) {
        Some(found) => Err(Refusal::new(Reason::Limit { limit: INSTRUMENTED_BYTES, found })),
        None => Ok(()),
    }
}

/// A parser's error on bytes that were parsed before: cannot be, and is answered all the same.
pub(crate) fn encoding(error: wasmparser::Error) -> Refusal {
    Refusal::new(Reason::Malformed { text: error.message().chars().take(200).collect() }).at(error.offset())
}

/// Something that judging has excluded: cannot be, and is answered all the same.
pub(crate) fn unexpected() -> Refusal {
    Refusal::new(Reason::Malformed { text: "unexpected content".to_owned() })
}
