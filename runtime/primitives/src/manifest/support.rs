//! What this host enforces. What is declared beyond is refused by name, never ignored.

use core::fmt;

use super::validate::Spot;
use super::{
    AssetRef, CellKind, ItemBinding, Manifest, ManifestError, Reenter, RoleKind, Section, Transition, Upgrade,
};

/// A feature of manifests that a host may not enforce yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of each is in `Feature::name`")]
pub enum Feature {
    Machines,
    Items,
    States,
    SetRoles,
    ItemRoles,
    UniqueAssets,
    AssetGuards,
    Escrow,
    Guards,
    Windows,
    ReenterOtherItems,
    Exits,
    Invariants,
    Upgrade,
}

impl Feature {
    /// The feature in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Machines => "machines",
            Self::Items => "item bindings",
            Self::States => "states of transitions",
            Self::SetRoles => "set roles",
            Self::ItemRoles => "item-bound roles",
            Self::UniqueAssets => "unique assets",
            Self::AssetGuards => "escrow conditions of assets",
            Self::Escrow => "escrow",
            Self::Guards => "guards",
            Self::Windows => "time windows",
            Self::ReenterOtherItems => "re-entry for other items",
            Self::Exits => "exits",
            Self::Invariants => "invariants",
            Self::Upgrade => "upgrades",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Manifest {
    /// Checks that everything declared is enforced by this host.
    ///
    /// # Errors
    /// [`ManifestError::SectionNotSupported`] for the first feature that is not.
    pub fn check_supported(&self) -> Result<(), ManifestError> {
        match self.first_unsupported() {
            None => Ok(()),
            Some((section, at)) => Err(ManifestError::SectionNotSupported { section, at: at.place() }),
        }
    }

    fn first_unsupported(&self) -> Option<(Feature, Spot<'_>)> {
        let roles = self.roles.iter().enumerate().filter_map(|(index, role)| {
            let feature = match role.kind {
                RoleKind::Account { .. } => return None,
                RoleKind::Set { .. } => Feature::SetRoles,
                RoleKind::Item { .. } => Feature::ItemRoles,
            };
            Some((feature, Spot::new(Section::Roles, index, &role.name)))
        });
        let cells = self.cells.iter().enumerate().filter_map(|(index, cell)| {
            Some((unsupported_cell(&cell.kind)?, Spot::new(Section::Cells, index, &cell.name)))
        });
        let machines = self.machines.iter().enumerate();
        let machines = machines
            .map(|(index, machine)| (Feature::Machines, Spot::new(Section::Machines, index, &machine.name)));
        let transitions = self.transitions.iter().enumerate().filter_map(|(index, transition)| {
            let (feature, part) = unsupported_transition(transition)?;
            Some((feature, Spot::new(Section::Transitions, index, &transition.method).part(part)))
        });
        let exits = self.exits.iter().enumerate();
        let exits = exits.map(|(index, exit)| (Feature::Exits, Spot::new(Section::Exits, index, &exit.name)));
        let invariants = self.invariants.iter().enumerate();
        let invariants = invariants.map(|(index, invariant)| {
            (Feature::Invariants, Spot::new(Section::Invariants, index, &invariant.name))
        });
        let upgrade =
            (self.upgrade != Upgrade::None).then_some((Feature::Upgrade, Spot::section(Section::Upgrade)));
        let mut found = roles
            .chain(cells)
            .chain(machines)
            .chain(transitions)
            .chain(exits)
            .chain(invariants)
            .chain(upgrade);
        found.next()
    }
}

fn unsupported_cell(kind: &CellKind) -> Option<Feature> {
    match kind {
        CellKind::Escrow(_) => Some(Feature::Escrow),
        CellKind::Map(map) => map.asset.as_ref().map(|_| Feature::UniqueAssets),
        CellKind::Value(_) => None,
        CellKind::Ledger(ledger) => {
            let asset = ledger.asset.as_ref()?;
            let guarded = asset.escrow_when.is_some() || asset.release_when.is_some();
            guarded.then_some(Feature::AssetGuards)
        }
    }
}

fn unsupported_transition(transition: &Transition) -> Option<(Feature, &'static str)> {
    if transition.item != ItemBinding::None {
        return Some((Feature::Items, "item"));
    }
    if !transition.from.is_empty() {
        return Some((Feature::States, "from"));
    }
    if !transition.to.is_empty() {
        return Some((Feature::States, "to"));
    }
    if transition.window.is_some() {
        return Some((Feature::Windows, "window"));
    }
    if transition.guard.is_some() {
        return Some((Feature::Guards, "guard"));
    }
    if !transition.escrows.is_empty() {
        return Some((Feature::Escrow, "escrows"));
    }
    if transition.sends.iter().any(|send| send.asset != AssetRef::Native) {
        return Some((Feature::Escrow, "sends"));
    }
    (transition.reenter == Reenter::OtherItems).then_some((Feature::ReenterOtherItems, "reenter"))
}
