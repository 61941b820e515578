//! Warm instances of this thread.
//!
//! An instance is taken out for the length of a call, so that a nested call of the same module gets another. It comes
//! back only after a plain return with its memory length unchanged, and is reset when it is taken, not when it comes
//! back: what a caller sees never depends on who resets.

use std::cell::RefCell;

use crate::image::Image;
use crate::instance::Instance;
use crate::module::Module;
use crate::outcome::EngineFault;

/// Greatest number of warm instances that a thread keeps, of all modules together. The least recently used goes first.
///
/// Each reserves 8 GiB of address space and holds the memory that its code touched.
pub const WARM_INSTANCES_PER_THREAD: usize = 64;

thread_local! {
    /// Least recently used first.
    static WARM: RefCell<Vec<Instance>> = const { RefCell::new(Vec::new()) };
}

/// An instance of `module` at its image.
pub(crate) fn take(module: &Module, image: &Image) -> Result<Instance, EngineFault> {
    let warm = WARM.with_borrow_mut(|warm| {
        let at = warm.iter().rposition(|instance| instance.module().inner.id == module.inner.id)?;
        Some(warm.remove(at))
    });
    match warm {
        Some(mut instance) => {
            instance.reset(image);
            Ok(instance)
        }
        None => Instance::new(module),
    }
}

/// Keeps an instance that returned, if it can be reset.
pub(crate) fn give_back(instance: Instance, image: &Image) {
    if !instance.fits(image) {
        return;
    }
    let evicted = WARM.with_borrow_mut(|warm| {
        warm.push(instance);
        (warm.len() > WARM_INSTANCES_PER_THREAD).then(|| warm.remove(0))
    });
    drop(evicted);
}
