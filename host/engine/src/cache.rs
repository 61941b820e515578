//! Compiled code behind a port, sealed so that an entry that is not whole and ours is compiled again, never run.
//!
//! Entry: magic (8 bytes), checksum (32), payload. The checksum covers the key and the payload; the key covers the
//! instrumented code, the compiler, the engine's version and the processor's features. So an entry that is flipped,
//! cut, empty, of another version, or swapped with another does not open. The folder behind the port must be writable
//! by the node alone: a checksum is no signature.
//!
//! The key is of the *instrumented* code, so that a change of prices or of instrumentation is another key: code that
//! was compiled under earlier rules is never found again. Key and checksum are BLAKE2b-256: native code is several
//! times as long as its bytecode, and on the way back from the cache its checksum would else cost the most.

use std::sync::OnceLock;

use blake2::{Blake2b, Digest as _, digest::consts::U32};
use chainstack_primitives::Hash;
use wasmer::sys::{CpuFeature, NativeEngineExt, Target};

use crate::compile::Compiler;

const MAGIC: &[u8; 8] = b"CSCODE02";
const HEADER_BYTES: usize = 40;
/// What else native code depends on. The rules are those of `compile.rs` and `tunables.rs`: who changes what they
/// make of the same bytecode raises the number.
const ENGINE: &str = "wasmer 7.4.2, rules 1";

/// Name of an entry: everything that the compiled code depends on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CodeKey(pub Hash);

/// Where compiled code is kept between runs. Losing entries costs time, nothing else.
pub trait CodeCache: Send + Sync {
    /// The entry last put under `key`, or `None`. May return damaged bytes.
    fn get(&self, key: &CodeKey) -> Option<Vec<u8>>;
    /// Keeps `entry` under `key`. Failure is silent: the code is compiled again.
    fn put(&self, key: &CodeKey, entry: &[u8]);
}

/// The key of `code` compiled by `compiler` on this machine.
pub(crate) fn key(code: &[u8], compiler: Compiler) -> CodeKey {
    CodeKey(hash(&[machine(), compiler.name().as_bytes(), b"|", code]))
}

/// This machine, in words: it does not change while the process runs.
fn machine() -> &'static [u8] {
    static MACHINE: OnceLock<String> = OnceLock::new();
    let text = MACHINE.get_or_init(|| {
        let mut features: Vec<String> =
            CpuFeature::for_host().iter().map(|feature| feature.to_string()).collect();
        features.sort_unstable();
        format!("{ENGINE}|{}|{}|", Target::default().triple(), features.join(","))
    });
    text.as_bytes()
}

/// Wraps `payload` for the port.
pub(crate) fn seal(payload: &[u8], key: &CodeKey) -> Vec<u8> {
    let mut entry = Vec::with_capacity(HEADER_BYTES + payload.len());
    entry.extend_from_slice(MAGIC);
    entry.extend_from_slice(&checksum(payload, key).0);
    entry.extend_from_slice(payload);
    entry
}

/// Unwraps and links an entry; `None` if it is damaged or foreign.
pub(crate) fn open(entry: &[u8], key: &CodeKey, engine: &wasmer::Engine) -> Option<wasmer::Module> {
    let payload = payload(entry, key)?;
    debug_assert!(engine.target().triple() == Target::default().triple());
    // SAFETY: the checksum shows that these bytes are what `seal` wrote for this very code, compiler, engine version
    // and processor.
    unsafe { wasmer::Module::deserialize(engine, payload) }.ok()
}

/// The payload of a whole entry of this key.
fn payload<'a>(entry: &'a [u8], key: &CodeKey) -> Option<&'a [u8]> {
    let (header, payload) = entry.split_at_checked(HEADER_BYTES)?;
    let (magic, sum) = header.split_at(MAGIC.len());
    (magic == MAGIC && sum == checksum(payload, key).0).then_some(payload)
}

fn checksum(payload: &[u8], key: &CodeKey) -> Hash {
    hash(&[&key.0.0, payload])
}

fn hash(parts: &[&[u8]]) -> Hash {
    let mut state = Blake2b::<U32>::new();
    for part in parts {
        state.update(part);
    }
    Hash(state.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_entries_do_not_open() {
        let mine = key(b"code", Compiler::Singlepass);
        let other = key(b"edoc", Compiler::Singlepass);
        assert_ne!(mine, other);
        assert_ne!(mine, key(b"code", Compiler::Cranelift));
        let entry = seal(b"compiled", &mine);
        assert_eq!(payload(&entry, &mine), Some(&b"compiled"[..]));
        assert_eq!(payload(&entry, &other), None, "swapped");
        assert_eq!(payload(&[], &mine), None, "empty");
        for length in 0..entry.len() {
            assert_eq!(payload(&entry[..length], &mine), None, "cut to {length}");
        }
        for bit in 0..entry.len() * 8 {
            let mut flipped = entry.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(payload(&flipped, &mine), None, "bit {bit}");
        }
    }

    #[test]
    fn the_key_names_the_engine_that_is_linked() {
        let lock = include_str!("../../../Cargo.lock");
        let (name, _) = ENGINE.split_once(',').expect("engine, rules");
        let (package, version) = name.split_once(' ').expect("package version");
        let entry = format!("name = \"{package}\"\nversion = \"{version}\"\n");
        assert!(lock.contains(&entry), "Cargo.lock has another {package} than {version}");
    }
}
