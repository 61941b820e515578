//! What methods and exits do to the model, worked out once from their declarations.

use chainstack_analysis::Sum;
use chainstack_analysis::{Assumptions, Interval, prove_exit, prove_total};
use chainstack_primitives::manifest::{
    CallerRule, Cell, CellKind, Effect, EscrowUse, Exit, Expression, ItemBinding, KeyTerm, Manifest, Node,
    Ops, StateSets, Touch, Touches, Transition, TransitionKind, Window,
};

use super::atom::{Atoms, Scope};
use super::clock::Bounds;
use super::condition::Condition;
use super::{Action, ModelError};
use crate::bits::Bits;
use crate::expression::join;

/// The item an action is bound to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Binding {
    /// One or several that exist, of the map with this index among the maps of the model.
    Existing(usize),
    /// One that the action creates.
    New(usize),
}

impl Binding {
    pub(crate) const fn map(self) -> usize {
        match self {
            Self::Existing(map) | Self::New(map) => map,
        }
    }
}

/// One side of a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    /// There is none.
    Open,
    /// A bound of the model.
    At(usize),
    /// What only the call knows.
    Unknown,
}

/// What one method or exit needs and does.
#[derive(Clone, Debug)]
pub(crate) struct Moves {
    pub(crate) action: Action,
    pub(crate) binding: Option<Binding>,
    /// Machines by index, and the states that each may be in.
    pub(crate) from: Vec<(usize, Vec<u8>)>,
    /// Machines by index, and the states that each may be led to.
    pub(crate) to: Vec<(usize, Vec<u8>)>,
    pub(crate) opens: Side,
    pub(crate) closes: Side,
    pub(crate) guard: Condition,
    /// The part, window or guard, that never lets it through, whatever the state.
    pub(crate) never: Option<&'static str>,
    /// Whether it is refused only by state, window and guard: true of exits whose effects cannot fail.
    pub(crate) sure: bool,
    /// Roles any of which must call; none: anybody.
    pub(crate) callers: Vec<u16>,
    /// Escrows that may fill, that may empty, that surely empty.
    pub(crate) fills: Bits,
    pub(crate) drains: Bits,
    pub(crate) clears: Bits,
    /// Whether the bound item is surely deleted, or may be.
    pub(crate) deletes: bool,
    pub(crate) may_delete: bool,
    /// Maps of which some other item may be deleted or created.
    pub(crate) deletes_in: Bits,
    pub(crate) creates_in: Bits,
    /// Bounds that may get new values; and those of whatever item it names, bound or not.
    pub(crate) disturbs: Bits,
    pub(crate) disturbs_any: Bits,
}

/// Builds the moves of a manifest's methods and exits.
pub(crate) struct Builder<'m, 'b> {
    pub(crate) manifest: &'m Manifest,
    pub(crate) maps: &'b [u16],
    pub(crate) escrows: &'b [u16],
    pub(crate) bounds: &'b mut Bounds,
    pub(crate) atoms: &'b mut Atoms,
}

impl<'m> Builder<'m, '_> {
    fn map(&self, cell: u16) -> Option<usize> {
        self.maps.iter().position(|map| *map == cell)
    }

    fn escrow(&self, cell: u16) -> Bits {
        self.escrows.iter().position(|escrow| *escrow == cell).map_or(Bits::EMPTY, Bits::one)
    }

    fn sets(&self, sets: &StateSets) -> Vec<(usize, Vec<u8>)> {
        let index = |id: u16| self.manifest.machines.iter().position(|machine| machine.id == id);
        sets.iter().filter_map(|set| Some((index(set.machine)?, set.states.to_vec()))).collect()
    }

    /// The sides of a window.
    fn window(&mut self, item: Option<&Cell>, window: Option<&Window>) -> Result<(Side, Side), ModelError> {
        let Some(window) = window else { return Ok((Side::Open, Side::Open)) };
        let item = item.map(|item| item.id);
        let mut side = |bound: Option<&[Node]>| match bound {
            None => Ok(Side::Open),
            Some(bound) => {
                let noted = self.bounds.note(self.manifest, window.clock, item, bound)?;
                Ok(noted.map_or(Side::Unknown, Side::At))
            }
        };
        Ok((side(window.opens.as_deref())?, side(window.closes.as_deref())?))
    }

    /// The moves of a method; bounds it disturbs are found when all are noted.
    pub(crate) fn method(&mut self, index: usize, method: &'m Transition) -> Result<Moves, ModelError> {
        let (cell, binding) = match &method.item {
            ItemBinding::None => (None, None),
            ItemBinding::Existing { cell, .. } | ItemBinding::Each { cell, .. } => {
                (self.manifest.cell(*cell), self.map(*cell).map(Binding::Existing))
            }
            ItemBinding::New { cell, .. } => (self.manifest.cell(*cell), self.map(*cell).map(Binding::New)),
        };
        let (opens, closes) = self.window(cell, method.window.as_ref())?;
        let scope = Scope { owner: &method.method, args: &method.args, item: cell };
        let guard = match &method.guard {
            Some(guard) => self.atoms.condition(self.manifest, self.bounds, scope, guard)?,
            None => Condition::Known(true),
        };
        let known = Assumptions::new(self.manifest, &method.args, cell).in_states(&method.from);
        let never = excluded(known, method.window.as_ref(), method.guard.as_ref());
        let callers = match &method.caller {
            CallerRule::Roles(roles) => roles.to_vec(),
            CallerRule::Any | CallerRule::Signer => Vec::new(),
        };
        let filled = method.escrows.iter().filter(|escrow| escrow.pays_in);
        let fills = filled.fold(Bits::EMPTY, |set, escrow| set.with(self.escrow(escrow.cell)));
        let (may_delete, deletes_in, creates_in) = self.entries(method, cell);
        Ok(Moves {
            action: Action::Method(index),
            binding,
            from: self.sets(&method.from),
            to: self.sets(&method.to),
            opens,
            closes,
            guard,
            never,
            sure: false,
            callers,
            fills,
            drains: self.drains(method),
            clears: Bits::EMPTY,
            deletes: false,
            may_delete,
            deletes_in,
            creates_in,
            disturbs: Bits::EMPTY,
            disturbs_any: Bits::EMPTY,
        })
    }

    /// The escrows that a method may pay out of: the host lets nothing out beyond the method's `sends`.
    fn drains(&self, method: &Transition) -> Bits {
        let sent = |escrow: &EscrowUse| {
            let cell = self.manifest.cell(escrow.cell).map(|cell| &cell.kind);
            let asset = match cell {
                Some(CellKind::Escrow(escrow)) => &escrow.asset,
                _ => return false,
            };
            method.sends.iter().any(|send| send.asset == *asset && send.max.0 > 0)
        };
        let used = method.escrows.iter().filter(|escrow| escrow.pays_out && sent(escrow));
        used.fold(Bits::EMPTY, |set, escrow| set.with(self.escrow(escrow.cell)))
    }

    /// Whether a method may delete its item; maps whose other items it may delete or create.
    fn entries(&self, method: &Transition, cell: Option<&Cell>) -> (bool, Bits, Bits) {
        // An item with a machine begins by a transition bound to a new one, and by nothing else.
        let begins =
            |map: &usize| self.maps.get(*map).is_none_or(|cell| self.manifest.machine_of(*cell).is_none());
        let Touches::Listed(touches) = &method.touches else {
            let all = 0..self.maps.len();
            return (true, all.clone().collect(), all.filter(begins).collect());
        };
        let own = |touch: &Touch| {
            cell.is_some_and(|cell| cell.id == touch.cell) && is_own(&method.item, &touch.key)
        };
        let may_delete = touches.iter().any(|touch| own(touch) && touch.ops.contains(Ops::DELETE));
        let others = |op: Ops| {
            let touched = touches.iter().filter(|touch| !own(touch) && touch.ops.contains(op));
            touched.filter_map(|touch| self.map(touch.cell)).collect::<Bits>()
        };
        (may_delete, others(Ops::DELETE), others(Ops::SET).iter().filter(begins).collect())
    }

    pub(crate) fn exit(&mut self, index: usize, exit: &'m Exit) -> Result<Moves, ModelError> {
        let cell = exit.item.and_then(|id| self.manifest.cell(id));
        let binding = exit.item.and_then(|id| self.map(id)).map(Binding::Existing);
        let (opens, closes) = self.window(cell, exit.window.as_ref())?;
        let scope = Scope { owner: &exit.name, args: &[], item: cell };
        let mut guard = match &exit.guard {
            Some(guard) => self.atoms.condition(self.manifest, self.bounds, scope, guard)?,
            None => Condition::Known(true),
        };
        let hinders: Vec<&[Node]> = released(exit).filter_map(|escrow| self.release_when(escrow)).collect();
        for hinder in hinders {
            let asset = Scope { owner: &exit.name, args: &[], item: None };
            guard = guard.and(self.atoms.condition(self.manifest, self.bounds, asset, hinder)?);
        }
        let (mut drains, mut clears) = (Bits::EMPTY, Bits::EMPTY);
        for effect in &exit.effects {
            if let Effect::Release { escrow, amount, remainder, .. } = effect {
                let all = match amount {
                    None => true,
                    Some(amount) => remainder.is_some() || self.at_least_held(*escrow, amount, cell),
                };
                drains = drains.with(self.escrow(*escrow));
                clears = if all { clears.with(self.escrow(*escrow)) } else { clears };
            }
        }
        let known = Assumptions::new(self.manifest, &[], cell).in_states(&exit.from);
        let never = excluded(known, exit.window.as_ref(), exit.guard.as_ref());
        let proven = prove_exit(self.manifest, exit).is_ok();
        let index_of = |id: u16| self.manifest.machines.iter().position(|machine| machine.id == id);
        let to = exit.to.and_then(|to| Some((index_of(to.machine)?, vec![to.state])));
        Ok(Moves {
            action: Action::Exit(index),
            binding,
            from: self.sets(&exit.from),
            to: to.into_iter().collect(),
            opens,
            closes,
            guard,
            never,
            sure: proven && exit.effects.iter().all(|effect| self.cannot_fail(effect, cell)),
            callers: Vec::new(),
            fills: Bits::EMPTY,
            drains,
            clears,
            deletes: exit.effects.iter().any(|effect| matches!(effect, Effect::DeleteItem)),
            may_delete: false,
            deletes_in: Bits::EMPTY,
            creates_in: Bits::EMPTY,
            disturbs: Bits::EMPTY,
            disturbs_any: Bits::EMPTY,
        })
    }

    /// The condition under which an own asset leaves an escrow.
    fn release_when(&self, escrow: u16) -> Option<&'m [Node]> {
        let CellKind::Escrow(escrow) = &self.manifest.cell(escrow)?.kind else { return None };
        let chainstack_primitives::manifest::AssetRef::Own(asset) = escrow.asset else { return None };
        self.manifest.cell(asset)?.asset()?.release_when.as_deref()
    }

    /// Whether `amount` is never less than what the escrow holds.
    fn at_least_held(&self, escrow: u16, amount: &[Node], item: Option<&Cell>) -> bool {
        self.never_below(amount, &[Node::Escrowed(escrow)], item)
    }

    fn never_below(&self, greater: &[Node], lesser: &[Node], item: Option<&Cell>) -> bool {
        let difference = join(&[greater, lesser], &[Node::Sub]);
        let known = Assumptions::new(self.manifest, &[], item);
        greater == lesser || difference.is_some_and(|difference| prove_total(&difference, &known).is_ok())
    }

    /// Whether the effect has what it takes whenever it is reached.
    fn cannot_fail(&self, effect: &Effect, item: Option<&Cell>) -> bool {
        let is_zero = |amount: &Expression| {
            let found = prove_total(amount, &Assumptions::new(self.manifest, &[], item));
            matches!(found, Ok(Interval::Uint(range)) if range.greatest() == 0)
        };
        match effect {
            Effect::Pay { amount, .. } => is_zero(amount) || self.never_below(&[Node::Balance], amount, item),
            // At most what is there, and at most what fits.
            Effect::LedgerAdd { .. }
            | Effect::LedgerSub { .. }
            | Effect::LedgerMove { .. }
            | Effect::Release { .. }
            | Effect::SetHead { .. }
            | Effect::DeleteItem => true,
        }
    }
}

/// What excludes a method or exit for ever: its window or its guard.
fn excluded<'a>(
    known: Assumptions<'a>,
    window: Option<&'a Window>,
    guard: Option<&'a Expression>,
) -> Option<&'static str> {
    let open = match window {
        Some(window) if is_empty(&known, window) => return Some("window"),
        Some(window) => match known.within(window) {
            Ok(open) => open,
            Err(_) => return Some("window"),
        },
        None => known,
    };
    guard.filter(|guard| open.given(guard).is_err()).map(|_| "guard")
}

/// Whether the window closes, provably, no later than it opens.
fn is_empty(known: &Assumptions<'_>, window: &Window) -> bool {
    let (Some(opens), Some(closes)) = (&window.opens, &window.closes) else { return false };
    let difference = join(&[opens, closes], &[Node::Sub]);
    let (opens, closes) = (Sum::of(opens), Sum::of(closes));
    (opens.terms == closes.terms && closes.number <= opens.number)
        || difference.is_some_and(|difference| prove_total(&difference, known).is_ok())
}

/// Methods of a manifest that are called, with their indexes.
pub(crate) fn called(manifest: &Manifest) -> impl Iterator<Item = (usize, &Transition)> {
    let methods = manifest.transitions.iter().enumerate();
    methods.filter(|(_, method)| method.kind == TransitionKind::Call)
}

pub(crate) fn constructor(manifest: &Manifest) -> Option<(usize, &Transition)> {
    let mut methods = manifest.transitions.iter().enumerate();
    methods.find(|(_, method)| method.kind == TransitionKind::Constructor)
}

fn released(exit: &Exit) -> impl Iterator<Item = u16> {
    exit.effects.iter().filter_map(|effect| match effect {
        Effect::Release { escrow, .. } => Some(*escrow),
        _ => None,
    })
}

/// Whether a touch with this key is of the bound item itself.
pub(crate) fn is_own(binding: &ItemBinding, key: &[KeyTerm]) -> bool {
    let by_fields = key
        .iter()
        .enumerate()
        .all(|(index, term)| matches!(term, KeyTerm::Item(field) if usize::from(*field) == index));
    match binding {
        ItemBinding::None => false,
        ItemBinding::Existing { key: bound, .. } | ItemBinding::New { key: bound, .. } => {
            by_fields || **bound == *key
        }
        ItemBinding::Each { .. } => by_fields,
    }
}
