//! Memory of one call: it only moves forward. The host gives every call a fresh memory, so nothing is ever freed.

#![cfg_attr(
    target_arch = "wasm32",
    expect(
        unsafe_code,
        reason = "a global allocator is an unsafe trait, and room is carved from raw memory"
    )
)]

#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::room;

/// `size` fresh zero bytes that live as long as the call.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn room(size: usize) -> &'static mut [u8] {
    alloc::vec![0; size].leak()
}

#[cfg(target_arch = "wasm32")]
mod wasm {
    use core::alloc::{GlobalAlloc, Layout};
    use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    const PAGE: usize = 65536;

    /// Address of the next free byte; 0 before the first use.
    ///
    /// Atomic only to be a safe static: a contract has one thread, and without the feature these are plain loads.
    static NEXT: AtomicUsize = AtomicUsize::new(0);

    unsafe extern "C" {
        /// Set by the linker to the first byte after stack and data.
        static __heap_base: u8;
    }

    /// Takes `size` bytes aligned to `align`, a power of two; 0 if memory is exhausted. What it takes was never
    /// handed out before and, as all untouched memory, is zero.
    #[inline(never)]
    fn take(size: usize, align: usize) -> usize {
        let next = match NEXT.load(Relaxed) {
            0 => &raw const __heap_base as usize,
            next => next,
        };
        // Addresses are below 2^32: a wrap would show as an end below the start.
        let start = next.wrapping_add(align.wrapping_sub(1)) & !align.wrapping_sub(1);
        let end = start.wrapping_add(size);
        if start < next || end < start || !reach(end) {
            return 0;
        }
        NEXT.store(end, Relaxed);
        start
    }

    /// Makes memory reach `end`.
    fn reach(end: usize) -> bool {
        let have = core::arch::wasm32::memory_size::<0>().wrapping_mul(PAGE);
        end <= have
            || core::arch::wasm32::memory_grow::<0>(end.wrapping_sub(have).div_ceil(PAGE)) != usize::MAX
    }

    /// `size` fresh zero bytes that live as long as the call; traps if memory is exhausted.
    pub(crate) fn room(size: usize) -> &'static mut [u8] {
        match take(size, 1) {
            0 => crate::trap(),
            // SAFETY: `take` gives memory inside the bounds that nobody else has or will get, initialised by zero;
            // bytes need no alignment.
            start => unsafe { core::slice::from_raw_parts_mut(start as *mut u8, size) },
        }
    }

    struct Bump;

    #[global_allocator]
    static ALLOCATOR: Bump = Bump;

    // SAFETY: `take` hands out every byte at most once, aligned and inside memory; 0 is the null pointer.
    unsafe impl GlobalAlloc for Bump {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            take(layout.size(), layout.align()) as *mut u8
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
    }
}
