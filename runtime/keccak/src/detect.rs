//! Which vector implementation this processor and its operating system can run.
//!
//! `std::is_x86_feature_detected` is not in `core`, so the same questions are asked here: CPUID for the instructions,
//! XCR0 for the registers that the operating system saves (Intel SDM vol. 1, §14.3, §15.2).

use core::{
    arch::x86_64::{__cpuid, __cpuid_count, _xgetbv},
    sync::atomic::{AtomicU8, Ordering},
};

/// An implementation, in order of width; a wider one implies the narrower ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Backend {
    /// One input at a time.
    Portable,
    /// Four lanes.
    Avx2,
    /// Eight lanes.
    Avx512,
}

/// 0: not asked yet; otherwise 1 + the backend's place in its enum.
static DETECTED: AtomicU8 = AtomicU8::new(0);

/// The widest implementation that runs here. The processor is asked once.
pub(crate) fn backend() -> Backend {
    match DETECTED.load(Ordering::Relaxed) {
        0 => {
            let found = detect();
            DETECTED.store(1 + found as u8, Ordering::Relaxed);
            found
        }
        1 => Backend::Portable,
        2 => Backend::Avx2,
        _ => Backend::Avx512,
    }
}

fn detect() -> Backend {
    const OSXSAVE_AND_AVX: u32 = 1 << 27 | 1 << 28;
    const AVX2: u32 = 1 << 5;
    const AVX512F: u32 = 1 << 16;
    /// XCR0: SSE and AVX registers.
    const YMM: u64 = 0b110;
    /// XCR0: also mask registers and both halves of the 512-bit registers.
    const ZMM: u64 = 0b1110_0110;

    if __cpuid(0).eax < 7 || __cpuid(1).ecx & OSXSAVE_AND_AVX != OSXSAVE_AND_AVX {
        return Backend::Portable;
    }
    // SAFETY: OSXSAVE is set, so the operating system has enabled XGETBV, and register 0 (XCR0) always exists.
    let saved = unsafe { saved_registers() };
    let features = __cpuid_count(7, 0).ebx;
    if features & AVX2 == 0 || saved & YMM != YMM {
        Backend::Portable
    } else if features & AVX512F == 0 || saved & ZMM != ZMM {
        Backend::Avx2
    } else {
        Backend::Avx512
    }
}

/// XCR0: the register sets that the operating system saves.
#[target_feature(enable = "xsave")]
fn saved_registers() -> u64 {
    // SAFETY: the caller checked OSXSAVE; register 0 always exists.
    unsafe { _xgetbv(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_library() {
        let expected = if std::is_x86_feature_detected!("avx512f") {
            Backend::Avx512
        } else if std::is_x86_feature_detected!("avx2") {
            Backend::Avx2
        } else {
            Backend::Portable
        };
        assert_eq!(detect(), expected);
        assert_eq!(backend(), expected);
        assert_eq!(backend(), expected, "the remembered answer");
    }
}
