//! TOML to the typed manifest.

mod methods;
mod storage;

use chainstack_primitives::BoundedVec;
use chainstack_primitives::manifest::{
    Cell, Doc, ErrorDef, EventDef, Expression, Field, Invariant, Manifest, Name, ParamDef, ParamRange,
    Section, Type, TypeKind, Upgrade, Variant,
};
use toml::de::DeTable;

use super::error::{Problem, TextError};
use super::locate::locate;
use super::source::{Entry, Item, Read, Table, bounded};
use super::type_text::Types;
use super::{Names, expression};
use crate::value::{encode_json, nearest, no_aliases};

/// Longest text that is read, in bytes.
pub const MANIFEST_TEXT_SIZE_MAX: usize = 1024 * 1024;

/// Reads a manifest and validates it.
///
/// # Errors
/// [`TextError`] with line and column; its `code` is that of the manifest's refusal if the text was understood.
pub fn from_toml(text: &str) -> Result<Manifest, TextError> {
    read(text).map_err(|problem| problem.locate(text))
}

fn read(text: &str) -> Read<Manifest> {
    if text.len() > MANIFEST_TEXT_SIZE_MAX {
        let found = text.len();
        let text = format!("{found} bytes found, at most {MANIFEST_TEXT_SIZE_MAX} allowed");
        return Err(Problem::new(0, text));
    }
    let document = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Problem::new(at, error.message().trim())
    })?;
    let root = Table::new(0, document.get_ref());
    let manifest = Reader::new(&root)?.manifest()?;
    manifest.validate().map_err(|error| {
        let at = error.place().map_or(0, |place| locate(&root, place));
        Problem { code: Some(error.code()), ..Problem::new(at, error.to_string()) }
    })?;
    Ok(manifest)
}

/// The manifest while it is read: sections already read are in `manifest`, ids of all sections are known.
struct Reader<'t> {
    root: &'t Table<'t>,
    types: Types,
    manifest: Manifest,
}

impl<'t> Reader<'t> {
    fn new(root: &'t Table<'t>) -> Read<Self> {
        let contract = root.need("contract")?.table()?;
        let mut manifest = Manifest::empty(name(contract.need("name")?)?);
        manifest.doc = doc(&contract)?;
        manifest.version = contract.number("version")?.unwrap_or(manifest.version);
        contract.finish()?;
        Ok(Self { root, types: Types::default(), manifest })
    }

    fn manifest(mut self) -> Read<Manifest> {
        self.read_types()?;
        self.manifest.params = self.section(Section::Params, Self::param)?;
        self.sync_types()?;
        self.manifest.errors = self.section(Section::Errors, |reader, entry| {
            let (id, doc, table) = reader.started(entry)?;
            let fields = reader.fields(&table, "fields")?;
            table.finish()?;
            Ok(ErrorDef { id, name: entry_name(entry)?, doc, fields })
        })?;
        self.manifest.events = self.section(Section::Events, |reader, entry| {
            let (id, doc, table) = reader.started(entry)?;
            let fields = reader.fields(&table, "fields")?;
            table.finish()?;
            Ok(EventDef { id, name: entry_name(entry)?, doc, fields })
        })?;
        self.manifest.cells = self.section(Section::Cells, Self::cell)?;
        self.sync_types()?;
        self.manifest.machines = self.section(Section::Machines, Self::machine)?;
        self.manifest.roles = self.section(Section::Roles, Self::role)?;
        self.assets()?;
        self.manifest.transitions = self.section(Section::Transitions, Self::transition)?;
        self.manifest.views = self.section(Section::Views, Self::view)?;
        self.sync_types()?;
        self.manifest.exits = self.section(Section::Exits, Self::exit)?;
        self.manifest.invariants = self.section(Section::Invariants, |reader, entry| {
            let (id, doc, table) = reader.started(entry)?;
            let rule = reader.expression(reader.names(), table.need("rule")?)?;
            table.finish()?;
            Ok(Invariant { id, name: entry_name(entry)?, doc, rule })
        })?;
        self.upgrade()?;
        self.root.finish()?;
        Ok(self.manifest)
    }

    fn section<T, const MAX: u32>(
        &mut self,
        section: Section,
        read: impl Fn(&mut Self, Entry<'t>) -> Read<T>,
    ) -> Read<BoundedVec<T, MAX>> {
        let Some(item) = self.root.get(section.name()) else { return Ok(BoundedVec::new()) };
        let table = item.table()?;
        let entries = table.entries().iter().map(|entry| read(self, *entry)).collect::<Read<Vec<_>>>()?;
        bounded(item.at, entries)
    }

    /// Makes the types read so far known to the manifest.
    fn sync_types(&mut self) -> Read<()> {
        self.manifest.types = bounded(0, self.types.table.clone())?;
        Ok(())
    }

    fn names(&self) -> Names<'_> {
        Names { manifest: &self.manifest, args: &[], item: None }
    }

    /// Id, documentation and table of an entry.
    fn started(&self, entry: Entry<'t>) -> Read<(u16, Doc, Table<'t>)> {
        let table = entry.item.table()?;
        let id =
            table.get("id").ok_or_else(|| Problem::new(entry.at, "a permanent `id` is missing"))?.number()?;
        Ok((id, doc(&table)?, table))
    }

    fn read_types(&mut self) -> Read<()> {
        let Some(table) = self.root.table("types")? else { return Ok(()) };
        for entry in table.entries() {
            let problem = |message| Problem::new(entry.at, message);
            if entry.key.contains('<') {
                self.types.parse(entry.key).map_err(problem)?;
                entry.item.table()?.finish()?;
                continue;
            }
            let shape = entry.item.table()?;
            let kind = match (shape.table("struct")?, shape.table("enum")?, shape.get("is")) {
                (Some(fields), None, None) => TypeKind::Struct { fields: self.field_list(&fields)? },
                (None, Some(variants), None) => TypeKind::Enum { variants: self.variants(&variants)? },
                (None, None, Some(item)) => {
                    self.types.parse_kind(item.text()?).map_err(|message| item.problem(message))?
                }
                _ => {
                    shape.finish()?;
                    return Err(problem("give one of `struct`, `enum` and `is`".into()));
                }
            };
            shape.finish()?;
            if self.types.table.iter().any(|known| known.name.as_deref() == Some(entry.key)) {
                return Err(problem("the type is defined twice".into()));
            }
            self.types.push(Some(entry_name(*entry)?), kind).map_err(problem)?;
        }
        self.sync_types()
    }

    fn variants<const MAX: u32>(&mut self, table: &Table<'t>) -> Read<BoundedVec<Variant, MAX>> {
        let variant = |entry: &Entry<'t>| {
            Ok(Variant { name: entry_name(*entry)?, fields: self.field_list(&entry.item.table()?)? })
        };
        let variants = table.entries().iter().map(variant).collect::<Read<Vec<_>>>()?;
        bounded(table.at, variants)
    }

    fn ty(&mut self, item: Item<'t>) -> Read<Type> {
        self.types.parse(item.text()?).map_err(|message| item.problem(message))
    }

    fn field_list<const MAX: u32>(&mut self, table: &Table<'t>) -> Read<BoundedVec<Field, MAX>> {
        let field = |entry: &Entry<'t>| Ok(Field { name: entry_name(*entry)?, ty: self.ty(entry.item)? });
        let fields = table.entries().iter().map(field).collect::<Read<Vec<_>>>()?;
        bounded(table.at, fields)
    }

    fn fields<const MAX: u32>(
        &mut self,
        table: &Table<'t>,
        key: &'static str,
    ) -> Read<BoundedVec<Field, MAX>> {
        match table.table(key)? {
            Some(fields) => self.field_list(&fields),
            None => Ok(BoundedVec::new()),
        }
    }

    fn param(&mut self, entry: Entry<'t>) -> Read<ParamDef> {
        let name = entry_name(entry)?;
        if entry.item.is_text() {
            let ty = self.ty(entry.item)?;
            return Ok(ParamDef { name, doc: Doc::default(), ty, range: None, default: None });
        }
        let table = entry.item.table()?;
        let doc = doc(&table)?;
        let ty = self.ty(table.need("type")?)?;
        let (min, max) = (table.get("min"), table.get("max"));
        let bits = ty.scalar_size().unwrap_or(0).saturating_mul(8);
        let range = if min.is_none() && max.is_none() {
            None
        } else if ty.is_unsigned() {
            let greatest = u128::MAX >> 128u32.saturating_sub(bits);
            let min = min.map_or(Ok(0), Item::number)?;
            Some(ParamRange::Unsigned { min, max: max.map_or(Ok(greatest), Item::number)? })
        } else if ty.is_signed() {
            let greatest = i128::MAX >> 128u32.saturating_sub(bits);
            let min = min.map_or(Ok(-greatest - 1), Item::signed)?;
            Some(ParamRange::Signed { min, max: max.map_or(Ok(greatest), Item::signed)? })
        } else {
            return Err(Problem::new(entry.at, "only whole numbers have `min` and `max`"));
        };
        self.sync_types()?;
        let default = match (table.get("default"), table.get("default_scale")) {
            (None, None) => None,
            (Some(item), None) => {
                let value = item.json()?;
                let bytes = encode_json(&self.manifest, &ty, &value, &no_aliases);
                Some((item.at, bytes.map_err(|error| item.problem(error.to_string()))?))
            }
            (None, Some(item)) => {
                let digits = item.text()?.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
                Some((item.at, digits.ok_or_else(|| item.problem("0x and hexadecimal digits expected"))?))
            }
            (Some(_), Some(item)) => return Err(item.problem("there is a `default` already")),
        };
        let default = default.map(|(at, bytes)| bounded(at, bytes)).transpose()?;
        table.finish()?;
        Ok(ParamDef { name, doc, ty, range, default })
    }

    /// The permanent id of the entry `item` names in `section`, read or not.
    fn id_of(&self, section: Section, item: Item<'t>) -> Read<u16> {
        self.id_of_name(section, item.text()?, item)
    }

    fn id_of_name(&self, section: Section, name: &str, item: Item<'t>) -> Read<u16> {
        let table = self.root.table(section.name())?;
        let entries = table.as_ref().map_or(&[][..], Table::entries);
        let Some(entry) = entries.iter().find(|entry| entry.key == name) else {
            let hint = nearest(name, entries.iter().map(|entry| entry.key));
            let problem = item.problem(format!("nothing in [{section}] is called `{name}`"));
            return Err(problem.hint(hint.map(|near| format!("did you mean `{near}`?"))));
        };
        self.started(*entry).map(|(id, ..)| id)
    }

    fn ids<const MAX: u32>(
        &self,
        section: Section,
        table: &Table<'t>,
        key: &'static str,
    ) -> Read<BoundedVec<u16, MAX>> {
        let ids =
            table.list(key)?.into_iter().map(|item| self.id_of(section, item)).collect::<Read<Vec<_>>>()?;
        bounded(table.at, ids)
    }

    /// The cell `item` names; cells must have been read.
    fn cell_of(&self, item: Item<'t>) -> Read<&Cell> {
        let id = self.id_of(Section::Cells, item)?;
        self.manifest.cell(id).ok_or_else(|| item.problem("there is no such cell"))
    }

    fn expression(&self, names: Names<'_>, item: Item<'t>) -> Read<Expression> {
        let text = item.text()?;
        // The text may hold escapes, so the column is told inside it.
        expression::parse(names, text).map_err(|(at, why)| {
            item.problem(format!("expression, character {}: {why}", at.saturating_add(1)))
        })
    }

    fn upgrade(&mut self) -> Read<()> {
        let Some(table) = self.root.table("upgrade")? else { return Ok(()) };
        if let Some(policy) = table.get("policy") {
            if policy.text()? != "none" {
                return Err(
                    policy.problem("`none` is the only policy; else give role, delay_blocks and veto")
                );
            }
            return table.finish();
        }
        let role = self.id_of(Section::Roles, table.need("role")?)?;
        let delay_blocks = table.need("delay_blocks")?.number()?;
        let veto = table.get("veto").map(|item| self.id_of(Section::Roles, item)).transpose()?;
        table.finish()?;
        self.manifest.upgrade = Upgrade::Gated { role, delay_blocks, veto };
        Ok(())
    }
}

fn name(item: Item<'_>) -> Read<Name> {
    item.text()?
        .try_into()
        .map_err(|error: chainstack_primitives::BoundExceeded| item.problem(error.to_string()))
}

fn entry_name(entry: Entry<'_>) -> Read<Name> {
    entry
        .key
        .try_into()
        .map_err(|error: chainstack_primitives::BoundExceeded| Problem::new(entry.at, error.to_string()))
}

fn doc(table: &Table<'_>) -> Read<Doc> {
    let Some(item) = table.get("doc") else { return Ok(Doc::default()) };
    item.text()?
        .try_into()
        .map_err(|error: chainstack_primitives::BoundExceeded| item.problem(error.to_string()))
}

/// What one of a few words stands for.
fn word<T: Clone>(item: Item<'_>, words: &[(&str, T)]) -> Read<T> {
    let text = item.text()?;
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| meaning.clone());
    let all = || words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| item.problem(format!("`{text}` is none of {}", all())))
}
