//! The manifest inside a `.wasm`: one artifact, in the custom section
//! [`SECTION_NAME`].
//!
//! Only the frame of sections is read here; whether a module is one is for admission to say.

use std::fmt;

use chainstack_primitives::manifest::SECTION_NAME;

/// Name of the custom section that holds a manifest's text: what the SDK's attribute leaves in a module that is built,
/// for [`embed_manifest`] to turn into the manifest. No artifact has it.
pub const SOURCE_SECTION_NAME: &str = "chainstack.source";
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
    /// There is no text of a manifest, or more than one, or it is not text.
    NoSource,
    /// There is more than one.
    TwoManifests,
    /// The section of imports is not a list of imports.
    Imports,
}

impl fmt::Display for ModuleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAModule => formatter.write_str("not a WebAssembly module"),
            Self::Cut { offset } => write!(formatter, "the section at offset {offset} is cut off"),
            Self::NoManifest => write!(formatter, "the module has no custom section {SECTION_NAME}"),
            Self::NoSource => {
                write!(
                    formatter,
                    "the module has no custom section {SOURCE_SECTION_NAME} with a manifest's text"
                )
            }
            Self::TwoManifests => {
                write!(formatter, "the module has more than one custom section {SECTION_NAME}")
            }
            Self::Imports => formatter.write_str("the module's section of imports is malformed"),
        }
    }
}

impl std::error::Error for ModuleError {}

/// A section as it stands in the module.
struct Section<'a> {
    whole: &'a [u8],
    manifest: Option<&'a [u8]>,
    source: Option<&'a [u8]>,
    imports: Option<&'a [u8]>,
}

/// Id of the section of imports.
const IMPORT_SECTION: u8 = 2;

/// What kind of thing a module imports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportKind {
    /// A function.
    Function,
    /// A table.
    Table,
    /// A memory.
    Memory,
    /// A global.
    Global,
    /// A tag of exceptions.
    Tag,
}

impl ImportKind {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Table => "table",
            Self::Memory => "memory",
            Self::Global => "global",
            Self::Tag => "tag",
        }
    }
}

/// What a module asks of its host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Import<'a> {
    /// The module it is to come from.
    pub module: &'a str,
    /// Its name there.
    pub name: &'a str,
    /// What it is.
    pub kind: ImportKind,
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
        let custom = |name| if *id == 0 { named(payload, name) } else { None };
        let (manifest, source) = (custom(SECTION_NAME), custom(SOURCE_SECTION_NAME));
        let imports = (*id == IMPORT_SECTION).then_some(payload);
        found.push(Section { whole: &rest[..rest.len() - next.len()], manifest, source, imports });
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

/// The manifest's text that the SDK's attribute left in `module`.
///
/// # Errors
/// [`ModuleError::NotAModule`], [`ModuleError::Cut`], [`ModuleError::NoSource`].
pub fn source_section(module: &[u8]) -> Result<&str, ModuleError> {
    let mut found = sections(module)?.into_iter().filter_map(|section| section.source);
    let source = found.next().filter(|_| found.next().is_none());
    source.and_then(|source| std::str::from_utf8(source).ok()).ok_or(ModuleError::NoSource)
}

/// What `module` imports, in its order. At most so many as the module has bytes.
///
/// # Errors
/// [`ModuleError::NotAModule`], [`ModuleError::Cut`], [`ModuleError::Imports`].
pub fn imports(module: &[u8]) -> Result<Vec<Import<'_>>, ModuleError> {
    let mut found = Vec::new();
    for mut payload in sections(module)?.into_iter().filter_map(|section| section.imports) {
        let count = leb(&mut payload).ok_or(ModuleError::Imports)?;
        for _ in 0..count {
            found.push(import(&mut payload).ok_or(ModuleError::Imports)?);
        }
        if !payload.is_empty() {
            return Err(ModuleError::Imports);
        }
    }
    Ok(found)
}

fn import<'a>(bytes: &mut &'a [u8]) -> Option<Import<'a>> {
    let (module, name) = (text(bytes)?, text(bytes)?);
    let kind = match byte(bytes)? {
        0 => {
            leb(bytes)?;
            ImportKind::Function
        }
        1 => {
            byte(bytes)?;
            limits(bytes)?;
            ImportKind::Table
        }
        2 => {
            limits(bytes)?;
            ImportKind::Memory
        }
        3 => {
            byte(bytes)?;
            byte(bytes)?;
            ImportKind::Global
        }
        4 => {
            byte(bytes)?;
            leb(bytes)?;
            ImportKind::Tag
        }
        _ => return None,
    };
    Some(Import { module, name, kind })
}

fn byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

fn text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let length = leb(bytes)?;
    let (found, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    std::str::from_utf8(found).ok()
}

/// The least and, if the flags say so, the greatest size; a size of 64 bits has up to ten bytes.
fn limits(bytes: &mut &[u8]) -> Option<()> {
    let bounds = if byte(bytes)? & 1 == 1 { 2 } else { 1 };
    for _ in 0..bounds {
        let size = bytes.iter().take(10).position(|byte| byte & 0x80 == 0)?;
        *bytes = bytes.get(size + 1..)?;
    }
    Some(())
}

/// `module` with `manifest` in its custom section, at the end; manifests it had before, and texts of manifests, are
/// taken out. Everything else keeps its bytes and its order.
///
/// # Errors
/// [`ModuleError::NotAModule`], [`ModuleError::Cut`].
pub fn embed_manifest(module: &[u8], manifest: &[u8]) -> Result<Vec<u8>, ModuleError> {
    let kept = sections(module)?.into_iter().filter(|section| section.manifest.or(section.source).is_none());
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
    fn the_text_of_a_manifest_is_taken_out_when_the_manifest_goes_in() {
        let section = |name: &[u8], text: &[u8]| {
            let name_length = u8::try_from(name.len()).expect("short");
            let payload = [&[name_length], name, text].concat();
            [&[0, u8::try_from(payload.len()).expect("short")], payload.as_slice()].concat()
        };
        let text = section(SOURCE_SECTION_NAME.as_bytes(), b"[contract]");
        let other = section(b"other", b"kept");
        let module = [PREAMBLE, &text, &other].concat();
        assert_eq!(source_section(&module), Ok("[contract]"));
        let with = embed_manifest(&module, b"one").expect("a module");
        assert_eq!(source_section(&with), Err(ModuleError::NoSource));
        assert_eq!(with, embed_manifest(&[PREAMBLE, &other].concat(), b"one").expect("a module"));
        assert_eq!(source_section(PREAMBLE), Err(ModuleError::NoSource));
        assert_eq!(source_section(&[PREAMBLE, &text, &text].concat()), Err(ModuleError::NoSource));
        let bytes = section(SOURCE_SECTION_NAME.as_bytes(), &[0xff]);
        assert_eq!(source_section(&[PREAMBLE, &bytes].concat()), Err(ModuleError::NoSource));
    }

    #[test]
    fn imports_are_listed_and_broken_ones_refused() {
        let list = [
            3, // a function, a memory with a maximum, a global
            1, b'm', 1, b'f', 0, 5, //
            1, b'm', 1, b'p', 2, 1, 1, 0x80, 1, //
            0, 1, b'g', 3, 0x7f, 0,
        ];
        let module = |list: &[u8]| {
            let length = u8::try_from(list.len()).expect("short");
            [PREAMBLE, &[IMPORT_SECTION, length], list].concat()
        };
        let whole = module(&list);
        let found = imports(&whole).expect("imports");
        let shown: Vec<_> = found.iter().map(|import| (import.module, import.name, import.kind)).collect();
        let expected =
            [("m", "f", ImportKind::Function), ("m", "p", ImportKind::Memory), ("", "g", ImportKind::Global)];
        assert_eq!(shown, expected);
        assert_eq!(imports(PREAMBLE), Ok(Vec::new()));
        for end in 0..list.len() {
            assert_eq!(imports(&module(&list[..end])), Err(ModuleError::Imports), "cut at {end}");
        }
        let more = [&list[..], &[0]].concat();
        assert_eq!(imports(&module(&more)), Err(ModuleError::Imports), "bytes are left");
        let mut unknown = list;
        unknown[5] = 9;
        assert_eq!(imports(&module(&unknown)), Err(ModuleError::Imports), "no such kind");
        assert_eq!(imports(&module(&[1, 1, 0xff, 1, b'f', 0, 0])), Err(ModuleError::Imports), "no text");
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
