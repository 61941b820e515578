//! The audit: every property of one manifest.

use chainstack_analysis::{Reachability, diff};
use chainstack_primitives::manifest::Manifest;

use crate::explore::{SearchLimits, Space};
use crate::limits::PROPERTIES_MAX;
use crate::model::Model;
use crate::property::{self, Context, Prices, PropertyText, upgrade_claims};
use crate::report::{Claim, Evidence, Property, Report, Subject, Verdict};

/// What an audit is given beside the manifest.
#[derive(Clone, Default, Debug)]
pub struct Options<'a> {
    /// How far the search may go.
    pub limits: SearchLimits,
    /// What the chain asks and allows.
    pub prices: Prices,
    /// Properties to check besides.
    pub properties: &'a [PropertyText],
    /// The version that this one is to replace.
    pub previous: Option<&'a Manifest>,
    /// What the bytecode is known to reach; none: there is no code at hand.
    pub code: Option<&'a Reachability>,
}

/// Everything that can be said of `manifest`, which was validated.
///
/// What a limit of the search leaves open is a claim of verdict [`Verdict::Undecided`].
#[must_use]
pub fn audit(manifest: &Manifest, options: &Options<'_>) -> Report {
    let mut claims = property::abilities(manifest, options.code);
    let mut states = None;
    match searched(manifest, options.limits) {
        Ok((model, space)) => {
            states = Some(space.states().len());
            let context = Context { model: &model, space: &space };
            claims.extend(property::sizes(manifest, &options.prices, Some(&context)));
            claims.extend(property::searched(&context));
            let (asked, more) = options.properties.split_at(options.properties.len().min(PROPERTIES_MAX));
            claims.extend(asked.iter().map(|asked| property::stated(&context, asked)));
            let why = format!("more than {PROPERTIES_MAX} properties were given");
            claims.extend(more.iter().map(|asked| undecided(Property::P9, &asked.text, &asked.text, &why)));
        }
        Err(why) => {
            claims.extend(property::sizes(manifest, &options.prices, None));
            let searched = SEARCHED.iter();
            claims.extend(searched.map(|property| undecided(*property, "limit", property.title(), &why)));
            let asked = options.properties.iter();
            claims.extend(asked.map(|asked| undecided(Property::P9, &asked.text, &asked.text, &why)));
        }
    }
    if let Some(previous) = options.previous {
        let (upgrade, old) = (diff(previous, manifest), searched(previous, options.limits).ok());
        let context = old.as_ref().map(|(model, space)| Context { model, space });
        claims.extend(upgrade_claims(&upgrade, context.as_ref()));
    }
    claims.sort_by_key(|claim| claim.property);
    Report { contract: manifest.name.to_string(), manifest: manifest.hash(), states, claims }
}

fn searched(manifest: &Manifest, limits: SearchLimits) -> Result<(Model<'_>, Space), String> {
    let model = Model::new(manifest).map_err(|error| error.to_string())?;
    let space = Space::explore(&model, limits).map_err(|error| error.to_string())?;
    Ok((model, space))
}

/// Properties that rest on a search.
const SEARCHED: [Property; 7] =
    [Property::P1, Property::P2, Property::P3, Property::P4, Property::P5, Property::P7, Property::P8];

/// What was asked, and not answered.
fn undecided(property: Property, rule: &str, what: &str, why: &str) -> Claim {
    let stands = (Verdict::Undecided, Evidence::Assumed);
    Claim::new(property, rule, Subject::default(), stands, format!("Not decided ({what}): {why}."))
}
