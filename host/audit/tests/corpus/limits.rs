//! Each limit of the audit, at it and one past it.

use core::fmt::Write;

use chainstack_audit::{
    Model, ModelError, Options, Property, PropertyError, PropertyText, SearchLimits, Space, audit, limits,
    to_text,
};

use super::{CUSTODY, ESCROW, TOKEN, edited, report, violated};

fn with(base: &str, more: &str) -> String {
    base.replace("[upgrade]", &format!("{more}\n[upgrade]"))
}

#[test]
fn moments_up_to_the_limit_are_told_apart() {
    let moments = |count: usize| {
        let mut more = String::new();
        for index in 0..count {
            let opens = 1_000 + index;
            let _ = writeln!(
                more,
                "[transitions.at_{index}]\nwindow = {{ clock = \"height\", opens = \"{opens}\" }}\nceilings = {{ gas = 100 }}\n"
            );
        }
        edited(&with(TOKEN, &more), &[])
    };
    let found = report(&moments(limits::BOUNDS_MAX), &[], None);
    assert_eq!((found.undecided().count(), found.violations().count()), (0, 0), "{}", to_text(&found));
    let past = moments(limits::BOUNDS_MAX + 1);
    assert_eq!(Model::new(&past).err(), Some(ModelError::TooManyBounds { limit: limits::BOUNDS_MAX }));
    let found = report(&past, &[], None);
    assert_eq!(found.undecided().count(), 7, "{}", to_text(&found));
}

#[test]
fn outcomes_of_one_step_are_bounded() {
    let fields = |count: usize| {
        let (mut head, mut names, mut more) = (Vec::new(), Vec::new(), String::new());
        for index in 0..count {
            head.push(format!("f{index} = {{ type = \"u64\", write_once = false }}"));
            names.push(format!("\"f{index}\""));
            let _ = writeln!(
                more,
                "[transitions.at_{index}]\nwindow = {{ clock = \"height\", opens = \"cell.times.f{index}\" }}\nceilings = {{ gas = 100 }}\n"
            );
        }
        let _ =
            writeln!(more, "[cells.times]\nid = 77\nkind = \"value\"\nhead = {{ {} }}\n", head.join(", "));
        let _ = writeln!(
            more,
            "[transitions.set_all]\ntouches = [{{ cell = \"times\", key = [], ops = [\"set\"], head = [{}] }}]\nceilings = {{ gas = 100, writes = 1 }}\n",
            names.join(", ")
        );
        edited(&with(TOKEN, &more), &[])
    };
    // Each of the bounds may have passed or not: two to the power of their count.
    let most = usize::try_from(limits::OUTCOMES_MAX.ilog2()).expect("small");
    assert_eq!(limits::OUTCOMES_MAX, 1 << most);
    assert!(Model::new(&fields(most)).is_ok());
    let past = Model::new(&fields(most + 1)).err();
    assert_eq!(past, Some(ModelError::TooManyOutcomes { limit: limits::OUTCOMES_MAX }));
}

#[test]
fn cases_are_told_apart_up_to_the_limit() {
    let flags = |count: usize| {
        let head: Vec<String> = (0..count).map(|index| format!("f{index} = \"bool\"")).collect();
        let all: Vec<String> = (0..count).map(|index| format!("item.f{index}")).collect();
        let text = CUSTODY
            .replace("until = \"u64\", label", &format!("until = \"u64\", {}, label", head.join(", ")))
            .replace(
                "window = { clock = \"height\", opens = \"item.until\" }",
                &format!("window = {{ clock = \"height\", opens = \"item.until\" }}\nguard = \"{}\"", all.join(" && ")),
            )
            .replace("[upgrade]", &format!("[exits.else]\nid = 3\nitem = \"vaults\"\nfrom = {{ vault = [\"Held\"] }}\nwindow = {{ clock = \"height\", opens = \"item.until\" }}\nguard = \"!({})\"\neffects = [{{ release = \"coins\", to = \"item.heir\" }}]\nto = {{ vault = \"Closed\" }}\n\n[upgrade]", all.join(" && ")));
        edited(&text, &[])
    };
    let at = report(&flags(limits::CASES_SPLIT_MAX), &[], None);
    assert_eq!(at.violations().count(), 0, "{}", to_text(&at));
    // Past it nothing is proven, and value counts as trapped.
    let past = report(&flags(limits::CASES_SPLIT_MAX + 1), &[], None);
    assert_eq!(violated(&past).into_iter().collect::<Vec<_>>(), [Property::P3], "{}", to_text(&past));
}

#[test]
fn states_and_steps_are_counted() {
    let manifest = edited(ESCROW, &[]);
    let model = Model::new(&manifest).expect("small");
    let explore = |states: usize, steps: usize| Space::explore(&model, SearchLimits { states, steps });
    let whole = Space::explore(&model, SearchLimits::default()).expect("small");
    let states = whole.states().len();
    let steps: usize = whole.states().iter().map(|state| model.successors(state).len()).sum();
    assert!(explore(states, steps).is_ok());
    assert_eq!(explore(states - 1, steps).expect_err("too many").what, "states");
    assert_eq!(explore(states, steps - 1).expect_err("too many").what, "steps");
    let default = SearchLimits::default();
    assert_eq!((default.states, default.steps), (limits::STATES_EXPLORED_MAX, limits::STEPS_EXPLORED_MAX));
}

#[test]
fn texts_of_properties_are_bounded() {
    let manifest = edited(ESCROW, &[]);
    let sized = |size: usize| format!("never {}deal.Open", " ".repeat(size - "never deal.Open".len()));
    assert!(PropertyText::parse(&manifest, &sized(limits::PROPERTY_SIZE_MAX)).is_ok());
    let past = PropertyText::parse(&manifest, &sized(limits::PROPERTY_SIZE_MAX + 1)).expect_err("too long");
    assert!(matches!(past, PropertyError::TooLong { .. }));
    // The leaf is a level of its own.
    let nested = |depth: usize| format!("never {}deal.Open", "!".repeat(depth - 1));
    assert!(PropertyText::parse(&manifest, &nested(limits::PROPERTY_DEPTH_MAX)).is_ok());
    let past = PropertyText::parse(&manifest, &nested(limits::PROPERTY_DEPTH_MAX + 1)).expect_err("too deep");
    assert_eq!(past, PropertyError::TooDeep { limit: limits::PROPERTY_DEPTH_MAX });
}

#[test]
fn properties_past_the_limit_are_not_decided() {
    let manifest = edited(TOKEN, &[]);
    let property = PropertyText::parse(&manifest, "main.Paused only after pause").expect("a property");
    let asked = vec![property; limits::PROPERTIES_MAX + 1];
    let undecided = |count: usize| {
        let options = Options { properties: &asked[..count], ..Options::default() };
        audit(&manifest, &options).undecided().count()
    };
    assert_eq!(undecided(limits::PROPERTIES_MAX), 0);
    assert_eq!(undecided(limits::PROPERTIES_MAX + 1), 1);
}

/// Machines that turn in circles, and an escrow that one exit empties: 2 · 28 · 28 · 11 states.
#[test]
fn tens_of_thousands_of_states_are_searched() {
    let mut text =
        "[contract]\nname = \"wheels\"\n\n[cells.pool]\nid = 1\nkind = \"escrow\"\nasset = \"native\"\n\n"
            .to_owned();
    for (machine, size) in [28u32, 28, 11].into_iter().enumerate() {
        let states: Vec<String> = (0..size).map(|state| format!("S{state} = {state}")).collect();
        let _ = writeln!(
            text,
            "[machines.m{machine}]\nid = {machine}\nstates = {{ {} }}\ninitial = \"S0\"\n",
            states.join(", ")
        );
        for state in 0..size {
            let next = (state + 1) % size;
            let _ = writeln!(
                text,
                "[transitions.m{machine}_{state}]\nfrom = {{ m{machine} = [\"S{state}\"] }}\nto = {{ m{machine} = [\"S{next}\"] }}\nceilings = {{ gas = 1 }}\n"
            );
        }
    }
    text.push_str("[transitions.fill]\nvalue_max = \"any\"\nescrows = [{ cell = \"pool\", pays_in = true }]\nceilings = { gas = 1, writes = 1, new_entries = 1 }\n\n");
    text.push_str("[exits.empty]\nid = 1\neffects = [{ release = \"pool\", to = \"self\" }]\n");
    let found = report(&edited(&text, &[]), &[], None);
    assert_eq!(found.states, Some(2 * 28 * 28 * 11));
    assert_eq!((found.undecided().count(), found.violations().count()), (0, 0), "{}", to_text(&found));
}
