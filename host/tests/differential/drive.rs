//! A generated module made to run: an export `run` of type `() -> ()` calls its functions over and over, with bulk
//! operators in between; functions are rewritten by `body`.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, Instruction as I, MemorySection, TypeSection,
    ValType,
};
use wasmparser::{DataKind, ElementItems, ElementKind, Payload};

use crate::body::{self, Plan};

/// A module that runs.
#[derive(Default)]
pub(crate) struct Driven {
    pub(crate) code: Vec<u8>,
    /// Position, among the mutable globals, of the one that counts executed instructions. Behind it are only the
    /// flags of dropped segments.
    pub(crate) counter: usize,
    /// The bulk operator with which `run` begins.
    pub(crate) first: Option<Bulk>,
}

/// A bulk operator of memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bulk {
    Fill,
    Copy,
    Init,
}

/// How far a module is let run, so that it comes to its end before gas does.
#[derive(Clone, Copy)]
struct Bound {
    /// Loop iterations and calls that each call from `run` may make.
    allowance: i32,
    /// Executed instructions after which `run` begins no other round.
    enough: i64,
}

/// The globals that are added to every module, behind its own.
#[derive(Clone, Copy)]
struct Own {
    /// What is left of the allowance.
    steps: u32,
    /// Counts executed instructions.
    counter: u32,
}

impl Own {
    /// Where they come once all of the module's own globals are there.
    fn behind(sections: &Sections) -> Self {
        let steps = sections.globals.len();
        Self { steps, counter: steps + 1 }
    }
}

/// The sections of a module in the making.
#[derive(Default)]
struct Sections {
    types: TypeSection,
    functions: FunctionSection,
    memories: MemorySection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
    code: CodeSection,
    data: DataSection,
    /// Copied as they are, by id.
    others: Vec<(u8, Vec<u8>)>,
}

/// What was met of the module so far.
#[derive(Default)]
struct Met {
    types: Vec<wasmparser::FuncType>,
    /// Type of each function, imports first.
    functions: Vec<u32>,
    imported: u32,
    memory_bytes: u64,
    /// Pages that memory is given when it has fewer: where there is none, each load and store traps.
    pages_min: u64,
    table_entries: u64,
    /// Length of each data segment.
    segments: Vec<usize>,
    /// Mutable globals.
    mutable: usize,
}

/// Bytes of the segment that is added to every module.
const SEGMENT_BYTES: usize = 64;

pub(crate) fn drive(code: &[u8], seed: u64) -> Option<Driven> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut sections, mut met) = (Sections::default(), Met::default());
    let tame = !seed.is_multiple_of(4);
    // Other seeds have no need of it: `generate` lets only these trap.
    let mask = tame && seed.is_multiple_of(3);
    met.pages_min = u64::from(mask);
    // A third may loop for ever and recur without end, as they were generated.
    let bound = random.random_ratio(2, 3).then(|| Bound {
        allowance: [3, 30, 300][random.random_range(0..3)],
        enough: [1_500, 4_000, 15_000, i64::MAX][random.random_range(0..4)],
    });
    for payload in wasmparser::Parser::new(0).parse_all(code) {
        let payload = payload.ok()?;
        if let Payload::CodeSectionEntry(entry) = &payload {
            let index = usize::try_from(met.imported + sections.code.len()).ok()?;
            let ty = met.types.get(usize::try_from(*met.functions.get(index)?).ok()?)?;
            let own = Own::behind(&sections);
            let plan = Plan { counter: own.counter, tame, mask, steps: bound.map(|_| own.steps) };
            let function = body::rewrite(entry, ty, plan)?;
            sections.code.function(&function);
        } else {
            copy(&payload, code, &mut sections, &mut met)?;
        }
    }
    let own = Own::behind(&sections);
    sections.globals.global(
        GlobalType { val_type: ValType::I32, mutable: true, shared: false },
        &ConstExpr::i32_const(0),
    );
    sections.globals.global(
        GlobalType { val_type: ValType::I64, mutable: true, shared: false },
        &ConstExpr::i64_const(0),
    );
    sections.data.passive((0..SEGMENT_BYTES).map(|_| random.random::<u8>()));
    met.segments.push(SEGMENT_BYTES);

    let unit = u32::try_from(met.types.len()).ok()?;
    sections.types.ty().function([], []);
    let mut next = u32::try_from(met.functions.len()).ok()?;
    if seed.is_multiple_of(3) {
        sections.functions.function(unit);
        sections.exports.export("_initialize", ExportKind::Func, next);
        sections.code.function(&initialize(&met, &mut random));
        next += 1;
    }
    let first = [Bulk::Fill, Bulk::Copy, Bulk::Init][random.random_range(0..3)];
    sections.functions.function(unit);
    sections.exports.export("run", ExportKind::Func, next);
    sections.code.function(&run(&met, first, own, bound, &mut random)?);
    Some(Driven { code: sections.assemble(), counter: met.mutable + 1, first: Some(first) })
}

/// Copies what is not code. Segments that would not fit are left out, or made passive where code names them by index:
/// admission refuses them, and there would be nothing to run.
fn copy(payload: &Payload<'_>, code: &[u8], sections: &mut Sections, met: &mut Met) -> Option<()> {
    let mut encoder = RoundtripReencoder;
    match payload {
        Payload::TypeSection(reader) => {
            for group in reader.clone() {
                met.types.extend(group.ok()?.into_types().map(|ty| ty.unwrap_func().clone()));
            }
            encoder.parse_type_section(&mut sections.types, reader.clone()).ok()?;
        }
        Payload::ImportSection(reader) => {
            for import in reader.clone().into_imports() {
                if let wasmparser::TypeRef::Func(ty) = import.ok()?.ty {
                    met.functions.push(ty);
                    met.imported += 1;
                }
            }
            sections.others.push((2, code[range(payload)?].to_vec()));
        }
        Payload::FunctionSection(reader) => {
            for ty in reader.clone() {
                met.functions.push(ty.ok()?);
            }
            encoder.parse_function_section(&mut sections.functions, reader.clone()).ok()?;
        }
        Payload::GlobalSection(reader) => {
            for global in reader.clone() {
                met.mutable += usize::from(global.ok()?.ty.mutable);
            }
            encoder.parse_global_section(&mut sections.globals, reader.clone()).ok()?;
        }
        Payload::ExportSection(reader) => {
            for export in reader.clone() {
                let export = export.ok()?;
                let own = export.kind != wasmparser::ExternalKind::Func || export.index >= met.imported;
                let taken = ["run", "memory", "_initialize"].contains(&export.name);
                if own && !export.name.starts_with('$') && !taken {
                    encoder.parse_export(&mut sections.exports, export).ok()?;
                }
            }
        }
        Payload::MemorySection(reader) => {
            let mut memory = encoder.memory_type(reader.clone().into_iter().next()?.ok()?).ok()?;
            memory.minimum = memory.minimum.max(met.pages_min);
            memory.maximum = memory.maximum.map(|pages| pages.max(memory.minimum));
            met.memory_bytes = memory.minimum * 65_536;
            sections.memories.memory(memory);
        }
        Payload::TableSection(reader) => {
            met.table_entries = reader.clone().into_iter().next()?.ok()?.ty.initial;
            sections.others.push((4, code[range(payload)?].to_vec()));
        }
        Payload::ElementSection(reader) => {
            for element in reader.clone() {
                let element = element.ok()?;
                if let (ElementKind::Active { offset_expr, .. }, ElementItems::Functions(items)) =
                    (&element.kind, &element.items)
                    && fits(offset_expr, u64::from(items.count()), met.table_entries)
                {
                    encoder.parse_element(&mut sections.elements, element).ok()?;
                }
            }
        }
        Payload::DataSection(reader) => {
            for data in reader.clone() {
                let data = data.ok()?;
                met.segments.push(data.data.len());
                match &data.kind {
                    DataKind::Active { offset_expr, .. }
                        if !fits(offset_expr, data.data.len() as u64, met.memory_bytes) =>
                    {
                        sections.data.passive(data.data.iter().copied());
                    }
                    _ => encoder.parse_data(&mut sections.data, data).ok()?,
                }
            }
        }
        _ => {}
    }
    Some(())
}

impl Sections {
    fn assemble(&self) -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        let other = |module: &mut wasm_encoder::Module, wanted: u8| {
            for (id, data) in self.others.iter().filter(|(id, _)| *id == wanted) {
                module.section(&wasm_encoder::RawSection { id: *id, data });
            }
        };
        module.section(&self.types);
        other(&mut module, 2);
        module.section(&self.functions);
        other(&mut module, 4);
        module.section(&self.memories);
        module.section(&self.globals);
        module.section(&self.exports);
        module.section(&self.elements);
        module.section(&DataCountSection { count: self.data.len() });
        module.section(&self.code);
        module.section(&self.data);
        module.finish()
    }
}

/// `_initialize`: grows memory, or does not, and leaves something in it.
fn initialize(met: &Met, random: &mut ChaCha8Rng) -> Function {
    let mut function = Function::new([]);
    if random.random_bool(0.3) {
        function.instruction(&I::I32Const(1)).instruction(&I::MemoryGrow(0)).instruction(&I::Drop);
    }
    for kind in [Bulk::Fill, Bulk::Init] {
        bulk(&mut function, kind, met, random);
    }
    function.instruction(&I::End);
    function
}

/// `run`: a bulk operator, every function with constants, another bulk operator, and so on, for a number of rounds or
/// until that was enough; at last a segment is dropped, and sometimes asked for again.
fn run(met: &Met, first: Bulk, own: Own, bound: Option<Bound>, random: &mut ChaCha8Rng) -> Option<Function> {
    let mut body = Function::new([(1, ValType::I32)]);
    let rounds = [20, 60, 200, 200, 600, 100_000][random.random_range(0..6)];
    body.instruction(&I::Loop(wasm_encoder::BlockType::Empty));
    bulk(&mut body, first, met, random);
    for (index, ty) in (0_u32..).zip(&met.functions) {
        let ty = met.types.get(usize::try_from(*ty).ok()?)?;
        for param in ty.params() {
            constant(&mut body, *param, random);
        }
        if let Some(bound) = bound {
            body.instruction(&I::I32Const(bound.allowance)).instruction(&I::GlobalSet(own.steps));
        }
        body.instruction(&I::Call(index));
        for _ in ty.results() {
            body.instruction(&I::Drop);
        }
        if random.random_bool(0.1) {
            bulk(&mut body, [Bulk::Fill, Bulk::Copy, Bulk::Init][random.random_range(0..3)], met, random);
        }
    }
    body.instruction(&I::LocalGet(0))
        .instruction(&I::I32Const(1))
        .instruction(&I::I32Add)
        .instruction(&I::LocalTee(0))
        .instruction(&I::I32Const(rounds))
        .instruction(&I::I32LtU);
    if let Some(bound) = bound {
        body.instruction(&I::GlobalGet(own.counter))
            .instruction(&I::I64Const(bound.enough))
            .instruction(&I::I64LtU)
            .instruction(&I::I32And);
    }
    body.instruction(&I::BrIf(0)).instruction(&I::End);
    let data_index = u32::try_from(random.random_range(0..met.segments.len())).ok()?;
    body.instruction(&I::DataDrop(data_index));
    let again = [None, Some(0), Some(1)][random.random_range(0..3)];
    if let Some(length) = again {
        body.instruction(&I::I32Const(0))
            .instruction(&I::I32Const(0))
            .instruction(&I::I32Const(length))
            .instruction(&I::MemoryInit { mem: 0, data_index });
    }
    body.instruction(&I::End);
    Some(body)
}

fn constant(body: &mut Function, ty: wasmparser::ValType, random: &mut ChaCha8Rng) {
    let bits: u64 = if random.random_bool(0.5) { random.random_range(0..70_000) } else { random.random() };
    match ty {
        wasmparser::ValType::I32 => body.instruction(&I::I32Const(bits as i32)),
        wasmparser::ValType::I64 => body.instruction(&I::I64Const(bits as i64)),
        wasmparser::ValType::F32 => body.instruction(&I::F32Const(wasm_encoder::Ieee32::new(bits as u32))),
        _ => body.instruction(&I::F64Const(wasm_encoder::Ieee64::new(bits))),
    };
}

/// A bulk operator with constants: inside memory and segment, of every length down to none.
fn bulk(body: &mut Function, kind: Bulk, met: &Met, random: &mut ChaCha8Rng) {
    let memory = u32::try_from(met.memory_bytes).unwrap_or(u32::MAX);
    let mut below = |bound: u32| i32::try_from(random.random_range(0..=bound)).unwrap_or(0);
    let length = below(memory.min(1_000));
    let room = memory - length.unsigned_abs();
    let to = below(room);
    match kind {
        Bulk::Fill => {
            for operand in [to, below(255), length] {
                body.instruction(&I::I32Const(operand));
            }
            body.instruction(&I::MemoryFill(0));
        }
        Bulk::Copy => {
            for operand in [to, below(room), length] {
                body.instruction(&I::I32Const(operand));
            }
            body.instruction(&I::MemoryCopy { src_mem: 0, dst_mem: 0 });
        }
        Bulk::Init => {
            // The last segment is ours; active ones are dropped once they have been copied.
            let data_index = u32::try_from(met.segments.len() - 1).unwrap_or(0);
            let from = below(SEGMENT_BYTES as u32);
            let length = below(SEGMENT_BYTES as u32 - from.unsigned_abs()).min(length);
            for operand in [to, from, length] {
                body.instruction(&I::I32Const(operand));
            }
            body.instruction(&I::MemoryInit { mem: 0, data_index });
        }
    }
}

fn fits(offset: &wasmparser::ConstExpr<'_>, length: u64, room: u64) -> bool {
    match offset.get_operators_reader().read() {
        Ok(wasmparser::Operator::I32Const { value }) => u64::from(value.cast_unsigned()) + length <= room,
        _ => false,
    }
}

fn range(payload: &Payload<'_>) -> Option<std::ops::Range<usize>> {
    let (_, range) = payload.as_section()?;
    Some(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}
