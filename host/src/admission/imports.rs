//! Imports: functions of the host's table, with the table's types, and nothing else.

use chainstack_engine::{HostFunctions, ValueKind};
use wasmparser::{FuncType, Import, TypeRef, ValType};

use super::refusal::{Reason, shown};

/// Judges one import; `types` are the module's.
pub(crate) fn judge(import: &Import<'_>, types: &[FuncType], table: &HostFunctions) -> Result<(), Reason> {
    let name = || format!("{}.{}", shown(import.module), shown(import.name));
    let TypeRef::Func(index) = import.ty else {
        let kind = match import.ty {
            TypeRef::Memory(_) => "memory",
            TypeRef::Table(_) => "table",
            TypeRef::Global(_) => "global",
            _ => "tag",
        };
        return Err(Reason::ImportKind { import: name(), kind });
    };
    let found = if import.module == table.module { table.find(import.name) } else { None };
    let Some((_, signature)) = found else {
        return Err(Reason::ImportUnknown { import: name(), module: table.module });
    };
    let ty = usize::try_from(index).ok().and_then(|index| types.get(index));
    let same = ty.is_some_and(|ty| {
        ty.params().iter().copied().eq(signature.params.iter().map(value))
            && ty.results().iter().copied().eq(signature.result.iter().map(value))
    });
    if same {
        return Ok(());
    }
    let expected = text(signature.params.iter().map(value), signature.result.iter().map(value));
    let found =
        ty.map_or_else(String::new, |ty| text(ty.params().iter().copied(), ty.results().iter().copied()));
    Err(Reason::ImportType { import: name(), expected, found })
}

fn value(kind: &ValueKind) -> ValType {
    match kind {
        ValueKind::I32 => ValType::I32,
        ValueKind::I64 => ValType::I64,
    }
}

/// A function type in words, as in `(i32, i64) -> i32`.
pub(crate) fn text(params: impl Iterator<Item = ValType>, results: impl Iterator<Item = ValType>) -> String {
    let list = |types: &mut dyn Iterator<Item = ValType>| {
        types.take(64).map(|ty| ty.to_string()).collect::<Vec<_>>().join(", ")
    };
    let (params, results) = (list(&mut params.into_iter()), list(&mut results.into_iter()));
    format!("({params}) -> ({results})")
}
