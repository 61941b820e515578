//! One activation of a method.

use std::{ops::Range, sync::Arc};

use chainstack_primitives::{
    AccountId, Amount, codes,
    manifest::{Manifest, Type, TypeKind, ValueError, validate_value},
};
use chainstack_runtime::{
    ports::{Failure, Fault},
    state::{Overlay, reserved},
};

use super::{aggregate::Pending, approval::Approvals, contract::Contract, contract::MethodPlan, item::Item};

/// Most values of one tuple: parameters of a contract.
const VALUES_MAX: usize = 32;

/// Where each value of a tuple lies in its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Spans {
    count: usize,
    /// Ends of the values; each starts where the one before ends.
    ends: [u16; VALUES_MAX],
}

impl Spans {
    pub(crate) const EMPTY: Self = Self { count: 0, ends: [0; VALUES_MAX] };

    /// Checks that `bytes` are exactly the canonical tuple of `types`, and notes where its values lie.
    pub(crate) fn validate<'t>(
        manifest: &Manifest,
        types: impl IntoIterator<Item = &'t Type>,
        bytes: &[u8],
    ) -> Result<Self, (usize, ValueError)> {
        let mut spans = Self::EMPTY;
        let mut end = 0_usize;
        let visited = manifest.visit_tuple(types, bytes, |index, value| {
            end = end.saturating_add(value.len()); // sizes of parts of one slice
            if let Some(slot) = spans.ends.get_mut(index) {
                *slot = u16::try_from(end).unwrap_or(u16::MAX);
                spans.count = index.saturating_add(1);
            }
        });
        match visited {
            Ok(()) => Ok(spans),
            Err(error) => Err((spans.count, error)),
        }
    }

    /// Where values lie whose bytes stand behind each other; each at most as long as arguments may be together.
    pub(crate) fn of_parts<'b>(parts: impl IntoIterator<Item = &'b [u8]>) -> Self {
        let mut spans = Self::EMPTY;
        let mut end = 0_usize;
        for (slot, part) in spans.ends.iter_mut().zip(parts) {
            end = end.saturating_add(part.len()); // sizes of parts of one request
            *slot = u16::try_from(end).unwrap_or(u16::MAX);
            spans.count = spans.count.saturating_add(1);
        }
        spans
    }

    /// The value with this index in `bytes`.
    pub(crate) fn get<'b>(&self, bytes: &'b [u8], index: usize) -> Option<&'b [u8]> {
        bytes.get(self.range(index)?)
    }

    fn range(&self, index: usize) -> Option<Range<usize>> {
        if index >= self.count {
            return None;
        }
        let start = match index.checked_sub(1) {
            Some(before) => usize::from(*self.ends.get(before)?),
            None => 0,
        };
        Some(start..usize::from(*self.ends.get(index)?))
    }
}

/// The parameters of the contract at `address`, as instantiation wrote them, and where each lies.
///
/// # Errors
/// A fault if state does not hold them so.
pub(crate) fn read_params(
    state: &mut Overlay<'_>,
    manifest: &Manifest,
    address: &AccountId,
) -> Result<(Vec<u8>, Spans), Fault> {
    let entry = state.entry(address, reserved::PARAMS, &[])?;
    let bytes = entry.map_or_else(Vec::new, |entry| entry.value.clone());
    let types = manifest.params.iter().map(|param| &param.ty);
    let spans = Spans::validate(manifest, types, &bytes)
        .map_err(|_| Fault::text("parameters in state are not those of the manifest"))?;
    Ok((bytes, spans))
}

/// Where the fields of struct arguments that the method's key terms name lie in `input`, in the order of
/// [`MethodPlan::named_fields`]. Done once in a frame, so that an access costs the same however long the arguments
/// are: each argument is walked once, and the call has paid for its length. Nothing is allocated if none is named.
pub(crate) fn locate_fields(
    contract: &Contract,
    method: &MethodPlan,
    input: &[u8],
    args: &Spans,
) -> Vec<Range<usize>> {
    let mut ranges = Vec::with_capacity(method.named_fields.len());
    for of_one in method.named_fields.chunk_by(|one, other| one.0 == other.0) {
        if append_fields(contract, method, input, args, of_one, &mut ranges).is_none() {
            // Validation has seen to it that they are there; what is not found is refused where it is used.
            break;
        }
    }
    ranges
}

/// Appends the ranges of fields of one argument.
fn append_fields(
    contract: &Contract,
    method: &MethodPlan,
    input: &[u8],
    args: &Spans,
    named: &[(u8, u8)],
    ranges: &mut Vec<Range<usize>>,
) -> Option<()> {
    let arg = usize::from(named.first()?.0);
    let declared = contract.args(method).get(arg)?;
    let TypeKind::Struct { fields } = &contract.manifest.definition(&declared.ty)?.kind else { return None };
    let Range { mut start, end } = args.range(arg)?;
    let mut named = named.iter().map(|(_, field)| usize::from(*field)).peekable();
    for (index, field) in fields.iter().enumerate() {
        let mut rest = input.get(start..end)?;
        validate_value(&contract.manifest, &field.ty, &mut rest).ok()?;
        let next = end.checked_sub(rest.len())?;
        if named.next_if_eq(&index).is_some() {
            ranges.push(start..next);
        }
        if named.peek().is_none() {
            return Some(());
        }
        start = next;
    }
    None
}

/// How much a frame used of its ceilings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Used {
    reads: u32,
    writes: u32,
    new_entries: u32,
    events: u32,
    sent: u128,
    /// Whether something has changed since the invariants were checked.
    pub(crate) changed: bool,
}

fn count(used: &mut u32, more: u32, limit: u32, code: u16, what: &str) -> Result<(), Failure> {
    match used.checked_add(more).filter(|total| *total <= limit) {
        Some(total) => {
            *used = total;
            Ok(())
        }
        None => {
            let text = format!("ceiling of {limit} {what}, {used} used already, {more} more asked");
            Err(Failure::new(code, text))
        }
    }
}

impl Used {
    /// Counts an entry read.
    pub(crate) fn read(&mut self, method: &MethodPlan) -> Result<(), Failure> {
        count(&mut self.reads, 1, method.reads_max, codes::CEILING_READS, "reads")
    }

    /// Counts entries written.
    pub(crate) fn write(&mut self, method: &MethodPlan, entries: u32) -> Result<(), Failure> {
        self.changed = true;
        count(&mut self.writes, entries, method.writes_max, codes::CEILING_WRITES, "writes")
    }

    /// Counts an entry created.
    pub(crate) fn create(&mut self, method: &MethodPlan) -> Result<(), Failure> {
        count(&mut self.new_entries, 1, method.new_entries_max, codes::CEILING_ENTRIES, "new entries")
    }

    /// Counts an event.
    pub(crate) fn event(&mut self, method: &MethodPlan) -> Result<(), Failure> {
        count(&mut self.events, 1, method.events_max, codes::CEILING_EVENTS, "events")
    }

    /// Counts native coins paid out.
    pub(crate) fn send(&mut self, method: &MethodPlan, amount: Amount) -> Result<(), Failure> {
        match self.sent.checked_add(amount.0).filter(|total| *total <= method.sends_max.0) {
            Some(total) => {
                self.sent = total;
                self.changed |= !amount.is_zero();
                Ok(())
            }
            None => {
                let (sent, limit) = (self.sent, method.sends_max);
                let text = format!(
                    "sends allow {limit} native in one call, {sent} sent already, {amount} more asked"
                );
                Err(Failure::new(codes::UNDECLARED_SEND, text))
            }
        }
    }
}

/// A call to be made after the frame's method ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Notice {
    pub(crate) contract: AccountId,
    pub(crate) method: Vec<u8>,
    pub(crate) args: Vec<u8>,
    pub(crate) expected: Vec<u8>,
}

/// One activation of a method of a contract.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) contract: Arc<Contract>,
    /// Position of the method in the contract.
    pub(crate) method: usize,
    pub(crate) address: AccountId,
    pub(crate) caller: AccountId,
    pub(crate) value: Amount,
    pub(crate) input: Vec<u8>,
    pub(crate) args: Spans,
    /// Fields of struct arguments, as [`locate_fields`] found them.
    pub(crate) fields: Vec<Range<usize>>,
    /// The contract's parameters, once something asked for them.
    pub(crate) params: Option<(Vec<u8>, Spans)>,
    /// Whether coins are away with a call, so that invariants may not hold.
    pub(crate) unsettled: bool,
    /// Whether the caller is who signed the transaction.
    pub(crate) signed: bool,
    /// Position of the cell whose items the call is bound to.
    pub(crate) item_cell: Option<usize>,
    /// Those items, ascending by key.
    pub(crate) items: Vec<Item>,
    /// Whether the call is to create its item.
    pub(crate) creates: bool,
    /// Machines that the guest has moved, and where to.
    pub(crate) chosen: Vec<(u16, u8)>,
    /// Approvals of the call, if its guard asks for them: used up as the method begins.
    pub(crate) approvals: Option<Box<Approvals>>,
    /// Whether nothing below may change state.
    pub(crate) read_only: bool,
    /// Whether the method has ended, so that the contract may be entered again: notices are running.
    pub(crate) unlocked: bool,
    pub(crate) used: Used,
    /// How often each rule of `calls`, then of `notifies`, was used.
    pub(crate) rules_used: Vec<u16>,
    pub(crate) output: Vec<u8>,
    pub(crate) result: Vec<u8>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) pending: Vec<Pending>,
    /// How much of each of the method's `sends` of assets has gone, by index.
    pub(crate) assets_sent: Vec<u128>,
}

impl Frame {
    /// A frame that has not used anything yet.
    pub(crate) fn new(
        contract: Arc<Contract>,
        method: usize,
        (address, caller): (AccountId, AccountId),
        value: Amount,
        input: Vec<u8>,
        args: Spans,
    ) -> Self {
        Self {
            contract,
            method,
            address,
            caller,
            value,
            input,
            args,
            fields: Vec::new(),
            params: None,
            unsettled: false,
            signed: false,
            item_cell: None,
            items: Vec::new(),
            creates: false,
            chosen: Vec::new(),
            approvals: None,
            read_only: false,
            unlocked: false,
            used: Used { changed: !value.is_zero(), ..Used::default() },
            rules_used: Vec::new(),
            output: Vec::new(),
            result: Vec::new(),
            notices: Vec::new(),
            pending: Vec::new(),
            assets_sent: Vec::new(),
        }
    }

    /// The field of an argument that is a struct, if a key term of the method names it.
    pub(crate) fn arg_field(&self, arg: u8, field: u8) -> Option<&[u8]> {
        let method = self.contract.method(self.method).ok()?;
        let position = method.named_fields.binary_search(&(arg, field)).ok()?;
        self.input.get(self.fields.get(position)?.clone())
    }

    /// Whether this frame is bound to items of the map that `other` is bound to, and to none that `other` is.
    pub(crate) fn is_elsewhere(&self, other: &Self) -> bool {
        let common = || self.items.iter().any(|item| other.items.iter().any(|theirs| theirs.key == item.key));
        self.item_cell.is_some() && self.item_cell == other.item_cell && !common()
    }

    /// Name of the method, for diagnostics.
    pub(crate) fn method_name(&self) -> String {
        self.contract.method(self.method).map_or_else(|_| String::new(), |method| method.name.to_string())
    }
}
