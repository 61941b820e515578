//! Host calls: from compiled code, over the native stack of the thread, to [`Host::call`].
//!
//! One native function per number of parameters takes every parameter as a 64-bit word. The C calling conventions of
//! the targets pass a 32-bit integer in the same place as a 64-bit one (for the number of parameters that
//! [`HOST_PARAMS_MAX`] admits), with an undefined upper half, which is cut off by the declared type.

use std::any::Any;
use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use wasmer::sys::vm::{
    VMFunctionBody, VMGlobalDefinition, VMMemoryDefinition, on_host_stack, raise_user_trap, resume_panic,
};

use crate::host::{Guest, HOST_PARAMS_MAX, Host, HostFunctionSignature, HostTrap, ValueKind};

/// What the host functions of one instance share. Lives at one address as long as the instance.
pub(crate) struct Bridge {
    /// The host of the call in progress.
    pub(crate) host: Cell<Option<NonNull<dyn Host>>>,
    /// Set by a host function that ends the call.
    pub(crate) stopped: Cell<Option<HostTrap>>,
    pub(crate) memory: Cell<Option<NonNull<VMMemoryDefinition>>>,
    pub(crate) gas: Cell<Option<NonNull<VMGlobalDefinition>>>,
    pub(crate) stack: Cell<Option<NonNull<VMGlobalDefinition>>>,
}

impl Bridge {
    pub(crate) fn new() -> Self {
        Self {
            host: Cell::new(None),
            stopped: Cell::new(None),
            memory: Cell::new(None),
            gas: Cell::new(None),
            stack: Cell::new(None),
        }
    }
}

/// One imported function of one instance: what compiled code passes as the function's environment.
pub(crate) struct HostImport {
    pub(crate) bridge: NonNull<Bridge>,
    pub(crate) function: u32,
    pub(crate) signature: &'static HostFunctionSignature,
}

/// Marks a host function for the engine. Must not be `()`, by which the engine knows its own functions.
pub(crate) struct HostMarker;

/// Payload that carries a stopped call past the compiled frames. The reason is in [`Bridge::stopped`].
#[derive(Debug)]
struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("stopped by the host")
    }
}

impl Error for Stopped {}

enum Answer {
    Value(u64),
    Stop,
    Panic(Box<dyn Any + Send>),
}

/// The native function for imports with `params` parameters.
pub(crate) fn entry(params: usize) -> Option<*const VMFunctionBody> {
    ENTRIES.get(params).filter(|_| params <= HOST_PARAMS_MAX).map(|entry| entry.0)
}

struct Entry(*const VMFunctionBody);
// SAFETY: the pointer is the address of a function; nothing is read or written through it.
unsafe impl Sync for Entry {}

macro_rules! entries {
    ($($name:ident($($argument:ident),*);)*) => {
        $(
            /// # Safety
            /// Called by compiled code only, with a live [`HostImport`] whose signature has this many parameters.
            unsafe extern "C-unwind" fn $name(import: *const HostImport, $($argument: u64),*) -> u64 {
                let arguments = [$($argument),*];
                // SAFETY: passed on from the caller.
                unsafe { enter(import, &arguments) }
            }
        )*
        static ENTRIES: [Entry; 13] = [$(Entry($name as *const VMFunctionBody)),*];
    };
}

entries! {
    entry_0();
    entry_1(a);
    entry_2(a, b);
    entry_3(a, b, c);
    entry_4(a, b, c, d);
    entry_5(a, b, c, d, e);
    entry_6(a, b, c, d, e, f);
    entry_7(a, b, c, d, e, f, g);
    entry_8(a, b, c, d, e, f, g, h);
    entry_9(a, b, c, d, e, f, g, h, i);
    entry_10(a, b, c, d, e, f, g, h, i, j);
    entry_11(a, b, c, d, e, f, g, h, i, j, k);
    entry_12(a, b, c, d, e, f, g, h, i, j, k, l);
}

/// # Safety
/// See the entries. Runs on the Wasm stack, so that no destructor may be alive where it leaves by a trap.
unsafe fn enter<const N: usize>(import: *const HostImport, arguments: &[u64; N]) -> u64 {
    // SAFETY: compiled code passes the environment it was linked with, which lives as long as the instance.
    let answer = on_host_stack(|| unsafe { dispatch(&*import, arguments) });
    match answer {
        Answer::Value(value) => value,
        // SAFETY: compiled code is below, and no value with a destructor is alive in this frame.
        Answer::Stop => unsafe { raise_user_trap(Box::new(Stopped)) },
        // SAFETY: as above; the payload moves out.
        Answer::Panic(payload) => unsafe { resume_panic(payload) },
    }
}

/// # Safety
/// The bridge of `import` must belong to an instance with a call in progress.
unsafe fn dispatch<const N: usize>(import: &HostImport, arguments: &[u64; N]) -> Answer {
    // SAFETY: the bridge outlives the instance's functions.
    let bridge = unsafe { import.bridge.as_ref() };
    let (Some(mut host), Some(gas), Some(stack)) = (bridge.host.get(), bridge.gas.get(), bridge.stack.get())
    else {
        return Answer::Stop;
    };
    let mut masked = *arguments;
    for (argument, kind) in masked.iter_mut().zip(import.signature.params) {
        if *kind == ValueKind::I32 {
            *argument &= 0xffff_ffff;
        }
    }
    // SAFETY: while the host function runs, the compiled code of this instance does not; memory and globals have no
    // other user. A nested call uses another instance.
    let mut guest = unsafe {
        let memory: &mut [u8] = match bridge.memory.get() {
            Some(definition) if !definition.as_ref().base.is_null() => {
                std::slice::from_raw_parts_mut(definition.as_ref().base, definition.as_ref().current_length)
            }
            _ => &mut [],
        };
        Guest { memory, gas: &mut (*gas.as_ptr()).val.u64, stack: (*stack.as_ptr()).val.u32 }
    };
    // SAFETY: `Instance::invoke` holds the only reference to the host for the whole call and lends it here.
    let host = unsafe { host.as_mut() };
    let result = catch_unwind(AssertUnwindSafe(|| host.call(import.function, &masked, &mut guest)));
    match result {
        Ok(Ok(value)) => Answer::Value(value),
        Ok(Err(trap)) => {
            bridge.stopped.set(Some(trap));
            Answer::Stop
        }
        Err(payload) => Answer::Panic(payload),
    }
}
