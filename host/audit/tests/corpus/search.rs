//! The search: ways to states are runs of the model, and shortest.

use std::collections::BTreeMap;

use chainstack_audit::{Model, SearchLimits, Space};

use super::{BASES, edited};

#[test]
fn every_state_is_reached_by_a_shortest_run_of_the_model() {
    for base in BASES {
        let manifest = edited(base, &[]);
        let model = Model::new(&manifest).expect("small");
        let space = Space::explore(&model, SearchLimits::default()).expect("small");
        let mut lengths = BTreeMap::new();
        for (index, state) in space.states().iter().enumerate() {
            assert_eq!(space.find(state), Some(index));
            let path = space.path(index);
            let (_, first) = path.first().expect("the creation");
            assert!(model.initial().contains(&space.states()[*first]));
            for pair in path.windows(2) {
                let [(_, before), (step, after)] = pair else { unreachable!("pairs") };
                let next = (*step, space.states()[*after].clone());
                assert!(
                    model.successors(&space.states()[*before]).contains(&next),
                    "{}",
                    model.describe(state)
                );
            }
            lengths.insert(index, path.len());
        }
        // No step of the model leads to a state by a shorter way than the one that is shown.
        for (index, length) in &lengths {
            for (_, next) in space.steps(*index) {
                assert!(lengths[next] <= length + 1);
            }
        }
    }
}
