//! The same calls on a second engine, an interpreter: what the compilers are compared with.
//!
//! Slow and simple: each call makes an instance, runs `_initialize` in it, then the method, and hands back all it left.

use wasmi::{
    Caller, Config, Engine, Error, FuncType, Global, Linker, Memory, Module, Store, TrapCode, Val, ValType,
};

use crate::engine::InitializeLimits;
use crate::host::{Guest, Host, HostFunctions, HostTrap, NoHost, ValueKind};
use crate::module::INITIALIZE;
use crate::outcome::{CallReport, EngineFault, LoadError, Outcome, TrapKind, cut};

/// Instrumented code, translated for the interpreter.
#[derive(Debug)]
pub struct Reference {
    engine: Engine,
    module: Module,
    host_functions: HostFunctions,
}

/// Everything that a call left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    /// How it ended.
    pub report: CallReport,
    /// The whole memory.
    pub memory: Vec<u8>,
    /// Bits of the mutable globals `$g<n>`, by `n`.
    pub globals: Vec<u64>,
}

struct Data<'h> {
    /// Nobody during `_initialize`.
    host: Option<&'h mut dyn Host>,
    stopped: Option<HostTrap>,
    meters: Option<(Global, Global, Option<Memory>)>,
}

impl Reference {
    /// Translates `code`.
    ///
    /// # Errors
    /// [`EngineFault::Compile`] if the interpreter refuses it.
    pub fn new(code: &[u8], host_functions: HostFunctions) -> Result<Self, EngineFault> {
        let mut config = Config::default();
        config
            .wasm_multi_value(false)
            .wasm_multi_memory(false)
            .wasm_reference_types(false)
            .wasm_tail_call(false)
            .wasm_extended_const(false)
            .wasm_memory64(false)
            .set_max_recursion_depth(1 << 20)
            .set_max_stack_height(1 << 26);
        let engine = Engine::new(&config);
        let module =
            Module::new(&engine, code).map_err(|error| EngineFault::Compile(cut(&error.to_string())))?;
        Ok(Self { engine, module, host_functions })
    }

    /// Runs `_initialize`, if there is one, then `method`.
    ///
    /// # Errors
    /// As [`Engine::load`](crate::Engine::load) and [`Engine::call`](crate::Engine::call).
    pub fn call(
        &self,
        method: &str,
        limits: InitializeLimits,
        gas: u64,
        stack: u32,
        host: &mut dyn Host,
    ) -> Result<Ended, LoadError> {
        let (mut started, _) = self.start(limits)?;
        started.store.data_mut().host = Some(host);
        let report = started.run(method, gas, stack)?;
        Ok(started.ended(report))
    }

    /// Runs `_initialize`, if there is one: what every call starts from.
    ///
    /// # Errors
    /// As [`Engine::load`](crate::Engine::load).
    pub fn initialize(&self, limits: InitializeLimits) -> Result<Ended, LoadError> {
        let (started, report) = self.start(limits)?;
        Ok(started.ended(report))
    }

    /// An instance after `_initialize`, and the report of that, or of nothing with all the gas left.
    fn start<'h>(&self, limits: InitializeLimits) -> Result<(Started<'h>, CallReport), LoadError> {
        let mut linker = Linker::new(&self.engine);
        define(&mut linker, self.host_functions)?;
        let mut store = Store::new(&self.engine, Data { host: None, stopped: None, meters: None });
        let instance = linker
            .instantiate_and_start(&mut store, &self.module)
            .map_err(|error| EngineFault::Instantiate(cut(&error.to_string())))?;
        let global = |store: &Store<Data<'_>>, name: &str| instance.get_global(store, name);
        let (Some(gas_left), Some(stack_left), Some(trap)) =
            (global(&store, "$gas"), global(&store, "$stack"), global(&store, "$trap"))
        else {
            return Err(EngineFault::NotInstrumented("no meters").into());
        };
        let memory = instance.get_memory(&store, "$memory").or_else(|| instance.get_memory(&store, "memory"));
        store.data_mut().meters = Some((gas_left, stack_left, memory));
        let mut numbered: Vec<(u32, Global)> = instance
            .exports(&store)
            .filter_map(|export| {
                let number = export.name().strip_prefix("$g")?.parse().ok()?;
                Some((number, export.into_global()?))
            })
            .collect();
        numbered.sort_unstable_by_key(|(number, _)| *number);
        let mut started = Started { store, instance, trap, memory, numbered };
        let pages = pages_of(started.memory, &started.store);
        let mut report = CallReport { outcome: Outcome::Return, gas_left: limits.gas, pages };
        if started.instance.get_func(&started.store, INITIALIZE).is_some() {
            report = started.run(INITIALIZE, limits.gas, limits.stack)?;
            if report.outcome != Outcome::Return {
                return Err(LoadError::Initialize(report));
            }
        }
        Ok((started, report))
    }
}

/// An instance, and what of it is looked at.
struct Started<'h> {
    store: Store<Data<'h>>,
    instance: wasmi::Instance,
    trap: Global,
    memory: Option<Memory>,
    /// The mutable globals `$g<n>`, by `n`.
    numbered: Vec<(u32, Global)>,
}

impl Started<'_> {
    fn run(&mut self, name: &str, gas: u64, stack: u32) -> Result<CallReport, EngineFault> {
        run(&mut self.store, &self.instance, name, self.trap, gas, stack)
    }

    fn ended(self, report: CallReport) -> Ended {
        let bits = |global: &Global| match global.get(&self.store) {
            Val::I32(value) => u64::from(value.cast_unsigned()),
            Val::I64(value) => value.cast_unsigned(),
            Val::F32(value) => u64::from(value.to_bits()),
            Val::F64(value) => value.to_bits(),
            _ => 0,
        };
        let globals = self.numbered.iter().map(|(_, global)| bits(global)).collect();
        let memory = self.memory.map(|memory| memory.data(&self.store).to_vec()).unwrap_or_default();
        Ended { report, memory, globals }
    }
}

fn run(
    store: &mut Store<Data<'_>>,
    instance: &wasmi::Instance,
    name: &str,
    trap: Global,
    gas: u64,
    stack: u32,
) -> Result<CallReport, EngineFault> {
    let function = instance.get_func(&*store, name).ok_or_else(|| EngineFault::MissingExport(cut(name)))?;
    let Some((gas_left, stack_left, memory)) = store.data().meters else {
        return Err(EngineFault::NotInstrumented("no meters"));
    };
    let set = |store: &mut Store<Data<'_>>, global: &Global, value: Val| {
        global.set(store, value).map_err(|_| EngineFault::NotInstrumented("meter of another type"))
    };
    set(store, &gas_left, Val::I64(gas.cast_signed()))?;
    set(store, &stack_left, Val::I32(stack.min(crate::STACK_UNITS_MAX).cast_signed()))?;
    set(store, &trap, Val::I32(0))?;
    let result = function.call(&mut *store, &[], &mut []);
    let gas_left = match gas_left.get(&*store) {
        Val::I64(value) => value.cast_unsigned(),
        _ => 0,
    };
    let pages = pages_of(memory, store);
    let report = |outcome, gas_left| CallReport { outcome, gas_left, pages };
    let Err(error) = result else { return Ok(report(Outcome::Return, gas_left)) };
    if let Some(reason) = store.data_mut().stopped.take() {
        return Ok(report(Outcome::Host(reason), gas_left));
    }
    match trap.get(&*store) {
        Val::I32(1) => Ok(report(Outcome::Trap(TrapKind::OutOfGas), 0)),
        Val::I32(2) => Ok(report(Outcome::Trap(TrapKind::StackOverflow), gas_left)),
        _ => Ok(report(Outcome::Trap(kind_of(&error)?), gas_left)),
    }
}

/// Length of the memory in pages of 64 KiB.
fn pages_of(memory: Option<Memory>, store: &Store<Data<'_>>) -> u32 {
    memory.map_or(0, |memory| u32::try_from(memory.size(store)).unwrap_or(u32::MAX))
}

fn kind_of(error: &Error) -> Result<TrapKind, EngineFault> {
    match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => Ok(TrapKind::Unreachable),
        Some(TrapCode::MemoryOutOfBounds) => Ok(TrapKind::MemoryOutOfBounds),
        Some(TrapCode::TableOutOfBounds) => Ok(TrapKind::TableOutOfBounds),
        Some(TrapCode::IndirectCallToNull) => Ok(TrapKind::IndirectCallToNull),
        Some(TrapCode::IntegerDivisionByZero) => Ok(TrapKind::DivisionByZero),
        Some(TrapCode::IntegerOverflow) => Ok(TrapKind::IntegerOverflow),
        Some(TrapCode::BadConversionToInteger) => Ok(TrapKind::BadConversion),
        Some(TrapCode::BadSignature) => Ok(TrapKind::IndirectCallSignature),
        Some(TrapCode::StackOverflow) => Err(EngineFault::NativeStack),
        _ => Err(EngineFault::UnknownTrap(cut(&error.to_string()))),
    }
}

fn define(linker: &mut Linker<Data<'_>>, table: HostFunctions) -> Result<(), EngineFault> {
    for (number, signature) in (0_u32..).zip(table.functions) {
        let kind = |kind: &ValueKind| match kind {
            ValueKind::I32 => ValType::I32,
            ValueKind::I64 => ValType::I64,
        };
        let params: Vec<ValType> = signature.params.iter().map(kind).collect();
        let results: Vec<ValType> = signature.result.iter().map(kind).collect();
        linker
            .func_new(
                table.module,
                signature.name,
                FuncType::new(params, results),
                move |mut caller, inputs, outputs| {
                    let value = dispatch(&mut caller, number, inputs)?;
                    match outputs {
                        [output @ Val::I32(_)] => {
                            *output = Val::I32(u32::try_from(value & 0xffff_ffff).unwrap_or(0).cast_signed());
                        }
                        [output] => *output = Val::I64(value.cast_signed()),
                        _ => {}
                    }
                    Ok(())
                },
            )
            .map_err(|_| EngineFault::HostTable("name twice"))?;
    }
    Ok(())
}

fn dispatch(caller: &mut Caller<'_, Data<'_>>, number: u32, inputs: &[Val]) -> Result<u64, Error> {
    let arguments: Vec<u64> = inputs
        .iter()
        .map(|input| match input {
            Val::I32(value) => u64::from(value.cast_unsigned()),
            Val::I64(value) => value.cast_unsigned(),
            _ => 0,
        })
        .collect();
    let Some((gas_left, stack_left, memory)) = caller.data().meters else {
        return Err(Error::new("host function called before there are meters"));
    };
    let (Val::I64(gas), Val::I32(stack)) = (gas_left.get(&*caller), stack_left.get(&*caller)) else {
        return Err(Error::new("meter of another type"));
    };
    let mut gas = gas.cast_unsigned();
    let (bytes, data): (&mut [u8], &mut Data<'_>) = match memory {
        Some(memory) => memory.data_and_store_mut(&mut *caller),
        None => (&mut [], caller.data_mut()),
    };
    let mut guest = Guest { memory: bytes, gas: &mut gas, stack: stack.cast_unsigned() };
    let result = match &mut data.host {
        Some(host) => host.call(number, &arguments, &mut guest),
        None => NoHost.call(number, &arguments, &mut guest),
    };
    if let Err(trap) = result {
        data.stopped = Some(trap);
    }
    gas_left
        .set(&mut *caller, Val::I64(gas.cast_signed()))
        .map_err(|_| Error::new("meter of another type"))?;
    result.map_err(|_| Error::new("stopped by the host"))
}
