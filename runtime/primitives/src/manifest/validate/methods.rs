//! Transitions, views, exits, invariants and upgrade.

use super::super::expression_check::{Scope, expression_type};
use super::super::limits::{
    ARGS_SIZE_MAX, CEILING_EVENTS_MAX, CEILING_NEW_ENTRIES_MAX, CEILING_READS_MAX, CEILING_WRITES_MAX,
    ITEMS_MAX, RETURN_SIZE_MAX, UPGRADE_DELAY_MIN_BLOCKS,
};
use super::super::{
    AssetRef, CallRule, CallerRule, Ceilings, Cell, CellKind, Effect, Exit, Expression, ExpressionType,
    HOST_METHODS, ItemBinding, KeyTerm, ManifestError, Name, Ops, Quantity, RoleKind, Section, Touch,
    Touches, Transition, TransitionKind, Type, TypeKind, Upgrade, Window,
};
use super::state::{arity, unknown};
use super::{Checker, Spot, is_method};
use crate::Amount;

impl Checker<'_> {
    pub(super) fn transitions(&self) -> Result<(), ManifestError> {
        let transitions = &self.manifest.transitions;
        for (index, transition) in transitions.iter().enumerate() {
            let spot = Spot::new(Section::Transitions, index, &transition.method);
            check_method(spot, &transition.method, self.manifest.methods().take(index))?;
            spot.doc(&transition.doc)?;
            if transition.kind == TransitionKind::Constructor {
                let earlier =
                    transitions.iter().take(index).any(|before| before.kind == TransitionKind::Constructor);
                spot.require(!earlier, |at| ManifestError::SecondConstructor { at })?;
                let plain = transition.args.is_empty()
                    && transition.item == ItemBinding::None
                    && transition.from.is_empty()
                    && transition.to.is_empty()
                    && transition.caller == CallerRule::Any;
                spot.require(plain, |at| ManifestError::ConstructorShape { at })?;
            }
            self.transition(spot, transition)?;
        }
        Ok(())
    }

    fn transition(&self, spot: Spot<'_>, transition: &Transition) -> Result<(), ManifestError> {
        self.fields(spot, "args", &transition.args, Quantity::Args, ARGS_SIZE_MAX)?;
        if let Some(returns) = &transition.returns {
            let size = self.size(spot.part("returns"), returns)?.max_bytes;
            spot.part("returns").limit(Quantity::Returns, size, u64::from(RETURN_SIZE_MAX))?;
        }
        let before = Scope {
            args: &transition.args,
            item: None,
            caller: true,
            value: true,
            clock: true,
            approved: false,
        };
        let item = self.item(spot.part("item"), before, &transition.item)?;
        let scope = Scope { item, ..before };
        self.state_sets(spot, "from", item, &transition.from)?;
        self.state_sets(spot, "to", item, &transition.to)?;
        self.caller(spot.part("caller"), item, &transition.caller)?;
        self.window(spot, scope, transition.window.as_ref())?;
        if let Some(guard) = &transition.guard {
            let approved = transition.kind == TransitionKind::Call;
            let scope = Scope { approved, ..scope };
            self.expression(spot.part("guard"), scope, guard, ExpressionType::Bool)?;
        }
        if let Touches::Listed(touches) = &transition.touches {
            for (index, touch) in touches.iter().enumerate() {
                let spot = spot.item("touches", index);
                self.touch(spot, scope, touch)?;
                // A place is declared once, with all that may be done there.
                let mut before = touches.iter().take(index);
                let twice = before.any(|before| before.cell == touch.cell && before.key == touch.key);
                spot.conflict_unless(!twice)?;
            }
        }
        for (index, send) in transition.sends.iter().enumerate() {
            let spot = spot.item("sends", index);
            self.asset_ref(spot, scope, &send.asset)?;
            let twice = transition.sends.iter().take(index).any(|before| before.asset == send.asset);
            spot.conflict_unless(!twice && send.max > Amount::ZERO)?;
        }
        for (index, escrow) in transition.escrows.iter().enumerate() {
            let spot = spot.item("escrows", index);
            self.escrow(spot, item, escrow.cell)?;
            spot.unique_id(escrow.cell, transition.escrows.iter().take(index).map(|before| before.cell))?;
            spot.not_empty(usize::from(escrow.pays_in || escrow.pays_out))?;
        }
        self.calls(spot, "calls", scope, &transition.calls, HOST_METHODS)?;
        // Value of calls counts as sent: a rule that allows more than that could not be used.
        let native = transition.sends.iter().find(|send| send.asset == AssetRef::Native);
        let native = native.map_or(Amount::ZERO, |send| send.max);
        let dearer = transition.calls.iter().position(|call| call.value_max > native);
        spot.item("calls", dearer.unwrap_or(0)).conflict_unless(dearer.is_none())?;
        self.calls(spot, "notifies", scope, &transition.notifies, HOST_METHODS)?;
        ceilings(spot, &transition.ceilings)?;
        self.error_ids(spot, &transition.errors)?;
        for (index, id) in transition.emits.iter().enumerate() {
            let spot = spot.item("emits", index);
            spot.known(self.manifest.event(*id).is_some(), Section::Events, *id)?;
            spot.unique_id(*id, transition.emits.iter().take(index).copied())?;
        }
        Ok(())
    }

    /// Checks an item binding and returns the cell of the bound item.
    fn item(
        &self,
        spot: Spot<'_>,
        scope: Scope<'_>,
        item: &ItemBinding,
    ) -> Result<Option<&Cell>, ManifestError> {
        match item {
            ItemBinding::None => Ok(None),
            ItemBinding::Existing { cell, key } | ItemBinding::New { cell, key } => {
                let cell = self.map_cell(spot, *cell)?;
                self.key_terms(spot, scope, cell, key, false)?;
                Ok(Some(cell))
            }
            ItemBinding::Each { cell, arg, max } => {
                let cell = self.map_cell(spot, *cell)?;
                let [field] = cell.key() else { return Err(arity(spot, 1, cell.key().len())) };
                let argument = scope.args.get(usize::from(*arg));
                let list = argument.ok_or_else(|| ManifestError::OutOfScope { at: spot.place() })?.ty;
                let fits = match self.manifest.definition(&list).map(|definition| &definition.kind) {
                    Some(TypeKind::List { of, .. }) => *of == field.ty,
                    _ => false,
                };
                spot.require(fits, |at| ManifestError::TypeNotAllowed { at, found: list })?;
                spot.not_empty(usize::from(*max > 0))?;
                spot.limit(Quantity::Items, u64::from(*max), u64::from(ITEMS_MAX))?;
                Ok(Some(cell))
            }
        }
    }

    fn caller(&self, spot: Spot<'_>, item: Option<&Cell>, caller: &CallerRule) -> Result<(), ManifestError> {
        let CallerRule::Roles(roles) = caller else { return Ok(()) };
        spot.not_empty(roles.len())?;
        for (index, id) in roles.iter().enumerate() {
            let role = self.manifest.role(*id).ok_or_else(|| unknown(spot, Section::Roles, *id))?;
            let unbound =
                matches!(role.kind, RoleKind::Item { cell, .. } if item.map(|item| item.id) != Some(cell));
            spot.require(!unbound, |at| ManifestError::OutOfScope { at })?;
            spot.unique_id(*id, roles.iter().take(index).copied())?;
        }
        Ok(())
    }

    fn window(&self, spot: Spot<'_>, scope: Scope<'_>, window: Option<&Window>) -> Result<(), ManifestError> {
        let Some(window) = window else { return Ok(()) };
        let bounds = [("window.opens", &window.opens), ("window.closes", &window.closes)];
        spot.part("window").not_empty(bounds.iter().filter(|(_, bound)| bound.is_some()).count())?;
        for (part, bound) in bounds {
            if let Some(bound) = bound {
                self.expression(spot.part(part), scope, bound, ExpressionType::Uint)?;
            }
        }
        match window.exit {
            Some(id) => spot.part("window.exit").known(self.manifest.exit(id).is_some(), Section::Exits, id),
            None => Ok(()),
        }
    }

    fn touch(&self, spot: Spot<'_>, scope: Scope<'_>, touch: &Touch) -> Result<(), ManifestError> {
        let cell = self.manifest.cell(touch.cell).ok_or_else(|| unknown(spot, Section::Cells, touch.cell))?;
        let allowed = match &cell.kind {
            CellKind::Map(map) if map.asset.is_some() => Ops::UNIQUE,
            CellKind::Map(_) | CellKind::Value(_) => Ops::ENTRY,
            CellKind::Ledger(_) => Ops::LEDGER,
            CellKind::Escrow(_) => {
                return Err(ManifestError::CellKind { at: spot.place(), cell: touch.cell });
            }
        };
        spot.not_empty(usize::from(!touch.ops.is_empty()))?;
        spot.conflict_unless(allowed.contains(touch.ops))?;
        self.key_terms(spot, scope, cell, &touch.key, true)?;
        let changeable = cell.head().iter().enumerate().filter(|(_, field)| !field.write_once);
        let changeable = changeable.fold(0u16, |mask, (index, _)| mask | head_bit(index));
        spot.conflict_unless(touch.head & !changeable == 0)?;
        spot.conflict_unless(touch.head == 0 || touch.ops.contains(Ops::SET))
    }

    fn escrow(&self, spot: Spot<'_>, item: Option<&Cell>, id: u16) -> Result<bool, ManifestError> {
        let cell = self.manifest.cell(id).ok_or_else(|| unknown(spot, Section::Cells, id))?;
        let CellKind::Escrow(escrow) = &cell.kind else {
            return Err(ManifestError::CellKind { at: spot.place(), cell: id });
        };
        let bound = escrow.item.is_none() || escrow.item == item.map(|item| item.id);
        spot.require(bound, |at| ManifestError::OutOfScope { at })?;
        Ok(escrow.unique)
    }

    fn calls(
        &self,
        spot: Spot<'_>,
        part: &'static str,
        scope: Scope<'_>,
        calls: &[CallRule],
        host_methods: &[&str],
    ) -> Result<(), ManifestError> {
        for (index, call) in calls.iter().enumerate() {
            let spot = spot.item(part, index);
            if call.contract != KeyTerm::Any {
                self.term(spot, scope, &call.contract, &Type::Account)?;
            }
            let named = call
                .method
                .as_ref()
                .is_none_or(|method| is_method(method) || host_methods.contains(&&**method));
            spot.require(named, |at| ManifestError::Name { at })?;
            spot.not_empty(usize::from(call.count_max))?;
        }
        Ok(())
    }

    fn error_ids(&self, spot: Spot<'_>, errors: &[u16]) -> Result<(), ManifestError> {
        for (index, id) in errors.iter().enumerate() {
            let spot = spot.item("errors", index);
            spot.known(self.manifest.error(*id).is_some(), Section::Errors, *id)?;
            spot.unique_id(*id, errors.iter().take(index).copied())?;
        }
        Ok(())
    }

    pub(super) fn views(&self) -> Result<(), ManifestError> {
        let transitions = self.manifest.transitions.len();
        for (index, view) in self.manifest.views.iter().enumerate() {
            let spot = Spot::new(Section::Views, index, &view.method);
            check_method(
                spot,
                &view.method,
                self.manifest.methods().take(transitions.saturating_add(index)),
            )?;
            spot.doc(&view.doc)?;
            self.fields(spot, "args", &view.args, Quantity::Args, ARGS_SIZE_MAX)?;
            let size = self.size(spot.part("returns"), &view.returns)?.max_bytes;
            spot.part("returns").limit(Quantity::Returns, size, u64::from(RETURN_SIZE_MAX))?;
            for (position, id) in view.reads.iter().enumerate() {
                let spot = spot.item("reads", position);
                spot.known(self.manifest.cell(*id).is_some(), Section::Cells, *id)?;
                spot.unique_id(*id, view.reads.iter().take(position).copied())?;
            }
            let scope = Scope { args: &view.args, ..Scope::OWN_STATE };
            // A view calls views, and no method of the host is one.
            self.calls(spot, "calls", scope, &view.calls, &[])?;
            let paid = view.calls.iter().position(|call| call.value_max > Amount::ZERO);
            spot.item("calls", paid.unwrap_or(0)).conflict_unless(paid.is_none())?;
            self.error_ids(spot, &view.errors)?;
            spot.gas(view.gas)?;
            spot.part("reads_max").limit(
                Quantity::Reads,
                u64::from(view.reads_max),
                u64::from(CEILING_READS_MAX),
            )?;
        }
        Ok(())
    }

    pub(super) fn exits(&self) -> Result<(), ManifestError> {
        let exits = &self.manifest.exits;
        for (index, exit) in exits.iter().enumerate() {
            let spot = Spot::new(Section::Exits, index, &exit.name);
            spot.unique_name(&exit.name, exits.iter().take(index).map(|before| &before.name))?;
            spot.unique_id(exit.id, exits.iter().take(index).map(|before| before.id))?;
            spot.doc(&exit.doc)?;
            self.exit(spot, exit)?;
        }
        Ok(())
    }

    fn exit(&self, spot: Spot<'_>, exit: &Exit) -> Result<(), ManifestError> {
        let item = exit.item.map(|id| self.map_cell(spot.part("item"), id)).transpose()?;
        let scope = Scope { args: &[], item, caller: true, value: false, clock: true, approved: false };
        self.state_sets(spot, "from", item, &exit.from)?;
        self.window(spot, scope, exit.window.as_ref())?;
        if let Some(guard) = &exit.guard {
            self.expression(spot.part("guard"), scope, guard, ExpressionType::Bool)?;
        }
        for (index, effect) in exit.effects.iter().enumerate() {
            self.effect(spot.item("effects", index), scope, effect)?;
        }
        if let Some(target) = exit.to {
            let spot = spot.part("to");
            let machine = self.manifest.machine(target.machine);
            let machine = machine.ok_or_else(|| unknown(spot, Section::Machines, target.machine))?;
            let bound = machine.cell.is_none() || machine.cell == exit.item;
            spot.require(bound, |at| ManifestError::OutOfScope { at })?;
            let declared = machine.states.iter().any(|state| state.id == target.state);
            spot.known(declared, Section::Machines, u16::from(target.state))?;
        }
        let Some(announced) = &exit.event else { return Ok(()) };
        let spot = spot.part("event");
        let event = self.manifest.event(announced.event);
        let event = event.ok_or_else(|| unknown(spot, Section::Events, announced.event))?;
        if event.fields.len() != announced.fields.len() {
            return Err(arity(spot, event.fields.len(), announced.fields.len()));
        }
        for (field, value) in event.fields.iter().zip(&announced.fields) {
            self.field_value(spot, scope, &field.ty, value)?;
        }
        Ok(())
    }

    fn field_value(
        &self,
        spot: Spot<'_>,
        scope: Scope<'_>,
        ty: &Type,
        value: &Expression,
    ) -> Result<(), ManifestError> {
        match expression_type(ty) {
            Some(result) => self.expression(spot, scope, value, result),
            None => Err(ManifestError::TypeNotAllowed { at: spot.place(), found: *ty }),
        }
    }

    fn effect(&self, spot: Spot<'_>, scope: Scope<'_>, effect: &Effect) -> Result<(), ManifestError> {
        let amount = |amount: &Expression| self.expression(spot, scope, amount, ExpressionType::Uint);
        let account = |term: &KeyTerm| self.term(spot, scope, term, &Type::Account);
        let no_item = || ManifestError::OutOfScope { at: spot.place() };
        match effect {
            Effect::Release { escrow, amount: part, to, remainder } => {
                let unique = self.escrow(spot, scope.item, *escrow)?;
                spot.conflict_unless(part.is_none() || !unique)?;
                spot.conflict_unless(part.is_some() || remainder.is_none())?;
                part.as_ref().map_or(Ok(()), amount)?;
                account(to)?;
                remainder.as_ref().map_or(Ok(()), account)
            }
            Effect::SetHead { field, value } => {
                let head = scope.item.ok_or_else(no_item)?.head();
                let field = head.get(usize::from(*field)).ok_or_else(no_item)?;
                spot.conflict_unless(!field.write_once)?;
                self.field_value(spot, scope, &field.ty, value)
            }
            Effect::DeleteItem => scope.item.map(|_| ()).ok_or_else(no_item),
            Effect::LedgerAdd { cell, key, amount: value }
            | Effect::LedgerSub { cell, key, amount: value } => {
                self.key_terms(spot, scope, self.ledger_cell(spot, *cell)?, key, false)?;
                amount(value)
            }
            Effect::LedgerMove { cell, from, to, amount: value } => {
                let ledger = self.ledger_cell(spot, *cell)?;
                self.key_terms(spot, scope, ledger, from, false)?;
                self.key_terms(spot, scope, ledger, to, false)?;
                amount(value)
            }
            Effect::Pay { to, amount: value } => {
                account(to)?;
                amount(value)
            }
        }
    }

    fn ledger_cell(&self, spot: Spot<'_>, id: u16) -> Result<&Cell, ManifestError> {
        let cell = self.manifest.cell(id).ok_or_else(|| unknown(spot, Section::Cells, id))?;
        let ledger = matches!(cell.kind, CellKind::Ledger(_));
        spot.require(ledger, |at| ManifestError::CellKind { at, cell: id })?;
        Ok(cell)
    }

    pub(super) fn invariants(&self) -> Result<(), ManifestError> {
        let invariants = &self.manifest.invariants;
        for (index, invariant) in invariants.iter().enumerate() {
            let spot = Spot::new(Section::Invariants, index, &invariant.name);
            spot.unique_name(&invariant.name, invariants.iter().take(index).map(|before| &before.name))?;
            spot.unique_id(invariant.id, invariants.iter().take(index).map(|before| before.id))?;
            spot.doc(&invariant.doc)?;
            self.expression(spot.part("rule"), Scope::OWN_STATE, &invariant.rule, ExpressionType::Bool)?;
        }
        Ok(())
    }

    pub(super) fn upgrade(&self) -> Result<(), ManifestError> {
        let Upgrade::Gated { role, delay_blocks, veto } = self.manifest.upgrade else { return Ok(()) };
        let spot = Spot::section(Section::Upgrade);
        self.standing_role(spot.part("role"), role)?;
        veto.map_or(Ok(()), |veto| self.standing_role(spot.part("veto"), veto))?;
        spot.part("delay_blocks").not_empty(usize::from(delay_blocks >= UPGRADE_DELAY_MIN_BLOCKS))
    }
}

fn check_method<'n>(
    spot: Spot<'_>,
    method: &Name,
    before: impl Iterator<Item = &'n Name>,
) -> Result<(), ManifestError> {
    spot.require(is_method(method), |at| ManifestError::Name { at })?;
    // The module's memory is exported under this name.
    spot.require(&**method != "memory", |at| ManifestError::ReservedName { at })?;
    spot.unique_name(method, before)
}

fn ceilings(spot: Spot<'_>, ceilings: &Ceilings) -> Result<(), ManifestError> {
    spot.gas(ceilings.gas)?;
    let counts = [
        ("reads", Quantity::Reads, ceilings.reads, CEILING_READS_MAX),
        ("writes", Quantity::Writes, ceilings.writes, CEILING_WRITES_MAX),
        ("new_entries", Quantity::NewEntries, ceilings.new_entries, CEILING_NEW_ENTRIES_MAX),
        ("events", Quantity::Events, ceilings.events, CEILING_EVENTS_MAX),
    ];
    counts.into_iter().try_for_each(|(part, quantity, found, limit)| {
        spot.part(part).limit(quantity, u64::from(found), u64::from(limit))
    })
}

/// Bit of head field `index` in a touch's mask.
fn head_bit(index: usize) -> u16 {
    u32::try_from(index).ok().and_then(|index| 1u16.checked_shl(index)).unwrap_or(0)
}
