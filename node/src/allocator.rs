//! The program's allocators, and how they behave in a node that runs for long.
//!
//! Rust allocates by mimalloc; RocksDB, which is C++, by the C library. Both keep what was freed for the thread that
//! freed it, so that each of a node's threads comes to hold as much as the largest request it ever served, and the
//! node grows as long as large requests meet new threads. A node would rather be as large after a day as after an
//! hour; a benchmark keeps both as they are. See `node/docs/adr-002-allocators.md`.

use mimalloc::MiMalloc;

/// A block is made of many small, short-lived pieces, which the C library's allocator serves slowly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// mimalloc's number of the option `purge_delay`: milliseconds until unused pages go back to the system.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Lets both allocators give up what is free: mimalloc its unused pages at once, glibc by one arena for all threads.
/// `MIMALLOC_PURGE_DELAY` and `MALLOC_ARENA_MAX` in the environment win.
///
/// For the start of the program: threads that have an arena keep it. Where it does nothing, a node only takes more
/// memory.
pub fn hold_little() {
    if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
        set_purge_delay(0);
    }
    if std::env::var_os("MALLOC_ARENA_MAX").is_none() {
        use_one_arena();
    }
}

#[expect(unsafe_code, reason = "a setting of the allocator")]
fn set_purge_delay(milliseconds: i32) {
    // SAFETY: takes two integers, may be called at any time from any thread, and ignores options it does not know.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, milliseconds.into()) }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "a setting of the C library")]
fn use_one_arena() {
    // SAFETY: takes two integers and may be called at any time; it answers 0 if it does not know them.
    let _done = unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

/// Other C libraries have no such arenas.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn use_one_arena() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(unsafe_code, reason = "a setting of the allocator")]
    fn the_option_is_the_one_that_is_meant() {
        // SAFETY: takes an integer, may be called at any time from any thread.
        let found = || unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        // The default by which this option is known among its neighbours.
        assert_eq!(found(), 10);
        set_purge_delay(0);
        assert_eq!(found(), 0);
    }
}
