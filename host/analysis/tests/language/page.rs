//! The page and the language are about the same things.

use std::collections::{BTreeMap, BTreeSet};

use chainstack_analysis::{EvaluationError, FailureKind, NotTotal, evaluate, prove_total};
use chainstack_primitives::manifest::Node;
use parity_scale_codec::{Decode, Encode};

use crate::golden::cases;
use crate::world::{World, read};

/// A row of the page's tables.
struct Rule {
    node: String,
    failures: BTreeSet<String>,
}

/// Words between backticks.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn rules() -> BTreeMap<String, Rule> {
    let page = read("README.md").replace("\\|", "∣");
    let mut rules = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, rule, _, node, _, failures, _] = &*cells else { panic!("five columns: {line}") };
        let rule = rule.trim_matches('`').to_owned();
        let failures = quoted(failures).into_iter().filter(|word| word != "Int").collect();
        let row = Rule { node: node.trim_matches('`').to_owned(), failures };
        assert!(rules.insert(rule.clone(), row).is_none(), "two rules are called {rule}");
    }
    rules
}

fn name(node: &Node) -> String {
    let text = format!("{node:?}");
    text.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

/// One node of each variant there is, found by decoding each index: a new variant cannot be forgotten here.
fn variants() -> BTreeSet<String> {
    let zeros = [0; 64];
    let decoded = (0..=u8::MAX).filter_map(|index| {
        let bytes = [&[index][..], &zeros[..]].concat();
        let node = Node::decode(&mut &bytes[..]).ok()?;
        assert_eq!(node.encode()[0], index);
        Some(name(&node))
    });
    decoded.collect()
}

#[test]
fn the_page_has_one_rule_for_each_node() {
    let nodes: Vec<String> = rules().into_values().map(|rule| rule.node).collect();
    let distinct: BTreeSet<String> = nodes.iter().cloned().collect();
    assert_eq!(distinct.len(), nodes.len(), "no node has two rules");
    assert_eq!(distinct, variants());
}

#[test]
fn every_rule_has_a_case_of_its_node_and_every_case_a_rule() {
    let world = World::load();
    let rules = rules();
    let mut shown = BTreeSet::new();
    for case in cases() {
        let rule = rules.get(&case.rule).unwrap_or_else(|| panic!("the page has no rule {}", case.rule));
        let expression = world.parse(&case.text);
        let last = expression.last().map(name).unwrap_or_default();
        assert_eq!(last, rule.node, "a case of {} ends with it: {}", case.rule, case.text);
        shown.insert(case.rule);
    }
    assert_eq!(shown, rules.into_keys().collect::<BTreeSet<_>>());
}

#[test]
fn every_way_to_fail_on_the_page_is_shown_evaluated_and_analysed_and_no_other() {
    let world = World::load();
    let word = |kind: FailureKind| format!("{kind:?}");
    let (mut failed, mut possible) = (BTreeSet::new(), BTreeSet::new());
    for case in cases() {
        let expression = world.parse(&case.text);
        let last = u8::try_from(expression.len() - 1).expect("short");
        match evaluate(&expression, &mut world.table.clone()) {
            Ok(_) => {}
            Err(EvaluationError::Arithmetic(failure)) => {
                assert_eq!(failure.node, last, "{}", case.text);
                failed.insert((case.rule.clone(), word(failure.kind)));
            }
            Err(other) => panic!("{}: {other}", case.text),
        }
        if let Err(NotTotal::MayFail(failure)) = prove_total(&expression, &world.assumptions())
            && failure.node == last
        {
            possible.insert((case.rule, word(failure.kind)));
        }
    }
    let each = |(rule, row): (String, Rule)| row.failures.into_iter().map(move |word| (rule.clone(), word));
    let promised: BTreeSet<(String, String)> = rules().into_iter().flat_map(each).collect();
    assert_eq!(failed, promised);
    assert_eq!(possible, promised);
}

#[test]
fn the_numbers_on_the_page_are_the_limits() {
    use chainstack_primitives::manifest::limits::{
        EXPRESSION_NODES_MAX, EXPRESSION_READS_MAX, EXPRESSION_STACK_MAX,
    };
    let sentence = format!(
        "At most {EXPRESSION_NODES_MAX} nodes, {EXPRESSION_READS_MAX} reads, {EXPRESSION_STACK_MAX} values on the stack"
    );
    assert!(read("README.md").contains(&sentence), "{sentence}");
}
