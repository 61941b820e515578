//! One walk over the module: our limits and features first, then WebAssembly's own rules, section by section.

use std::collections::BTreeSet;

use chainstack_engine::{HostFunctions, PAGE_BYTES};
use wasmparser::{
    BlockType, CompositeInnerType, ConstExpr, DataKind, ElementItems, ElementKind, Encoding, ExternalKind,
    FuncType, FuncValidatorAllocations, FunctionBody, Imports, Operator, Parser, Payload, TableInit, TypeRef,
    ValType, ValidPayload, Validator,
};

use super::limits::{self, Limit};
use super::refusal::{Reason, Refusal, shown};
use super::{INITIALIZE, MANIFEST_SECTION, Rules, features, imports};

/// What instrumentation needs to know of a module.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) methods: Vec<String>,
    pub(crate) initialize: bool,
    pub(crate) manifest: Option<Vec<u8>>,
    /// Initial and greatest pages.
    pub(crate) memory: Option<(u32, u32)>,
    pub(crate) functions: Vec<FunctionFacts>,
    /// For each global, whether it is mutable.
    pub(crate) globals: Vec<bool>,
    pub(crate) data_segments: u32,
    /// Segments that some `data.drop` names.
    pub(crate) dropped_segments: BTreeSet<u32>,
}

/// Sizes of one defined function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FunctionFacts {
    pub(crate) params: u32,
    /// Locals without parameters.
    pub(crate) locals: u32,
    pub(crate) operands_max: u32,
    pub(crate) result: Option<ValType>,
}

struct Walk<'t> {
    table: &'t HostFunctions,
    rules: Rules,
    facts: Facts,
    types: Vec<FuncType>,
    /// Type of each function, imports first.
    function_types: Vec<u32>,
    imported: u32,
    bodies: u32,
    table_entries: Option<u32>,
    custom_bytes: usize,
    memory_exports: u32,
    validator: Validator,
    allocations: FuncValidatorAllocations,
}

/// Judges `bytes`.
pub(crate) fn walk(bytes: &[u8], table: &HostFunctions, rules: Rules) -> Result<Facts, Refusal> {
    within(limits::MODULE_BYTES, bytes.len())?;
    let mut walk = Walk {
        table,
        rules,
        facts: Facts::default(),
        types: Vec::new(),
        function_types: Vec::new(),
        imported: 0,
        bodies: 0,
        table_entries: None,
        custom_bytes: 0,
        memory_exports: 0,
        validator: Validator::new_with_features(features::validator_features()),
        allocations: FuncValidatorAllocations::default(),
    };
    let mut ended = false;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(malformed)?;
        walk.section(&payload)?;
        let valid = walk.validator.payload(&payload).map_err(invalid)?;
        match valid {
            ValidPayload::Func(function, body) => {
                let allocations = std::mem::take(&mut walk.allocations);
                let mut validator = function.into_validator(allocations);
                let index = walk.imported.saturating_add(walk.bodies);
                walk.body(&mut validator, &body).map_err(|refusal| refusal.within(index))?;
                walk.bodies = walk.bodies.saturating_add(1);
                walk.allocations = validator.into_allocations();
            }
            ValidPayload::Parser(_) => return Err(feature("component-model")),
            ValidPayload::End(_) => ended = true,
            ValidPayload::Ok => {}
        }
    }
    if !ended {
        return Err(Refusal::new(Reason::Malformed { text: "unexpected end".to_owned() }));
    }
    walk.end()
}

impl Walk<'_> {
    fn section(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::Version { encoding: Encoding::Component, .. } => return Err(feature("component-model")),
            Payload::TypeSection(reader) => {
                within(limits::TYPES, count(reader.count()))
                    .map_err(|refusal| refusal.at(reader.range().start))?;
                for group in reader.clone().into_iter_with_offsets() {
                    let (offset, group) = group.map_err(malformed)?;
                    if group.is_explicit_rec_group() {
                        return Err(feature("gc").at(offset));
                    }
                    for ty in group.into_types() {
                        self.function_type(&ty).map_err(|refusal| refusal.at(offset))?;
                    }
                }
            }
            Payload::ImportSection(reader) => {
                within(limits::IMPORTS, count(reader.count()))
                    .map_err(|refusal| refusal.at(reader.range().start))?;
                for group in reader.clone().into_iter_with_offsets() {
                    let (offset, group) = group.map_err(malformed)?;
                    let Imports::Single(_, import) = group else {
                        return Err(feature("compact-imports").at(offset));
                    };
                    within(limits::NAME_BYTES, import.module.len().max(import.name.len()))
                        .map_err(|refusal| refusal.at(offset))?;
                    imports::judge(&import, &self.types, self.table)
                        .map_err(|reason| Refusal::new(reason).at(offset))?;
                    if let TypeRef::Func(ty) = import.ty {
                        self.function_types.push(ty);
                        self.imported = self.imported.saturating_add(1);
                    }
                }
            }
            Payload::FunctionSection(reader) => {
                within(limits::FUNCTIONS, count(reader.count()))
                    .map_err(|refusal| refusal.at(reader.range().start))?;
                for ty in reader.clone() {
                    self.function_types.push(ty.map_err(malformed)?);
                }
            }
            Payload::TableSection(reader) => {
                if reader.count() > 1 {
                    return Err(feature("reference-types").at(reader.range().start));
                }
                for table in reader.clone().into_iter_with_offsets() {
                    let (offset, table) = table.map_err(malformed)?;
                    if table.ty.table64 || table.ty.shared {
                        return Err(feature(if table.ty.shared { "threads" } else { "memory64" }).at(offset));
                    }
                    if !matches!(table.init, TableInit::RefNull) || !table.ty.element_type.is_func_ref() {
                        return Err(feature("reference-types").at(offset));
                    }
                    let entries = usize::try_from(table.ty.initial).unwrap_or(usize::MAX);
                    within(limits::TABLE_ENTRIES, entries).map_err(|refusal| refusal.at(offset))?;
                    self.table_entries = u32::try_from(entries).ok();
                }
            }
            Payload::MemorySection(reader) => {
                if reader.count() > 1 {
                    return Err(feature("multi-memory").at(reader.range().start));
                }
                for memory in reader.clone().into_iter_with_offsets() {
                    let (offset, memory) = memory.map_err(malformed)?;
                    if let Some(name) = memory_feature(&memory) {
                        return Err(feature(name).at(offset));
                    }
                    let initial = usize::try_from(memory.initial).unwrap_or(usize::MAX);
                    within(limits::MEMORY_INITIAL_PAGES, initial).map_err(|refusal| refusal.at(offset))?;
                    let maximum = memory.maximum.unwrap_or(u64::MAX).min(limits::MEMORY_PAGES.value);
                    self.facts.memory = u32::try_from(memory.initial).ok().zip(u32::try_from(maximum).ok());
                }
            }
            Payload::GlobalSection(reader) => {
                within(limits::GLOBALS, count(reader.count()))
                    .map_err(|refusal| refusal.at(reader.range().start))?;
                for global in reader.clone().into_iter_with_offsets() {
                    let (offset, global) = global.map_err(malformed)?;
                    if global.ty.shared {
                        return Err(feature("threads").at(offset));
                    }
                    value_type(global.ty.content_type).map_err(|refusal| refusal.at(offset))?;
                    constant(&global.init_expr).map_err(|refusal| refusal.at(offset))?;
                    self.facts.globals.push(global.ty.mutable);
                }
            }
            Payload::ExportSection(reader) => {
                if self.rules == Rules::Contract {
                    within(limits::EXPORTS, count(reader.count()))
                        .map_err(|refusal| refusal.at(reader.range().start))?;
                }
                for export in reader.clone().into_iter_with_offsets() {
                    let (offset, export) = export.map_err(malformed)?;
                    self.export(export).map_err(|refusal| refusal.at(offset))?;
                }
            }
            Payload::StartSection { range, .. } => return Err(Refusal::new(Reason::Start).at(range.start)),
            Payload::TagSection(reader) => return Err(feature("exception-handling").at(reader.range().start)),
            Payload::ElementSection(reader) => {
                within(limits::ELEMENT_SEGMENTS, count(reader.count()))
                    .map_err(|refusal| refusal.at(reader.range().start))?;
                let mut total = 0_usize;
                for element in reader.clone().into_iter_with_offsets() {
                    let (offset, element) = element.map_err(malformed)?;
                    self.element(&element, &mut total).map_err(|refusal| refusal.at(offset))?;
                }
            }
            Payload::DataCountSection { count: segments, range } => {
                within(limits::DATA_SEGMENTS, count(*segments)).map_err(|refusal| refusal.at(range.start))?;
                self.facts.data_segments = *segments;
            }
            Payload::DataSection(reader) => {
                within(limits::DATA_SEGMENTS, count(reader.count()))
                    .map_err(|refusal| refusal.at(reader.range().start))?;
                self.facts.data_segments = reader.count();
                let mut total = 0_usize;
                for data in reader.clone().into_iter_with_offsets() {
                    let (offset, data) = data.map_err(malformed)?;
                    self.data(&data, &mut total).map_err(|refusal| refusal.at(offset))?;
                }
            }
            Payload::CodeSectionStart { count: bodies, unchecked_range, .. } => {
                within(limits::FUNCTIONS, count(*bodies))
                    .map_err(|refusal| refusal.at(unchecked_range.start))?;
            }
            Payload::CustomSection(reader) => {
                let length = reader.name().len().saturating_add(reader.data().len());
                self.custom_bytes = self.custom_bytes.saturating_add(length);
                let offset = reader.data_offset();
                within(limits::CUSTOM_BYTES, self.custom_bytes).map_err(|refusal| refusal.at(offset))?;
                if reader.name() == MANIFEST_SECTION
                    && self.facts.manifest.replace(reader.data().to_vec()).is_some()
                {
                    return Err(Refusal::new(Reason::ManifestTwice).at(offset));
                }
            }
            Payload::UnknownSection { range, .. } => {
                return Err(
                    Refusal::new(Reason::Malformed { text: "unknown section".to_owned() }).at(range.start)
                );
            }
            _ => {}
        }
        Ok(())
    }

    fn function_type(&mut self, ty: &wasmparser::SubType) -> Result<(), Refusal> {
        let composite = &ty.composite_type;
        let CompositeInnerType::Func(function) = &composite.inner else { return Err(feature("gc")) };
        if !ty.supertype_idxs.is_empty() || !ty.is_final || composite.shared {
            return Err(feature(if composite.shared { "threads" } else { "gc" }));
        }
        within(limits::PARAMS, function.params().len())?;
        if function.results().len() > limits::RESULTS.bytes() {
            return Err(feature("multi-value"));
        }
        function.params().iter().chain(function.results()).try_for_each(|ty| value_type(*ty))?;
        self.types.push(function.clone());
        Ok(())
    }

    fn type_of(&self, function: u32) -> Option<&FuncType> {
        let ty = *self.function_types.get(usize::try_from(function).ok()?)?;
        self.types.get(usize::try_from(ty).ok()?)
    }

    fn export(&mut self, export: wasmparser::Export<'_>) -> Result<(), Refusal> {
        within(limits::NAME_BYTES, export.name.len())?;
        match export.kind {
            ExternalKind::Func => {
                if export.name.starts_with('$') {
                    return Err(Refusal::new(Reason::ExportName { export: shown(export.name) }));
                }
                if export.index < self.imported {
                    return Err(Refusal::new(Reason::ExportOfImport { export: shown(export.name) }));
                }
                if self.rules == Rules::Contract
                    && let Some(ty) = self.type_of(export.index)
                    && !(ty.params().is_empty() && ty.results().is_empty())
                {
                    let found = imports::text(ty.params().iter().copied(), ty.results().iter().copied());
                    return Err(Refusal::new(Reason::ExportType { export: shown(export.name), found })
                        .within(export.index));
                }
                if export.name == INITIALIZE {
                    self.facts.initialize = true;
                } else {
                    self.facts.methods.push(export.name.to_owned());
                }
            }
            ExternalKind::Memory => {
                if self.rules == Rules::Contract && export.name != "memory" {
                    return Err(Refusal::new(Reason::Memory));
                }
                self.memory_exports = self.memory_exports.saturating_add(1);
            }
            _ => {}
        }
        Ok(())
    }

    fn element(&mut self, element: &wasmparser::Element<'_>, total: &mut usize) -> Result<(), Refusal> {
        let ElementKind::Active { table_index, offset_expr } = &element.kind else {
            return Err(feature("reference-types"));
        };
        if table_index.unwrap_or(0) != 0 {
            return Err(feature("reference-types"));
        }
        let ElementItems::Functions(functions) = &element.items else {
            return Err(feature("reference-types"));
        };
        let length = count(functions.count());
        *total = total.saturating_add(length);
        within(limits::ELEMENTS, *total)?;
        let end = constant(offset_expr)?.and_then(|start| start.checked_add(length));
        if end.is_some_and(|end| end > count(self.table_entries.unwrap_or(0))) {
            return Err(Refusal::new(Reason::SegmentBounds { segment: "element" }));
        }
        Ok(())
    }

    fn data(&mut self, data: &wasmparser::Data<'_>, total: &mut usize) -> Result<(), Refusal> {
        *total = total.saturating_add(data.data.len());
        within(limits::DATA_BYTES, *total)?;
        if let DataKind::Active { memory_index, offset_expr } = &data.kind {
            if *memory_index != 0 {
                return Err(feature("multi-memory"));
            }
            let end = constant(offset_expr)?.and_then(|start| start.checked_add(data.data.len()));
            let memory =
                self.facts.memory.map_or(0, |(initial, _)| count(initial)).saturating_mul(PAGE_BYTES);
            if end.is_some_and(|end| end > memory) {
                return Err(Refusal::new(Reason::SegmentBounds { segment: "data" }));
            }
        }
        Ok(())
    }

    fn body(
        &mut self,
        validator: &mut wasmparser::FuncValidator<wasmparser::ValidatorResources>,
        body: &FunctionBody<'_>,
    ) -> Result<(), Refusal> {
        let start = body.range().start;
        let bytes = usize::try_from(body.range().end.saturating_sub(start)).unwrap_or(usize::MAX);
        within(limits::BODY_BYTES, bytes).map_err(|refusal| refusal.at(start))?;
        let index = self.imported.saturating_add(self.bodies);
        let (params, result) =
            self.type_of(index).map_or((0, None), |ty| (ty.params().len(), ty.results().first().copied()));
        let mut locals = 0_usize;
        let mut groups = body.get_locals_reader().map_err(malformed)?;
        for _ in 0..groups.get_count() {
            let offset = groups.original_position();
            let (number, ty) = groups.read().map_err(malformed)?;
            value_type(ty).map_err(|refusal| refusal.at(offset))?;
            locals = locals.saturating_add(count(number));
            within(limits::LOCALS, locals.saturating_add(params)).map_err(|refusal| refusal.at(offset))?;
            validator.define_locals(offset, number, ty).map_err(invalid)?;
        }
        let mut reader = body.get_operators_reader().map_err(malformed)?;
        let mut operands_max = 0;
        while !reader.eof() {
            let offset = reader.original_position();
            let operator = reader.read().map_err(malformed)?;
            self.operator(&operator).map_err(|refusal| refusal.at(offset))?;
            validator.op(offset, &operator).map_err(invalid)?;
            operands_max = operands_max.max(validator.operand_stack_height());
            within(limits::OPERANDS, count(validator.operand_stack_height()))
                .map_err(|refusal| refusal.at(offset))?;
            within(limits::BLOCK_DEPTH, count(validator.control_stack_height()))
                .map_err(|refusal| refusal.at(offset))?;
        }
        reader.finish().map_err(malformed)?;
        self.facts.functions.push(FunctionFacts {
            params: u32::try_from(params).unwrap_or(u32::MAX),
            locals: u32::try_from(locals).unwrap_or(u32::MAX),
            operands_max,
            result,
        });
        Ok(())
    }

    fn operator(&mut self, operator: &Operator<'_>) -> Result<(), Refusal> {
        if let Some(name) = features::refused(operator) {
            return Err(feature(name));
        }
        match operator {
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                match blockty {
                    BlockType::FuncType(_) => return Err(feature("multi-value")),
                    BlockType::Type(ty) => value_type(*ty)?,
                    BlockType::Empty => {}
                }
            }
            Operator::BrTable { targets } => {
                within(limits::BRANCH_TARGETS, count(targets.len()).saturating_add(1))?;
            }
            Operator::DataDrop { data_index } => {
                self.facts.dropped_segments.insert(*data_index);
            }
            _ => {}
        }
        Ok(())
    }

    fn end(self) -> Result<Facts, Refusal> {
        if self.rules == Rules::Contract && (self.memory_exports != 1 || self.facts.memory.is_none()) {
            return Err(Refusal::new(Reason::Memory));
        }
        Ok(self.facts)
    }
}

fn within(limit: Limit, found: usize) -> Result<(), Refusal> {
    match limit.exceeded(found) {
        Some(found) => Err(Refusal::new(Reason::Limit { limit, found })),
        None => Ok(()),
    }
}

fn feature(feature: &'static str) -> Refusal {
    Refusal::new(Reason::Feature { feature })
}

fn value_type(ty: ValType) -> Result<(), Refusal> {
    match ty {
        ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => Ok(()),
        ValType::V128 => Err(feature("simd")),
        ValType::Ref(_) => Err(feature("reference-types")),
    }
}

fn memory_feature(memory: &wasmparser::MemoryType) -> Option<&'static str> {
    if memory.memory64 {
        Some("memory64")
    } else if memory.shared {
        Some("threads")
    } else if memory.page_size_log2.is_some() {
        Some("custom-page-sizes")
    } else {
        None
    }
}

/// Judges an initialiser: one constant. The value, if it is an `i32`, read as unsigned.
fn constant(expression: &ConstExpr<'_>) -> Result<Option<usize>, Refusal> {
    let mut reader = expression.get_operators_reader();
    let mut value = None;
    let mut length = 0_u32;
    while !reader.eof() {
        let offset = reader.original_position();
        match reader.read().map_err(malformed)? {
            Operator::I32Const { value: found } => value = usize::try_from(found.cast_unsigned()).ok(),
            Operator::I64Const { .. } | Operator::F32Const { .. } | Operator::F64Const { .. } => {}
            Operator::End => break,
            Operator::GlobalGet { .. } => return Err(feature("extended-const").at(offset)),
            other => {
                let name = features::refused(&other).unwrap_or("extended-const");
                return Err(feature(name).at(offset));
            }
        }
        length = length.saturating_add(1);
        if length > 1 {
            return Err(feature("extended-const").at(offset));
        }
    }
    Ok(value)
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn malformed(error: wasmparser::Error) -> Refusal {
    Refusal::new(Reason::Malformed { text: error.message().chars().take(200).collect() }).at(error.offset())
}

fn invalid(error: wasmparser::Error) -> Refusal {
    Refusal::new(Reason::Invalid { text: error.message().chars().take(200).collect() }).at(error.offset())
}
