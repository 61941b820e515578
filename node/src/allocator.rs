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

/// From this size on, in bytes, the C library maps each request for itself and unmaps it when it is freed. Without a
/// value of ours the bound rises to the largest request that was ever freed, and the buffers of RocksDB's files come to
/// lie between long-lived pieces, so that the heap cannot shrink behind them.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAPPED_ALONE_BYTES: libc::c_int = 64 << 10;

/// Lets both allocators give up what is free: mimalloc its unused pages at once, glibc by one arena for all threads and
/// by mapping large requests alone. `MIMALLOC_PURGE_DELAY`, `MALLOC_ARENA_MAX` and `MALLOC_MMAP_THRESHOLD_` in the
/// environment win.
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
    if std::env::var_os("MALLOC_MMAP_THRESHOLD_").is_none() {
        map_large_alone();
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

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "a setting of the C library")]
fn map_large_alone() {
    // SAFETY: takes two integers and may be called at any time; it answers 0 if it does not know them.
    let _done = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_ALONE_BYTES) };
}

/// Other C libraries have no such arenas.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn use_one_arena() {}

/// Other C libraries have no such bound.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn map_large_alone() {}

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
