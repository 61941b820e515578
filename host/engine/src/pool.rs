//! Warm instances of this thread.
//!
//! An instance is taken out for the length of a call, so that a nested call of the same module gets another. It comes
//! back only if its code ended at a place of the code's own choice, by returning or by asking the host to end the
//! call, and with its memory length unchanged. It is reset when it is taken, not when it comes back: what a caller
//! sees never depends on who resets.
//!
//! A thread keeps a bounded number of instances that hold a bounded number of bytes, and none whose module was
//! [retired](Module::retire): it could not be found again, and would keep the module's code for nobody.

use std::cell::RefCell;

use crate::image::Image;
use crate::instance::Instance;
use crate::module::Module;
use crate::outcome::EngineFault;

/// Greatest number of warm instances that a thread keeps, of all modules together. The least recently used goes first.
///
/// Each reserves 8 GiB of address space.
pub const WARM_INSTANCES_PER_THREAD: usize = 64;

/// Most bytes that the warm instances of a thread hold together: their memories, and the code of their modules as if
/// nobody else held it. An instance that holds more alone is not kept.
pub const WARM_BYTES_PER_THREAD: usize = 64 * 1024 * 1024;

/// The instances that one thread keeps.
struct Warm {
    /// Least recently used first.
    instances: Vec<Instance>,
    /// What they hold together.
    bytes: usize,
}

thread_local! {
    static WARM: RefCell<Warm> = const { RefCell::new(Warm { instances: Vec::new(), bytes: 0 }) };
}

impl Warm {
    fn take(&mut self, id: u64) -> Option<Instance> {
        let at = self.instances.iter().rposition(|instance| instance.module().inner.id == id)?;
        Some(self.remove(at))
    }

    fn remove(&mut self, at: usize) -> Instance {
        let instance = self.instances.remove(at);
        self.bytes = self.bytes.saturating_sub(instance.held_bytes());
        instance
    }

    /// Takes out what is of no use any more. Asked only where an instance has to be made, which costs more.
    fn retired(&mut self) -> Vec<Instance> {
        let mut out = Vec::new();
        while let Some(at) = self.instances.iter().position(|instance| instance.module().is_retired()) {
            out.push(self.remove(at));
        }
        out
    }

    /// Keeps `instance`. What has to go for it, which may be itself.
    fn keep(&mut self, instance: Instance) -> Vec<Instance> {
        let mut out = Vec::new();
        if instance.module().is_retired() || instance.held_bytes() > WARM_BYTES_PER_THREAD {
            out.push(instance);
            return out;
        }
        while !self.instances.is_empty()
            && (self.instances.len() >= WARM_INSTANCES_PER_THREAD
                || self.bytes.saturating_add(instance.held_bytes()) > WARM_BYTES_PER_THREAD)
        {
            out.push(self.remove(0));
        }
        self.bytes = self.bytes.saturating_add(instance.held_bytes());
        self.instances.push(instance);
        out
    }
}

/// An instance of `module` at its image.
pub(crate) fn take(module: &Module, image: &Image) -> Result<Instance, EngineFault> {
    match WARM.with_borrow_mut(|warm| warm.take(module.inner.id)) {
        Some(mut instance) => {
            instance.reset(image);
            Ok(instance)
        }
        None => {
            drop(WARM.with_borrow_mut(Warm::retired));
            Instance::new(module)
        }
    }
}

/// Keeps an instance whose code ended as it chose, if it can be reset.
pub(crate) fn give_back(instance: Instance, image: &Image) {
    if !instance.fits(image) {
        return;
    }
    // What goes is dropped here, outside of the borrow.
    drop(WARM.with_borrow_mut(|warm| warm.keep(instance)));
}

/// How many warm instances this thread keeps, and the bytes that they hold.
#[must_use]
pub fn warm_on_this_thread() -> (usize, usize) {
    WARM.with_borrow(|warm| (warm.instances.len(), warm.bytes))
}
