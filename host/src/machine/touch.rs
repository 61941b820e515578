//! Whether an access stands in the declaration.

use chainstack_primitives::{
    AccountId, codes,
    manifest::{KeyTerm, Ops, Touch, Touches},
};
use chainstack_runtime::ports::Failure;

use super::{
    contract::{CellAccess, CellPlan, Contract, MethodPlan},
    frame::{Frame, Spans},
    item::Item,
};

/// The bytes that a term stands for in this frame, bound to `item`; none for `*`, and for head fields of an item that
/// does not exist yet.
pub(crate) fn resolve<'f>(
    frame: &'f Frame,
    origin: &'f AccountId,
    item: Option<&'f Item>,
    term: &'f KeyTerm,
) -> Option<&'f [u8]> {
    match term {
        KeyTerm::Arg(index) => frame.args.get(&frame.input, usize::from(*index)),
        KeyTerm::ArgField { arg, field } => frame.arg_field(*arg, *field),
        KeyTerm::Param(index) => {
            let (bytes, spans) = frame.params.as_ref()?;
            spans.get(bytes, usize::from(*index))
        }
        KeyTerm::Caller => Some(frame.caller.as_bytes()),
        KeyTerm::Origin => Some(origin.as_bytes()),
        KeyTerm::SelfAddress => Some(frame.address.as_bytes()),
        KeyTerm::Literal(bytes) => Some(bytes),
        KeyTerm::Item(index) => item?.key_field(*index),
        KeyTerm::Head(index) => {
            let cell = frame.contract.cells.get(frame.item_cell?)?;
            item?.first_field(cell, *index)
        }
        KeyTerm::Any => None,
    }
}

/// Whether `fits` holds for an item that the frame is bound to; for none, if it is bound to none.
pub(crate) fn for_an_item<'f>(frame: &'f Frame, mut fits: impl FnMut(Option<&'f Item>) -> bool) -> bool {
    if frame.items.is_empty() {
        return fits(None);
    }
    frame.items.iter().any(|item| fits(Some(item)))
}

/// Checks that the method may do `op` in the cell under `key`, the checked tuple of its key fields. The answer is
/// the set of head fields that it may change there.
///
/// # Errors
/// [`codes::UNDECLARED_TOUCH`].
pub(crate) fn check_touch(
    frame: &Frame,
    method: &MethodPlan,
    origin: &AccountId,
    (position, cell): (usize, &CellPlan),
    key: &[u8],
    op: Ops,
) -> Result<u16, Failure> {
    let contract = &*frame.contract;
    match method.access.get(position) {
        Some(CellAccess::Anything) => Ok(u16::MAX),
        Some(CellAccess::Reads) if op == Ops::READ => Ok(0),
        Some(CellAccess::Listed(listed)) => {
            let spans = key_spans(contract, cell, key);
            let mut found = None;
            for touch in listed_touches(contract, method, listed) {
                if touch.ops.contains(op) && matches(frame, origin, touch, key, spans.as_ref()) {
                    found = Some(found.unwrap_or(0) | touch.head);
                }
            }
            found.ok_or_else(|| refusal(contract, cell, key, op))
        }
        _ => Err(refusal(contract, cell, key, op)),
    }
}

/// Checks that the method may read the cell under every key, as a sum or count over it does.
///
/// # Errors
/// [`codes::UNDECLARED_TOUCH`].
pub(crate) fn check_everything(
    frame: &Frame,
    method: &MethodPlan,
    (position, cell): (usize, &CellPlan),
) -> Result<(), Failure> {
    let contract = &*frame.contract;
    let allowed = match method.access.get(position) {
        Some(CellAccess::Anything | CellAccess::Reads) => true,
        Some(CellAccess::Listed(listed)) => listed_touches(contract, method, listed)
            .any(|touch| touch.ops.contains(Ops::READ) && touch.key.iter().all(|term| *term == KeyTerm::Any)),
        Some(CellAccess::Nothing) | None => false,
    };
    if allowed {
        return Ok(());
    }
    let text = format!("read of cell {} under every key is not among the touches", contract.cell_name(cell));
    Err(Failure::new(codes::UNDECLARED_TOUCH, text))
}

fn listed_touches<'c>(
    contract: &'c Contract,
    method: &MethodPlan,
    listed: &'c [usize],
) -> impl Iterator<Item = &'c Touch> {
    let touches: &[Touch] = match contract.transition(method).map(|transition| &transition.touches) {
        Some(Touches::Listed(touches)) => touches,
        Some(Touches::Unknown) | None => &[],
    };
    listed.iter().filter_map(|index| touches.get(*index))
}

/// Where the fields of a key lie that has more than one.
fn key_spans(contract: &Contract, cell: &CellPlan, key: &[u8]) -> Option<Spans> {
    let declared = contract.manifest.cells.get(cell.index)?.key();
    if declared.len() < 2 {
        return None;
    }
    Spans::validate(&contract.manifest, declared.iter().map(|field| &field.ty), key).ok()
}

fn matches(frame: &Frame, origin: &AccountId, touch: &Touch, key: &[u8], spans: Option<&Spans>) -> bool {
    for_an_item(frame, |item| {
        let fits = |term: &KeyTerm, field: &[u8]| {
            *term == KeyTerm::Any || resolve(frame, origin, item, term) == Some(field)
        };
        match &*touch.key {
            [] => key.is_empty(),
            [term] => fits(term, key),
            terms => spans.is_some_and(|spans| {
                let mut terms = terms.iter().enumerate();
                terms.all(|(index, term)| spans.get(key, index).is_some_and(|field| fits(term, field)))
            }),
        }
    })
}

fn refusal(contract: &Contract, cell: &CellPlan, key: &[u8], op: Ops) -> Failure {
    let name = Ops::NAMES.iter().find(|(named, _)| *named == op).map_or("use", |(_, name)| name);
    let digits: String = key.iter().take(64).map(|byte| format!("{byte:02x}")).collect();
    let text =
        format!("{name} of cell {} under key 0x{digits} is not among the touches", contract.cell_name(cell));
    Failure::new(codes::UNDECLARED_TOUCH, text)
}
