//! The manifest inside a `.wasm`: one artifact, in the custom section
//! [`SECTION_NAME`].
//!
//! Only the frame of sections is read here; whether a module is one is for admission to say.

use std::fmt;

use chainstack_primitives::manifest::SECTION_NAME;

/// The first eight bytes of every module: magic and version 1.
const PREAMBLE: &[u8] = b"\0asm\x01\0\0\0";

/// Why a manifest cannot be read out of a module or put into it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ModuleError {
    /// The bytes do not begin as a module does.
    NotAModule,
    /// A section's length runs past the end.
    Cut {
        /// Where the section begins.
        offset: usize,
    },
    /// There is no manifest.
    NoManifest,
    /// There is more than one.
    TwoManifests,
}

impl fmt::Display for ModuleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAModule => formatter.write_str("not a WebAssembly module"),
            Self::Cut { offset } => write!(formatter, "the section at offset {offset} is cut off"),
            Self::NoManifest => write!(formatter, "the module has no custom section {SECTION_NAME}"),
            Self::TwoManifests => {
                write!(formatter, "the module has more than one custom section {SECTION_NAME}")
            }
        }
    }
}

impl std::error::Error for ModuleError {}

/// A section as it stands in the module.
struct Section<'a> {
    whole: &'a [u8],
    manifest: Option<&'a [u8]>,
}

fn leb(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0u32;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u32::from(byte & 0x7f);
        if shift == 28 && part > 0x0f {
            return None;
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return usize::try_from(value).ok();
        }
    }
    None
}

/// The payload behind `name` in the payload of a custom section.
fn named<'a>(mut payload: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let length = leb(&mut payload)?;
    let (found, rest) = payload.split_at_checked(length)?;
    (found == name.as_bytes()).then_some(rest)
}

fn sections(module: &[u8]) -> Result<Vec<Section<'_>>, ModuleError> {
    let mut rest = module.strip_prefix(PREAMBLE).ok_or(ModuleError::NotAModule)?;
    let mut found = Vec::new();
    while let Some((id, mut after)) = rest.split_first() {
        let cut = ModuleError::Cut { offset: module.len() - rest.len() };
        let length = leb(&mut after).ok_or(cut)?;
        let (payload, next) = after.split_at_checked(length).ok_or(cut)?;
        let manifest = if *id == 0 { named(payload, SECTION_NAME) } else { None };
        found.push(Section { whole: &rest[..rest.len() - next.len()], manifest });
        rest = next;
    }
    Ok(found)
}

/// The manifest's bytes in `module`.
///
/// # Errors
/// All of [`ModuleError`].
pub fn manifest_section(module: &[u8]) -> Result<&[u8], ModuleError> {
    let mut found = sections(module)?.into_iter().filter_map(|section| section.manifest);
    let manifest = found.next().ok_or(ModuleError::NoManifest)?;
    if found.next().is_some() { Err(ModuleError::TwoManifests) } else { Ok(manifest) }
}

/// `module` with `manifest` in its custom section, at the end; manifests it had before are taken out. Everything
/// else keeps its bytes and its order.
///
/// # Errors
/// [`ModuleError::NotAModule`], [`ModuleError::Cut`].
pub fn embed_manifest(module: &[u8], manifest: &[u8]) -> Result<Vec<u8>, ModuleError> {
    let kept = sections(module)?.into_iter().filter(|section| section.manifest.is_none());
    let mut out = PREAMBLE.to_vec();
    kept.for_each(|section| out.extend_from_slice(section.whole));
    let mut payload = Vec::new();
    put_leb(&mut payload, SECTION_NAME.len());
    payload.extend_from_slice(SECTION_NAME.as_bytes());
    payload.extend_from_slice(manifest);
    out.push(0);
    put_leb(&mut out, payload.len());
    out.extend(payload);
    Ok(out)
}

fn put_leb(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_embedded_comes_out_and_the_rest_keeps_its_bytes() {
        let code = [PREAMBLE, &[1, 4, 1, 0x60, 0, 0], &[0, 3, 1, b'x', 7]].concat();
        let long = vec![9; 300];
        let with = embed_manifest(&code, &long).expect("a module");
        assert_eq!(manifest_section(&with), Ok(long.as_slice()));
        assert!(with.starts_with(&code));
        let replaced = embed_manifest(&with, b"new").expect("a module");
        assert_eq!(manifest_section(&replaced), Ok(&b"new"[..]));
        assert_eq!(embed_manifest(&replaced, &long), Ok(with));
    }

    #[test]
    fn hostile_bytes_are_refused() {
        let with = embed_manifest(PREAMBLE, b"one").expect("a module");
        let twice = [with.as_slice(), &with[PREAMBLE.len()..]].concat();
        assert_eq!(manifest_section(&twice), Err(ModuleError::TwoManifests));
        assert_eq!(manifest_section(PREAMBLE), Err(ModuleError::NoManifest));
        for end in 0..with.len() {
            assert!(manifest_section(&with[..end]).is_err(), "cut at {end}");
        }
        let endless = [PREAMBLE, &[0, 0xff, 0xff, 0xff, 0xff, 0xff]].concat();
        assert_eq!(manifest_section(&endless), Err(ModuleError::Cut { offset: 8 }));
    }
}
