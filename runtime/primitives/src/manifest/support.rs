//! What this host enforces. What is declared beyond is refused by name, never ignored.

use core::fmt;

use super::validate::Spot;
use super::{AssetRef, CellKind, Effect, ItemField, Manifest, ManifestError, RoleKind, Section, Transition};

/// A feature of manifests that a host may not enforce yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of each is in `Feature::name`")]
pub enum Feature {
    OwnerRoles,
    UniqueAssets,
    AssetGuards,
    Escrow,
    ExitLedgers,
}

impl Feature {
    /// The feature in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OwnerRoles => "roles of owners",
            Self::UniqueAssets => "unique assets",
            Self::AssetGuards => "escrow conditions of assets",
            Self::Escrow => "escrow of other assets than the chain's coin",
            Self::ExitLedgers => "exits that change ledgers",
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
                RoleKind::Account { .. }
                | RoleKind::Set { .. }
                | RoleKind::Item { field: ItemField::Head(_), .. } => return None,
                RoleKind::Item { field: ItemField::Owner, .. } => Feature::OwnerRoles,
            };
            Some((feature, Spot::new(Section::Roles, index, &role.name)))
        });
        let cells = self.cells.iter().enumerate().filter_map(|(index, cell)| {
            Some((unsupported_cell(&cell.kind)?, Spot::new(Section::Cells, index, &cell.name)))
        });
        let transitions = self.transitions.iter().enumerate().filter_map(|(index, transition)| {
            let (feature, part) = unsupported_transition(transition)?;
            Some((feature, Spot::new(Section::Transitions, index, &transition.method).part(part)))
        });
        let exits = self.exits.iter().enumerate().filter_map(|(index, exit)| {
            let ledgers = exit.effects.iter().position(changes_ledger)?;
            Some((
                Feature::ExitLedgers,
                Spot::new(Section::Exits, index, &exit.name).item("effects", ledgers),
            ))
        });
        let mut found = roles.chain(cells).chain(transitions).chain(exits);
        found.next()
    }
}

fn unsupported_cell(kind: &CellKind) -> Option<Feature> {
    match kind {
        CellKind::Escrow(escrow) => (escrow.asset != AssetRef::Native).then_some(Feature::Escrow),
        CellKind::Map(map) => map.asset.as_ref().map(|_| Feature::UniqueAssets),
        CellKind::Value(_) => None,
        CellKind::Ledger(ledger) => {
            let asset = ledger.asset.as_ref()?;
            let guarded = asset.escrow_when.is_some() || asset.release_when.is_some();
            guarded.then_some(Feature::AssetGuards)
        }
    }
}

fn changes_ledger(effect: &Effect) -> bool {
    matches!(effect, Effect::LedgerAdd { .. } | Effect::LedgerSub { .. } | Effect::LedgerMove { .. })
}

fn unsupported_transition(transition: &Transition) -> Option<(Feature, &'static str)> {
    let foreign = transition.sends.iter().any(|send| send.asset != AssetRef::Native);
    foreign.then_some((Feature::Escrow, "sends"))
}
