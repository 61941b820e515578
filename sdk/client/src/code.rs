//! Code of a deployed contract as a node hands it out. It is believed only where it is what the chain names: whatever is
//! concluded from bytecode is concluded from these bytes.

use std::fmt;

use chainstack_primitives::{
    Hash, Tag,
    manifest::{Manifest, ManifestError},
    tagged,
    transaction::CODE_SIZE_MAX,
};

use crate::module::{ModuleError, manifest_section};

/// The bytes of a module and the manifest inside, both of the hashes that a contract is known by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedCode {
    bytes: Vec<u8>,
    manifest: Manifest,
}

impl VerifiedCode {
    /// Takes `bytes`, if they are the code `code` with the manifest `manifest`: the hashes in a contract's record.
    ///
    /// # Errors
    /// - [`CodeError::TooLong`] before anything is hashed.
    /// - [`CodeError::OtherCode`], [`CodeError::OtherManifest`] if a hash is another.
    /// - [`CodeError::Module`], [`CodeError::Manifest`] if the code is none that a chain takes.
    pub fn new(bytes: Vec<u8>, code: &Hash, manifest: &Hash) -> Result<Self, CodeError> {
        if bytes.len() > CODE_SIZE {
            return Err(CodeError::TooLong { found: bytes.len() });
        }
        let found = tagged(Tag::Code, &bytes);
        if found != *code {
            return Err(CodeError::OtherCode { expected: *code, found });
        }
        let section = manifest_section(&bytes).map_err(CodeError::Module)?;
        let declared = Manifest::decode_checked(section).map_err(CodeError::Manifest)?;
        let found = declared.hash();
        if found != *manifest {
            return Err(CodeError::OtherManifest { expected: *manifest, found });
        }
        Ok(Self { bytes, manifest: declared })
    }

    /// The module and its manifest.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Manifest) {
        (self.bytes, self.manifest)
    }
}

/// The greatest code that the chain takes, in bytes.
const CODE_SIZE: usize = CODE_SIZE_MAX as usize;

/// Why what a node hands out as a contract's code is not believed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CodeError {
    /// It is longer than any code on a chain.
    TooLong {
        /// Its size in bytes.
        found: usize,
    },
    /// It is other code.
    OtherCode {
        /// The hash in the contract's record.
        expected: Hash,
        /// The hash of the bytes.
        found: Hash,
    },
    /// It is no module with a manifest.
    Module(ModuleError),
    /// Its manifest is refused.
    Manifest(ManifestError),
    /// It declares something else.
    OtherManifest {
        /// The hash in the contract's record.
        expected: Hash,
        /// The hash of the manifest inside.
        found: Hash,
    },
}

impl fmt::Display for CodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { found } => {
                write!(formatter, "at most {CODE_SIZE_MAX} bytes of code expected, {found} found")
            }
            Self::OtherCode { expected, found } => {
                write!(formatter, "code {expected} expected, {found} found")
            }
            Self::Module(error) => write!(formatter, "code with a manifest expected: {error}"),
            Self::Manifest(error) => write!(formatter, "the manifest in the code is refused: {error}"),
            Self::OtherManifest { expected, found } => {
                write!(formatter, "code with manifest {expected} expected, {found} found")
            }
        }
    }
}

impl std::error::Error for CodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Module(error) => Some(error),
            Self::Manifest(error) => Some(error),
            Self::TooLong { .. } | Self::OtherCode { .. } | Self::OtherManifest { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use parity_scale_codec::Encode as _;

    use super::*;
    use crate::module::embed_manifest;

    const BARE: &[u8] = b"\0asm\x01\0\0\0";

    fn manifest(name: &str) -> Manifest {
        Manifest::empty(name.try_into().expect("a name"))
    }

    /// A module with a manifest inside, and its hash.
    fn module(manifest: &[u8]) -> (Vec<u8>, Hash) {
        let code = embed_manifest(BARE, manifest).expect("a module");
        let hash = tagged(Tag::Code, &code);
        (code, hash)
    }

    #[test]
    fn only_the_code_and_manifest_of_the_record_are_taken() {
        let (mine, other) = (manifest("mine"), manifest("other"));
        let (code, hash) = module(&mine.encode());
        let taken = VerifiedCode::new(code.clone(), &hash, &mine.hash()).map(VerifiedCode::into_parts);
        assert_eq!(taken, Ok((code.clone(), mine.clone())));

        let changed = [&code[..], &[0, 2, 1, b'x']].concat();
        let found = tagged(Tag::Code, &changed);
        let refused = VerifiedCode::new(changed, &hash, &mine.hash());
        assert_eq!(refused, Err(CodeError::OtherCode { expected: hash, found }));
        let refused = VerifiedCode::new(code, &hash, &other.hash());
        assert_eq!(refused, Err(CodeError::OtherManifest { expected: other.hash(), found: mine.hash() }));

        // Under their own hashes: what no chain would have taken.
        let hash = tagged(Tag::Code, BARE);
        let refused = VerifiedCode::new(BARE.to_vec(), &hash, &mine.hash());
        assert_eq!(refused, Err(CodeError::Module(ModuleError::NoManifest)));
        let (code, hash) = module(b"no manifest");
        let refused = VerifiedCode::new(code, &hash, &mine.hash());
        assert!(matches!(refused, Err(CodeError::Manifest(_))), "{refused:?}");
    }

    #[test]
    fn code_is_taken_at_the_limit_of_uploads_and_refused_one_past() {
        let mine = manifest("mine");
        let sized = |size: usize| {
            let (code, _) = module(&mine.encode());
            // A custom section: its id, three bytes of length, its name, and zeros.
            let length = size - code.len() - 4;
            let leb = [length & 0x7f | 0x80, (length >> 7) & 0x7f | 0x80, length >> 14];
            let head: Vec<u8> = leb.into_iter().map(|byte| u8::try_from(byte).expect("seven bits")).collect();
            let mut code = [&code[..], &[0], &head, &[1, b'x']].concat();
            code.resize(size, 0);
            let hash = tagged(Tag::Code, &code);
            VerifiedCode::new(code, &hash, &mine.hash()).map(|code| code.into_parts().0.len())
        };
        assert_eq!(sized(CODE_SIZE), Ok(CODE_SIZE));
        assert_eq!(sized(CODE_SIZE + 1), Err(CodeError::TooLong { found: CODE_SIZE + 1 }));
    }
}
