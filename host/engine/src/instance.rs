//! One activation of a module: its own memory and globals, every address that a call needs looked up once.

use std::ptr::NonNull;

use wasmer::sys::vm::InternalStoreHandle;
use wasmer::sys::vm::{
    LinearMemory, MaybeInstanceOwned, StoreObjects, Trap, TrapCode, VMCallerCheckedAnyfunc, VMExtern,
    VMFunction, VMFunctionContext, VMFunctionKind, VMGlobalDefinition, VMInstance, VMMemoryDefinition,
    init_traps, wasmer_call_trampoline,
};
use wasmer::{ExportIndex, ExternType, FunctionType, Mutability, Pages, RuntimeError, Type};

use crate::bridge::{Bridge, HostImport, HostMarker, entry};
use crate::host::{HOST_PARAMS_MAX, Host, HostFunctionSignature, ValueKind};
use crate::image::Image;
use crate::module::Module;
use crate::outcome::{CallReport, EngineFault, Outcome, TrapKind, cut};
use crate::tunables::{STACK_CONFIG, take_growth_failure};

/// Memory longer than this is reset by giving its pages back rather than by writing zeros.
const WIPE_BYTES_MAX: usize = 64 * 1024;

/// Values of `$trap`, written by instrumented code just before it gives up.
const TRAP_OUT_OF_GAS: u32 = 1;
const TRAP_STACK_OVERFLOW: u32 = 2;

/// An exported function.
struct Export {
    name: Box<str>,
    params: usize,
    results: usize,
    function: VMCallerCheckedAnyfunc,
}

/// One argument or result as compiled code exchanges it.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
struct Word(u64, u64);

/// A module with a memory and globals of its own. Stays on its thread.
///
/// [`Engine::call`](crate::Engine::call) is the way to run code; an instance of one's own is for tests that keep state
/// between calls.
pub struct Instance {
    // Field order is drop order: the instance goes before the objects and imports that it points to.
    vm: VMInstance,
    _objects: Objects,
    imports: Imports,
    memory: Option<NonNull<VMMemoryDefinition>>,
    gas: NonNull<VMGlobalDefinition>,
    stack: NonNull<VMGlobalDefinition>,
    trap: NonNull<VMGlobalDefinition>,
    /// The mutable globals `$g<n>`, by `n`, and their width in bytes.
    globals: Vec<(NonNull<VMGlobalDefinition>, usize)>,
    /// By name.
    exports: Vec<Export>,
    /// What this instance holds while it is kept, its module's code counted in.
    held_bytes: usize,
    /// Keeps the code alive, and goes last.
    module: Module,
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Instance").field("module", &self.module).finish_non_exhaustive()
    }
}

/// Owner of the engine's objects at one address.
struct Objects(NonNull<StoreObjects>);

impl Objects {
    fn new() -> Self {
        Self(NonNull::from(Box::leak(Box::default())))
    }

    fn get(&mut self) -> &mut StoreObjects {
        // SAFETY: owned by this value; compiled code is not running while the host holds the reference.
        unsafe { self.0.as_mut() }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // SAFETY: made by `Box::leak` in `new`, dropped once.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// Owner of the bridge and of one environment for each import, at one address each.
struct Imports {
    bridge: NonNull<Bridge>,
    list: NonNull<[HostImport]>,
}

impl Imports {
    fn bridge(&self) -> &Bridge {
        // SAFETY: owned by this value and only ever shared.
        unsafe { self.bridge.as_ref() }
    }
}

impl Drop for Imports {
    fn drop(&mut self) {
        // SAFETY: both were made by `Box::leak` in `link`, and are dropped once.
        unsafe {
            drop(Box::from_raw(self.list.as_ptr()));
            drop(Box::from_raw(self.bridge.as_ptr()));
        }
    }
}

impl Instance {
    /// Makes an instance and sets it to the module's image.
    ///
    /// # Errors
    /// [`EngineFault::Instantiate`] if the system refuses memory, [`EngineFault::NotInstrumented`] if the code lacks
    /// what instrumentation provides.
    pub fn new(module: &Module) -> Result<Self, EngineFault> {
        let mut instance = Self::bare(module)?;
        if let Some(image) = module.image() {
            instance.fit(image)?;
            instance.reset(image);
        }
        Ok(instance)
    }

    /// Makes an instance as the code describes it, before any image.
    pub(crate) fn bare(module: &Module) -> Result<Self, EngineFault> {
        init_traps();
        let artifact = module.artifact().ok_or(EngineFault::NotInstrumented("no compiled code"))?;
        let engine = module.inner.engine.as_sys();
        let mut objects = Objects::new();
        let (imports, externs) = link(module, &mut objects)?;
        // SAFETY: every import is a host function made by `link` in the same objects.
        let mut vm = unsafe { artifact.instantiate(engine.tunables(), &externs, objects.get()) }
            .map_err(|error| EngineFault::Instantiate(cut(&error.to_string())))?;
        // SAFETY: called once, right after instantiation. Admitted code has no start function.
        unsafe { artifact.finish_instantiation(&STACK_CONFIG, None, &mut vm) }
            .map_err(|error| EngineFault::Instantiate(cut(&error.to_string())))?;
        Self::look_up(module, vm, objects, imports)
    }

    fn look_up(
        module: &Module,
        mut vm: VMInstance,
        mut objects: Objects,
        imports: Imports,
    ) -> Result<Self, EngineFault> {
        let mut exports = Vec::new();
        let mut memory = None;
        let mut named = Vec::new();
        let mut numbered = Vec::new();
        let declared: Vec<(String, ExportIndex)> =
            vm.exports().map(|(name, index)| (name.clone(), *index)).collect();
        for (name, index) in declared {
            match vm.lookup_by_declaration(index) {
                VMExtern::Function(handle) => {
                    let function = handle.get(objects.get());
                    // SAFETY: the definition lives as long as the instance.
                    let pointers = unsafe { *function.anyfunc.as_ptr().as_ref() };
                    let signature = &function.signature;
                    exports.push(Export {
                        name: name.into(),
                        params: signature.params().len(),
                        results: signature.results().len(),
                        function: pointers,
                    });
                }
                VMExtern::Memory(handle) => memory = Some(handle.get(objects.get()).vmmemory()),
                VMExtern::Global(handle) => {
                    let global = handle.get(objects.get());
                    if global.ty().mutability == Mutability::Var {
                        let width = width(global.ty().ty)?;
                        match name.strip_prefix("$g").and_then(|number| number.parse::<u32>().ok()) {
                            Some(number) => numbered.push((number, global.vmglobal(), width)),
                            None => named.push((name, global.vmglobal(), width)),
                        }
                    }
                }
                VMExtern::Table(_) | VMExtern::Tag(_) => {}
            }
        }
        exports.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        numbered.sort_unstable_by_key(|(number, ..)| *number);
        let find = |wanted: &str, bytes: usize| {
            named
                .iter()
                .find(|(name, _, width)| name == wanted && *width == bytes)
                .map(|(_, global, _)| *global)
        };
        let gas = find("$gas", 8).ok_or(EngineFault::NotInstrumented("no $gas"))?;
        let stack = find("$stack", 4).ok_or(EngineFault::NotInstrumented("no $stack"))?;
        let trap = find("$trap", 4).ok_or(EngineFault::NotInstrumented("no $trap"))?;
        let bridge = imports.bridge();
        bridge.memory.set(memory);
        bridge.gas.set(Some(gas));
        bridge.stack.set(Some(stack));
        let globals = numbered.into_iter().map(|(_, global, width)| (global, width)).collect();
        Ok(Self {
            vm,
            _objects: objects,
            imports,
            memory,
            gas,
            stack,
            trap,
            globals,
            exports,
            held_bytes: module.held_bytes().saturating_add(module.image().map_or(0, Image::memory_bytes)),
            module: module.clone(),
        })
    }

    /// Whether the code exports a function of this name.
    #[must_use]
    pub fn has_export(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Calls the exported function `name` with `gas` and `stack` units, keeping memory and globals as they are.
    ///
    /// Arguments and results are bits, 32-bit ones in the low half. At most 64 arguments and 16 results.
    ///
    /// # Errors
    /// [`EngineFault::MissingExport`] if there is no such function with so many parameters and results; otherwise as
    /// [`Engine::call`](crate::Engine::call).
    pub fn invoke(
        &mut self,
        name: &str,
        arguments: &[u64],
        results: &mut [u64],
        gas: u64,
        stack: u32,
        host: &mut dyn Host,
    ) -> Result<CallReport, EngineFault> {
        let export = self
            .find(name)
            .filter(|export| export.params == arguments.len() && export.results == results.len())
            .ok_or_else(|| EngineFault::MissingExport(cut(name)))?;
        let function = export.function;
        if arguments.is_empty() && results.is_empty() {
            return self.run(&function, &mut [Word(0, 0)], gas, stack, host);
        }
        let mut words = [Word(0, 0); 64];
        if arguments.len() > words.len() || results.len() > words.len() {
            return Err(EngineFault::MissingExport(cut(name)));
        }
        for (word, argument) in words.iter_mut().zip(arguments) {
            word.0 = *argument;
        }
        let report = self.run(&function, &mut words, gas, stack, host)?;
        for (result, word) in results.iter_mut().zip(&words) {
            *result = word.0;
        }
        Ok(report)
    }

    fn run(
        &mut self,
        function: &VMCallerCheckedAnyfunc,
        words: &mut [Word],
        gas: u64,
        stack: u32,
        host: &mut dyn Host,
    ) -> Result<CallReport, EngineFault> {
        let host: NonNull<dyn Host + '_> = NonNull::from(host);
        // SAFETY: only the lifetime changes; the pointer is taken back before this function returns.
        let host: NonNull<dyn Host> = unsafe { std::mem::transmute(host) };
        let bridge = self.imports.bridge();
        bridge.host.set(Some(host));
        bridge.stopped.set(None);
        let ended = Ended(bridge);
        // SAFETY: the globals live as long as the instance, and no code of it is running.
        unsafe {
            (*self.gas.as_ptr()).val.u64 = gas;
            (*self.stack.as_ptr()).val.u32 = stack.min(crate::STACK_UNITS_MAX);
            (*self.trap.as_ptr()).val.u32 = 0;
        }
        // SAFETY: the pointers come from this instance's export; `words` holds all its parameters and results.
        let result = unsafe {
            wasmer_call_trampoline(
                None,
                &STACK_CONFIG,
                function.vmctx,
                function.call_trampoline,
                function.func_ptr,
                words.as_mut_ptr().cast(),
            )
        };
        drop(ended);
        if take_growth_failure() {
            return Err(EngineFault::MemoryGrowth);
        }
        // SAFETY: as above, the code has ended.
        let (gas_left, marker) = unsafe { ((*self.gas.as_ptr()).val.u64, (*self.trap.as_ptr()).val.u32) };
        let pages = self.pages();
        let report = |outcome, gas_left| CallReport { outcome, gas_left, pages };
        let Err(trap) = result else { return Ok(report(Outcome::Return, gas_left)) };
        if let Some(reason) = self.imports.bridge().stopped.take() {
            return Ok(report(Outcome::Host(reason), gas_left));
        }
        match marker {
            TRAP_OUT_OF_GAS => Ok(report(Outcome::Trap(TrapKind::OutOfGas), 0)),
            TRAP_STACK_OVERFLOW => Ok(report(Outcome::Trap(TrapKind::StackOverflow), gas_left)),
            _ => Ok(report(Outcome::Trap(kind_of(trap)?), gas_left)),
        }
    }

    /// The whole memory; empty if the module has none.
    #[must_use]
    pub fn memory(&self) -> &[u8] {
        match self.memory {
            // SAFETY: the definition lives as long as the instance, and no code of it is running.
            Some(definition) => unsafe {
                std::slice::from_raw_parts(definition.as_ref().base, definition.as_ref().current_length)
            },
            None => &[],
        }
    }

    /// Length of memory in pages of 64 KiB.
    #[must_use]
    pub fn pages(&self) -> u32 {
        u32::try_from(self.memory().len() / crate::PAGE_BYTES).unwrap_or(u32::MAX)
    }

    /// Bits of the mutable globals `$g<n>`, in the order of `n`.
    #[must_use]
    pub fn globals(&self) -> Box<[u64]> {
        self.globals.iter().map(|(global, width)| read(*global, *width)).collect()
    }

    /// What calls start from, if they start from here.
    pub(crate) fn capture(&self) -> Image {
        Image::capture(self.memory(), self.globals())
    }

    /// Whether memory still has the length of the image, so that the instance can be reset.
    pub(crate) fn fits(&self, image: &Image) -> bool {
        self.memory().len() == image.memory_bytes()
    }

    /// Makes memory and globals equal to `image`, which [fits](Self::fits).
    pub(crate) fn reset(&mut self, image: &Image) {
        if let Some(definition) = self.memory {
            // SAFETY: exclusive through `&mut self`; no code of the instance is running.
            let memory = unsafe {
                std::slice::from_raw_parts_mut(definition.as_ref().base, definition.as_ref().current_length)
            };
            if memory.len() > WIPE_BYTES_MAX && forget(memory) {
                image.write_runs(memory);
            } else {
                image.write(memory);
            }
        }
        for ((global, _), bits) in self.globals.iter().zip(image.globals()) {
            // SAFETY: as above.
            unsafe { (*global.as_ptr()).val.u64 = *bits };
        }
    }

    /// Grows memory to the length of `image`.
    fn fit(&mut self, image: &Image) -> Result<(), EngineFault> {
        let missing = image.memory_bytes().saturating_sub(self.memory().len()) / crate::PAGE_BYTES;
        if missing == 0 {
            return Ok(());
        }
        let definition = self.memory.ok_or(EngineFault::MemoryGrowth)?;
        // SAFETY: the definition lives as long as the instance.
        let index = self.vm.memory_index(unsafe { definition.as_ref() });
        let pages = u32::try_from(missing).map_err(|_| EngineFault::MemoryGrowth)?;
        self.vm.memory_grow(index, Pages(pages)).map(|_| ()).map_err(|_| {
            // The fault is told here: the note is for growth that running code asks for. One that fits leaves a note
            // alone, which may be that of a call further up the stack.
            take_growth_failure();
            EngineFault::MemoryGrowth
        })
    }

    pub(crate) fn module(&self) -> &Module {
        &self.module
    }

    pub(crate) const fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    fn find(&self, name: &str) -> Option<&Export> {
        let at = self.exports.binary_search_by(|export| (*export.name).cmp(name)).ok()?;
        self.exports.get(at)
    }
}

/// Takes the host back however the call ends, a panic included.
struct Ended<'a>(&'a Bridge);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.host.set(None);
    }
}

fn read(global: NonNull<VMGlobalDefinition>, width: usize) -> u64 {
    // SAFETY: the global lives as long as its instance; every field of the union is bits.
    unsafe {
        match width {
            4 => u64::from((*global.as_ptr()).val.u32),
            _ => (*global.as_ptr()).val.u64,
        }
    }
}

fn width(ty: Type) -> Result<usize, EngineFault> {
    match ty {
        Type::I32 | Type::F32 => Ok(4),
        Type::I64 | Type::F64 => Ok(8),
        _ => Err(EngineFault::NotInstrumented("global of a reference type")),
    }
}

/// Gives the pages of `memory` back to the system, after which they read as zero. `false` if it would not.
#[cfg(target_os = "linux")]
fn forget(memory: &mut [u8]) -> bool {
    // SAFETY: the memory of an instance is a private anonymous mapping of whole pages, exclusively borrowed.
    unsafe { libc::madvise(memory.as_mut_ptr().cast(), memory.len(), libc::MADV_DONTNEED) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn forget(_memory: &mut [u8]) -> bool {
    false
}

/// Makes a host function for each import, in the order of the imports.
fn link(module: &Module, objects: &mut Objects) -> Result<(Imports, Vec<VMExtern>), EngineFault> {
    let table = module.inner.host_functions;
    let bridge = NonNull::from(Box::leak(Box::new(Bridge::new())));
    let mut list = Vec::new();
    let mut wanted = Vec::new();
    let mut failure = None;
    for import in module.imports() {
        match resolve(&import, table) {
            Ok((function, signature, ty)) => {
                list.push(HostImport { bridge, function, signature });
                wanted.push((signature.params.len(), ty));
            }
            Err(fault) => failure = Some(fault),
        }
    }
    // From here on `imports` owns both.
    let imports = Imports { bridge, list: NonNull::from(Box::leak(list.into_boxed_slice())) };
    if let Some(fault) = failure {
        return Err(fault);
    }
    let engine = module.inner.engine.as_sys();
    let first: *mut HostImport = imports.list.as_ptr().cast();
    let mut externs = Vec::with_capacity(wanted.len());
    for (at, (params, ty)) in wanted.into_iter().enumerate() {
        let func_ptr = entry(params).ok_or(EngineFault::HostTable("too many parameters"))?;
        // SAFETY: `at` is inside the list, which has one element for each of `wanted`.
        let environment = unsafe { first.add(at) };
        let anyfunc = VMCallerCheckedAnyfunc {
            func_ptr,
            type_signature_hash: engine.register_signature(&ty),
            vmctx: VMFunctionContext { host_env: environment.cast() },
            call_trampoline: never_called,
        };
        let function = VMFunction {
            anyfunc: MaybeInstanceOwned::Host(Box::new(std::cell::UnsafeCell::new(anyfunc))),
            kind: VMFunctionKind::Static,
            signature: ty,
            host_data: Box::new(HostMarker),
        };
        externs.push(VMExtern::Function(InternalStoreHandle::new(objects.get(), function)));
    }
    Ok((imports, externs))
}

type Resolved = (u32, &'static HostFunctionSignature, FunctionType);

fn resolve(import: &wasmer::ImportType, table: crate::HostFunctions) -> Result<Resolved, EngineFault> {
    let found = if import.module() == table.module { table.find(import.name()) } else { None };
    let (function, signature) = found.ok_or(EngineFault::NotInstrumented("import outside of the table"))?;
    if signature.params.len() > HOST_PARAMS_MAX {
        return Err(EngineFault::HostTable("too many parameters"));
    }
    let kind = |kind: &ValueKind| match kind {
        ValueKind::I32 => Type::I32,
        ValueKind::I64 => Type::I64,
    };
    let params: Vec<Type> = signature.params.iter().map(kind).collect();
    let results: Vec<Type> = signature.result.iter().map(kind).collect();
    let ty = FunctionType::new(params, results);
    match import.ty() {
        ExternType::Function(found) if *found == ty => Ok((function, signature, ty)),
        _ => Err(EngineFault::NotInstrumented("import of another type")),
    }
}

/// Stands where the engine keeps the way to call a function from outside; host functions are called from inside only.
unsafe extern "C" fn never_called<W>(
    _environment: *mut wasmer::sys::vm::VMContext,
    _function: *const wasmer::sys::vm::VMFunctionBody,
    _words: *mut W,
) {
}

/// Reads the kind from a trap of the engine.
fn kind_of(trap: Trap) -> Result<TrapKind, EngineFault> {
    if matches!(trap, Trap::OOM { .. }) {
        return Err(EngineFault::MemoryGrowth);
    }
    let error = RuntimeError::from(trap);
    let text = cut(&error.message());
    match error.to_trap() {
        Some(TrapCode::UnreachableCodeReached) => Ok(TrapKind::Unreachable),
        Some(TrapCode::HeapAccessOutOfBounds | TrapCode::HeapMisaligned) => Ok(TrapKind::MemoryOutOfBounds),
        Some(TrapCode::TableAccessOutOfBounds) => Ok(TrapKind::TableOutOfBounds),
        Some(TrapCode::IndirectCallToNull) => Ok(TrapKind::IndirectCallToNull),
        Some(TrapCode::BadSignature) => Ok(TrapKind::IndirectCallSignature),
        Some(TrapCode::IntegerOverflow) => Ok(TrapKind::IntegerOverflow),
        Some(TrapCode::IntegerDivisionByZero) => Ok(TrapKind::DivisionByZero),
        Some(TrapCode::BadConversionToInteger) => Ok(TrapKind::BadConversion),
        Some(TrapCode::StackOverflow) => Err(EngineFault::NativeStack),
        _ => Err(EngineFault::UnknownTrap(text)),
    }
}
