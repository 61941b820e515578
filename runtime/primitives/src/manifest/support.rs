//! What this host enforces. What is declared beyond is refused by name, never ignored.

use core::fmt;

use super::validate::Spot;
use super::{Effect, Manifest, ManifestError, Section};

/// A feature of manifests that a host may not enforce yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of each is in `Feature::name`")]
pub enum Feature {
    ExitLedgers,
}

impl Feature {
    /// The feature in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
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
        let mut exits = self.exits.iter().enumerate().filter_map(|(index, exit)| {
            let ledgers = exit.effects.iter().position(changes_ledger)?;
            Some((
                Feature::ExitLedgers,
                Spot::new(Section::Exits, index, &exit.name).item("effects", ledgers),
            ))
        });
        exits.next()
    }
}

fn changes_ledger(effect: &Effect) -> bool {
    matches!(effect, Effect::LedgerAdd { .. } | Effect::LedgerSub { .. } | Effect::LedgerMove { .. })
}
