//! One case or more for each rule: what is written, what it is as nodes, what it is worth, what is proven.

use std::fs;

use chainstack_analysis::{EvaluationError, NotTotal, evaluate, prove_total};
use chainstack_primitives::manifest::Expression;

use crate::world::{World, file, read};

const CASES: &str = "golden/cases.txt";

/// A line of the file that a person wrote.
pub(crate) struct Case {
    pub(crate) rule: String,
    pub(crate) text: String,
}

pub(crate) fn cases() -> Vec<Case> {
    let text = read(CASES);
    let written = text.lines().filter(|line| !line.is_empty() && !line.starts_with([' ', '#']));
    let case = |line: &str| {
        let (rule, text) = line.split_once(": ").unwrap_or_else(|| panic!("rule: expression: {line}"));
        Case { rule: rule.to_owned(), text: text.to_owned() }
    };
    written.map(case).collect()
}

fn nodes(expression: &Expression) -> String {
    expression.iter().map(|node| format!("{node:?}")).collect::<Vec<_>>().join("; ")
}

fn outcome(world: &World, case: &Case) -> String {
    let expression = world.parse(&case.text);
    let printed = world.print(&expression).expect("one value");
    assert_eq!(nodes(&world.parse(&printed)), nodes(&expression), "{} is printed as {printed}", case.text);
    let value = match evaluate(&expression, &mut world.table.clone()) {
        Ok(value) => format!("value    {value}"),
        Err(EvaluationError::Arithmetic(failure)) => format!("error    {failure}"),
        Err(other) => panic!("{}: {other}", case.text),
    };
    let proof = match prove_total(&expression, &world.assumptions()) {
        Ok(interval) => format!("interval {interval}"),
        Err(NotTotal::MayFail(failure)) => format!("possible {failure}"),
        Err(other) => panic!("{}: {other}", case.text),
    };
    format!("{}: {}\n    nodes    {}\n    {value}\n    {proof}\n", case.rule, case.text, nodes(&expression))
}

#[test]
fn each_rule_means_what_its_cases_say() {
    let world = World::load();
    let cases = cases();
    let header = "# rule: expression, then its nodes, its value or error in `environment.txt`, and the interval proven \
                  or the failure possible.\n";
    let blocks: Vec<String> = cases.iter().map(|case| outcome(&world, case)).collect();
    let found = format!("{header}\n{}", blocks.join("\n"));
    if std::env::var("CHAINSTACK_UPDATE_GOLDEN").is_ok_and(|value| value == "1") {
        fs::write(file(CASES), &found).expect("the cases can be written");
    }
    let expected = read(CASES);
    for (index, (expected, found)) in expected.lines().zip(found.lines()).enumerate() {
        assert_eq!(found, expected, "line {} of {CASES}", index + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{CASES} is complete");
}
