//! Manifests that the house holds already: the paradigms, and one that uses every section.

use chainstack_audit::{Property, SearchLimits, to_json, to_text};
use chainstack_primitives::manifest::Manifest;

use super::{PRICES, check_good, edited, report};

const ERC20: &str = include_str!("../../../../contracts/erc20/manifest.toml");
const WORLD: &str = include_str!("../../../analysis/golden/world.toml");
const EVERYTHING: &str = include_str!("../../../../runtime/primitives/golden/manifest_everything.hex");

#[test]
fn the_token_paradigm_has_no_fault() {
    let found = report(&edited(ERC20, &[]), &[], None);
    check_good("erc20", &found);
    let text = to_text(&found);
    assert!(
        text.contains(
            "Method `transfer_from` may take from balances in `balances` that are not the caller's"
        ),
        "{text}"
    );
}

#[test]
fn whatever_is_valid_is_answered() {
    // The first line is the hash.
    let (_, digits) = EVERYTHING.split_once('\n').expect("two parts");
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte =
        |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).expect("digits"), 16).expect("a byte");
    let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
    let everything = Manifest::decode_checked(&bytes).expect("the golden manifest");
    for manifest in [everything, edited(WORLD, &[])] {
        let options = chainstack_audit::Options {
            limits: SearchLimits { states: 2_000, steps: 20_000 },
            prices: PRICES,
            ..chainstack_audit::Options::default()
        };
        let found = chainstack_audit::audit(&manifest, &options);
        let answered = |property: Property| found.claims.iter().any(|claim| claim.property == property);
        let asked = Property::ALL.iter().filter(|property| !matches!(property, Property::P9 | Property::P10));
        for property in asked {
            assert!(answered(*property), "{}: {}", property.id(), to_text(&found));
        }
        assert!(to_json(&found)["claims"].is_array());
    }
}
