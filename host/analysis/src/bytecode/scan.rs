//! One pass over a module: who calls whom.

use std::collections::BTreeMap;

use wasmparser::{
    BinaryReaderError, CompositeInnerType, ConstExpr, ElementItems, ExternalKind, FuncType, FunctionBody,
    Operator, Parser, Payload, SubType, TableInit, TypeRef,
};

use super::{BytecodeError, CODE_BYTES_MAX, EXPORTS_MAX, HostFunction, IMPORTS_MAX};

/// Imports, exports, and the graph of calls. Nodes are the functions by index, imports first; then a node for each
/// different function type, from which whatever an indirect call of it may find is called; then one that calls all.
pub(super) struct Scanned {
    pub imports: Vec<HostFunction>,
    pub exports: Vec<(String, usize)>,
    pub start: Option<usize>,
    pub edges: Vec<Vec<usize>>,
}

/// Where a call leads, before all functions are known.
#[derive(Clone, Copy)]
enum Callee {
    Function(u32),
    /// Whatever has the type and a place in a table.
    Indirect(u32),
    Anything,
}

#[derive(Default)]
struct Scan {
    imports: Vec<HostFunction>,
    /// For each type by index, which different function type it is; none: something else.
    types: Vec<Option<usize>>,
    different: BTreeMap<FuncType, usize>,
    /// Type of each function.
    functions: Vec<u32>,
    exports: Vec<(String, u32)>,
    start: Option<u32>,
    /// Functions whose address is taken.
    taken: Vec<u32>,
    /// Whether a table may hold what this module did not put there.
    open_table: bool,
    /// Calls of each defined function.
    calls: Vec<Vec<Callee>>,
}

pub(super) fn scan(code: &[u8]) -> Result<Scanned, BytecodeError> {
    bounded("bytes of code", code.len(), CODE_BYTES_MAX)?;
    let mut scan = Scan::default();
    for payload in Parser::new(0).parse_all(code) {
        scan.payload(payload.map_err(malformed)?)?;
    }
    scan.joined()
}

fn malformed(error: BinaryReaderError) -> BytecodeError {
    BytecodeError::Malformed { offset: error.offset() }
}

const fn bounded(what: &'static str, found: usize, limit: usize) -> Result<(), BytecodeError> {
    if found > limit { Err(BytecodeError::TooLarge { what, limit }) } else { Ok(()) }
}

impl Scan {
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), BytecodeError> {
        match payload {
            Payload::TypeSection(reader) => {
                for group in reader {
                    group.map_err(malformed)?.into_types().for_each(|ty| self.declared(&ty));
                }
            }
            Payload::ImportSection(reader) => {
                for import in reader.into_imports() {
                    let import = import.map_err(malformed)?;
                    match import.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                            self.functions.push(ty);
                            let (module, name) = (import.module.to_owned(), import.name.to_owned());
                            self.imports.push(HostFunction { module, name });
                            bounded("imported functions", self.imports.len(), IMPORTS_MAX)?;
                        }
                        TypeRef::Table(_) => self.open_table = true,
                        TypeRef::Memory(_) | TypeRef::Global(_) | TypeRef::Tag(_) => {}
                    }
                }
            }
            Payload::FunctionSection(reader) => {
                for ty in reader {
                    self.functions.push(ty.map_err(malformed)?);
                }
            }
            Payload::TableSection(reader) => {
                for table in reader {
                    if let TableInit::Expr(init) = table.map_err(malformed)?.init {
                        self.constant(&init)?;
                    }
                }
            }
            Payload::GlobalSection(reader) => {
                for global in reader {
                    self.constant(&global.map_err(malformed)?.init_expr)?;
                }
            }
            Payload::ExportSection(reader) => {
                for export in reader {
                    let export = export.map_err(malformed)?;
                    if matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact) {
                        self.exports.push((export.name.to_owned(), export.index));
                        bounded("exported functions", self.exports.len(), EXPORTS_MAX)?;
                    }
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(reader) => {
                for element in reader {
                    self.element(element.map_err(malformed)?.items)?;
                }
            }
            Payload::CodeSectionEntry(body) => {
                let calls = self.body(&body)?;
                self.calls.push(calls);
            }
            _ => {}
        }
        Ok(())
    }

    fn declared(&mut self, ty: &SubType) {
        let plain = ty.is_final && ty.supertype_idxs.is_empty() && !ty.composite_type.shared;
        let kind = match &ty.composite_type.inner {
            CompositeInnerType::Func(function) if plain => {
                let next = self.different.len();
                Some(*self.different.entry(function.clone()).or_insert(next))
            }
            _ => None,
        };
        self.types.push(kind);
    }

    /// What is put into a table by a segment: whether it is active or not, some instruction may copy it.
    fn element(&mut self, items: ElementItems<'_>) -> Result<(), BytecodeError> {
        match items {
            ElementItems::Functions(functions) => {
                for function in functions {
                    self.taken.push(function.map_err(malformed)?);
                }
            }
            ElementItems::Expressions(_, expressions) => {
                for expression in expressions {
                    self.constant(&expression.map_err(malformed)?)?;
                }
            }
        }
        Ok(())
    }

    /// A constant may take an address. A global of the outside may hold any.
    fn constant(&mut self, expression: &ConstExpr<'_>) -> Result<(), BytecodeError> {
        for operator in expression.get_operators_reader() {
            match operator.map_err(malformed)? {
                Operator::RefFunc { function_index } => self.taken.push(function_index),
                Operator::GlobalGet { .. } => self.open_table = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<Vec<Callee>, BytecodeError> {
        let mut calls = Vec::new();
        for operator in body.get_operators_reader().map_err(malformed)? {
            match operator.map_err(malformed)? {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    calls.push(Callee::Function(function_index));
                }
                Operator::CallIndirect { type_index, .. }
                | Operator::ReturnCallIndirect { type_index, .. } => {
                    calls.push(Callee::Indirect(type_index));
                }
                Operator::RefFunc { function_index } => self.taken.push(function_index),
                Operator::CallRef { .. }
                | Operator::ReturnCallRef { .. }
                | Operator::ContNew { .. }
                | Operator::ContBind { .. }
                | Operator::Resume { .. }
                | Operator::ResumeThrow { .. }
                | Operator::ResumeThrowRef { .. }
                | Operator::Switch { .. } => calls.push(Callee::Anything),
                _ => {}
            }
        }
        Ok(calls)
    }

    /// The graph, now that every function is known.
    fn joined(self) -> Result<Scanned, BytecodeError> {
        let count = self.functions.len();
        let anything = count.saturating_add(self.different.len());
        let function = |index: u32| match usize::try_from(index) {
            Ok(node) if node < count => Ok(node),
            _ => Err(BytecodeError::Missing { what: "function", index }),
        };
        let kind = |index: u32| {
            let found = usize::try_from(index).ok().and_then(|index| self.types.get(index)).copied();
            found.ok_or(BytecodeError::Missing { what: "type", index })
        };
        let mut edges: Vec<Vec<usize>> = vec![Vec::new(); self.imports.len()];
        for calls in &self.calls {
            let mut callees = Vec::new();
            for call in calls {
                callees.push(match call {
                    Callee::Function(index) => function(*index)?,
                    Callee::Indirect(index) => match kind(*index)? {
                        Some(kind) if !self.open_table => count.saturating_add(kind),
                        _ => anything,
                    },
                    Callee::Anything => anything,
                });
            }
            callees.sort_unstable();
            callees.dedup();
            edges.push(callees);
        }
        // A body is missing or there is one too many.
        if edges.len() != count {
            let index = u32::try_from(edges.len().min(count)).unwrap_or(u32::MAX);
            return Err(BytecodeError::Missing { what: "function", index });
        }
        edges.resize(anything, Vec::new());
        edges.push((0..count).collect());
        let mut taken = self.taken;
        taken.sort_unstable();
        taken.dedup();
        for index in taken {
            let node = function(index)?;
            let ty = self.functions.get(node).copied().unwrap_or(u32::MAX);
            // What has no plain type may be found by any call.
            let places = match kind(ty)? {
                Some(kind) => count.saturating_add(kind)..count.saturating_add(kind).saturating_add(1),
                None => count..anything,
            };
            for place in edges.get_mut(places).into_iter().flatten() {
                place.push(node);
            }
        }
        let exports = self.exports.into_iter().map(|(name, index)| Ok((name, function(index)?)));
        Ok(Scanned {
            exports: exports.collect::<Result<_, BytecodeError>>()?,
            start: self.start.map(function).transpose()?,
            imports: self.imports,
            edges,
        })
    }
}
