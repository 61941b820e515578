//! Memory that tells a growth which this machine could not do from one which the code may not do.

use std::cell::Cell;
use std::ptr::NonNull;

use wasmer::sys::Tunables;
use wasmer::sys::vm::{
    LinearMemory, MemoryError, MemoryStyle, TableStyle, VMConfig, VMMemory, VMMemoryDefinition,
    VMOwnedMemory, VMTable, VMTableDefinition,
};
use wasmer::{MemoryType, Pages, TableType};

use crate::NATIVE_STACK_BYTES;

thread_local! {
    /// Set when memory below its maximum could not grow on this thread.
    static GROWTH_FAILED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a growth failed on this thread since the last time this was asked.
pub(crate) fn take_growth_failure() -> bool {
    GROWTH_FAILED.replace(false)
}

/// Native stack of every call.
pub(crate) static STACK_CONFIG: VMConfig = VMConfig { wasm_stack_size: Some(NATIVE_STACK_BYTES) };

/// Static memories at a fixed address, with everything past the current length inaccessible.
pub(crate) struct FixedTunables;

impl Tunables for FixedTunables {
    fn memory_style(&self, _memory: &MemoryType) -> MemoryStyle {
        MemoryStyle::Static
    }

    fn table_style(&self, _table: &TableType) -> TableStyle {
        TableStyle::CallerChecksSignature
    }

    fn create_host_memory(&self, ty: &MemoryType, style: &MemoryStyle) -> Result<VMMemory, MemoryError> {
        VMMemory::new(ty, style)
    }

    unsafe fn create_vm_memory(
        &self,
        ty: &MemoryType,
        style: &MemoryStyle,
        location: NonNull<VMMemoryDefinition>,
    ) -> Result<VMMemory, MemoryError> {
        // SAFETY: the caller promises that `location` is the memory's own definition inside the instance.
        let memory = unsafe { VMOwnedMemory::from_definition(ty, style, location)? };
        let watched: Box<dyn LinearMemory + Send + Sync> =
            Box::new(WatchedMemory { memory, maximum: ty.maximum });
        Ok(watched.into())
    }

    fn create_host_table(&self, ty: &TableType, style: &TableStyle) -> Result<VMTable, String> {
        VMTable::new(ty, style)
    }

    unsafe fn create_vm_table(
        &self,
        ty: &TableType,
        style: &TableStyle,
        location: NonNull<VMTableDefinition>,
    ) -> Result<VMTable, String> {
        // SAFETY: the caller promises that `location` is the table's own definition inside the instance.
        unsafe { VMTable::from_definition(ty, style, location) }
    }

    fn vmconfig(&self) -> &VMConfig {
        &STACK_CONFIG
    }
}

/// A memory that notes each growth refused by the system rather than by its maximum.
#[derive(Debug)]
struct WatchedMemory {
    memory: VMOwnedMemory,
    maximum: Option<Pages>,
}

impl WatchedMemory {
    fn allowed(&self, delta: Pages) -> bool {
        let maximum = self.maximum.unwrap_or(Pages(65_536)).0;
        self.memory.size().0.checked_add(delta.0).is_some_and(|pages| pages <= maximum)
    }
}

impl LinearMemory for WatchedMemory {
    fn ty(&self) -> MemoryType {
        self.memory.ty()
    }

    fn size(&self) -> Pages {
        self.memory.size()
    }

    fn style(&self) -> MemoryStyle {
        self.memory.style()
    }

    fn grow(&mut self, delta: Pages) -> Result<Pages, MemoryError> {
        let allowed = self.allowed(delta);
        let grown = self.memory.grow(delta);
        if grown.is_err() && allowed {
            GROWTH_FAILED.set(true);
        }
        grown
    }

    fn vmmemory(&self) -> NonNull<VMMemoryDefinition> {
        self.memory.vmmemory()
    }

    fn try_clone(&self) -> Result<Box<dyn LinearMemory + Send + Sync + 'static>, MemoryError> {
        self.memory.try_clone()
    }

    fn copy(&self) -> Result<Box<dyn LinearMemory + Send + Sync + 'static>, MemoryError> {
        LinearMemory::copy(&self.memory)
    }
}
