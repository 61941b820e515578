//! Value leaves escrow by exits, whoever is missing and whatever code does: the samples with coins, tokens and a deed in
//! escrow, in every state that holds some, without each role in turn; and what is not let in to begin with.
//!
//! Each run starts with all three in escrow between the samples. `without_exit` takes each exit out of its declaration
//! and shows that the same run fails then.

mod run;
mod scene;
mod way_in;

use std::collections::BTreeSet;

use chainstack_audit::{Options, Property, audit};
use chainstack_primitives::manifest::Manifest;

use self::{
    run::{Stuck, What, leave},
    scene::{SAMPLES, Scene, sample},
};
use crate::chain::{artifact, manifest_of};

/// In every state of the sample's item that holds value, nobody acts for `role` any more.
fn leaves_without(name: &str, role: &str) {
    let sample = sample(name);
    let states = Scene::new().states(sample);
    let holding: Vec<_> = states.into_values().filter(|scene| scene.holds(sample)).collect();
    assert_eq!(holding.len(), sample.receivers.len(), "states that hold something");
    for scene in holding {
        assert_eq!(leave(scene, sample, role), []);
    }
}

/// The declaration without one of its exits.
fn without(mut manifest: Manifest, exit: &str) -> Manifest {
    let gone = manifest.exits.iter().find(|found| *found.name == *exit).expect("an exit of the sample").id;
    let exits = manifest.exits.iter().filter(|exit| exit.id != gone).cloned();
    manifest.exits = exits.collect::<Vec<_>>().try_into().expect("fewer");
    // Methods that come too late have no way out to name any more.
    let methods = manifest.transitions.iter().cloned().map(|mut method| {
        if let Some(window) = &mut method.window {
            window.exit = window.exit.filter(|exit| *exit != gone);
        }
        method
    });
    manifest.transitions = methods.collect::<Vec<_>>().try_into().expect("as many");
    manifest
}

/// Without the exit the run of the others fails: what stays from which states of the item, and the audit says so of
/// value.
fn stays_without(name: &'static str, exit: &str, expected: &[(What, &str)]) {
    let sample = sample(name);
    let manifest = without(manifest_of(&artifact(name)), exit);
    let report = audit(&manifest, &Options::default());
    let trapped = report.violations().any(|claim| claim.property == Property::P3);
    assert_eq!(trapped, expected.iter().any(|(what, _)| *what == What::Value), "the audit");
    let states = Scene::with(Some((name, &manifest)), scene::OTHER).states(sample);
    let holding = states.into_values().filter(|scene| scene.holds(sample));
    let (role, _) = sample.roles[0];
    let stuck: BTreeSet<Stuck> = holding.flat_map(|scene| leave(scene, sample, role)).collect();
    let stays =
        |(what, state): &(What, &str)| Stuck { sample: name, state: (*state).to_owned(), what: *what };
    assert_eq!(stuck, expected.iter().map(stays).collect());
}

macro_rules! leaves {
    ($($test:ident: $sample:literal, $role:literal;)*) => {
        /// Samples and roles that have a test.
        const LEAVES: &[(&str, &str)] = &[$(($sample, $role),)*];

        $(
            #[test]
            fn $test() {
                leaves_without($sample, $role);
            }
        )*
    };
}

leaves! {
    escrow_without_its_buyer: "escrow", "buyer";
    escrow_without_its_seller: "escrow", "seller";
    auction_without_its_seller: "auction", "seller";
    custody_without_its_custodian: "custody", "custodian";
    custody_without_its_beneficiary: "custody", "beneficiary";
}

macro_rules! without_exit {
    ($($test:ident: $sample:literal, $exit:literal, [$($what:ident $state:literal),*];)*) => {
        /// Samples and exits that have a test.
        const WITHOUT_EXIT: &[(&str, &str)] = &[$(($sample, $exit),)*];

        mod without_exit {
            use super::{What, stays_without};

            $(
                #[test]
                fn $test() {
                    stays_without($sample, $exit, &[$((What::$what, $state)),*]);
                }
            )*
        }
    };
}

without_exit! {
    escrow_pay: "escrow", "pay", [Value "Released"];
    escrow_give_back: "escrow", "give_back", [Value "Declined"];
    escrow_expire: "escrow", "expire", [Value "Funded"];
    escrow_clear: "escrow", "clear", [Item "Funded", Item "Released", Item "Declined"];
    auction_give_back: "auction", "give_back", [Value "Open"];
    auction_call_off: "auction", "call_off", [Value "Cancelled"];
    auction_clear: "auction", "clear", [Item "Open", Item "Cancelled", Value "Sold"];
    custody_pay: "custody", "pay", [Value "Released"];
    custody_give_back: "custody", "give_back", [Value "Declined"];
    custody_expire: "custody", "expire", [Value "Held"];
    custody_clear: "custody", "clear", [Item "Held", Item "Released", Item "Declined"];
}

#[test]
fn every_role_and_exit_has_its_test_and_every_state_is_reached() {
    for each in &SAMPLES {
        let manifest = manifest_of(&artifact(each.name));
        let named = |tests: &[(&str, &str)]| -> BTreeSet<String> {
            let own = tests.iter().filter(|(sample, _)| *sample == each.name);
            own.map(|(_, name)| (*name).to_owned()).collect()
        };
        let roles = manifest.roles.iter().map(|role| role.name.to_string()).collect();
        assert_eq!(named(LEAVES), roles, "roles of {}", each.name);
        let exits = manifest.exits.iter().map(|exit| exit.name.to_string()).collect();
        assert_eq!(named(WITHOUT_EXIT), exits, "exits of {}", each.name);
        assert_eq!(Scene::new().overlooked(each), Vec::<String>::new(), "{}", each.name);
    }
}

/// Who has no account gets one from what is paid, and a balance of tokens from what the depositor has put aside.
#[test]
fn a_newcomer_is_paid() {
    for (name, missing) in [("escrow", "seller"), ("custody", "beneficiary")] {
        let sample = sample(name);
        let mut scene = Scene::with(None, "//Newcomer");
        assert!(!scene.chain.state().accounts().contains_key(&crate::chain::key("//Newcomer")));
        let (by, release) = scene.methods(sample).swap_remove(0);
        let _output = scene.chain.must(by, release);
        assert_eq!(scene.state(sample).as_deref(), Some("Released"));
        assert_eq!(leave(scene, sample, missing), []);
    }
}
