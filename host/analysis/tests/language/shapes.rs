//! Totality: any list of nodes ends in a value or a typed error, at every limit and one past.

use chainstack_analysis::{Assumptions, EvaluationError, IllFormed, NotTotal, Value, evaluate, prove_total};
use chainstack_primitives::manifest::limits::{EXPRESSION_NODES_MAX, EXPRESSION_STACK_MAX};
use chainstack_primitives::manifest::{Expression, ExpressionProblem, Node};
use parity_scale_codec::Decode;
use rand::RngExt;

use crate::sound::seeds;
use crate::table::{NoAnswer, Table};
use crate::world::World;

fn expression(nodes: impl IntoIterator<Item = Node>) -> Expression {
    nodes.into_iter().collect::<Vec<_>>().try_into().expect("within the limit")
}

/// `depth` values, then operations on three of them until fewer are left, then on two.
fn deep(depth: u32) -> Expression {
    let depth = usize::try_from(depth).expect("small");
    let leaves = std::iter::repeat_n(Node::Uint(1), depth);
    let threes = std::iter::repeat_n(Node::MulDiv, (depth - 1) / 2);
    let twos = std::iter::repeat_n(Node::Add, (depth - 1) % 2);
    let nodes = leaves.chain(threes).chain(twos);
    expression(nodes.take(usize::try_from(EXPRESSION_NODES_MAX).expect("small")))
}

#[test]
fn the_stack_holds_its_limit_and_one_past_is_no_expression() {
    let world = World::load();
    let at = deep(EXPRESSION_STACK_MAX);
    assert_eq!(at.len(), usize::try_from(EXPRESSION_NODES_MAX).expect("small"));
    assert_eq!(evaluate(&at, &mut Table::default()), Ok(Value::Uint(1)));
    assert!(prove_total(&at, &world.assumptions()).is_ok());
    let past = deep(EXPRESSION_STACK_MAX + 1);
    let too_deep = IllFormed { node: 43, problem: ExpressionProblem::NotOneValue };
    assert_eq!(evaluate(&past, &mut Table::default()), Err(EvaluationError::IllFormed(too_deep)));
    assert!(matches!(prove_total(&past, &world.assumptions()), Err(NotTotal::IllFormed(_))));
}

#[test]
fn what_is_no_expression_is_named_by_its_node() {
    use ExpressionProblem::{MissingOperand, NotOneValue, OperandType};
    let world = World::load();
    let (yes, one, minus) = (Node::Bool(true), Node::Uint(1), Node::Int(-1));
    let cases = [
        (vec![], 0, NotOneValue),
        (vec![yes.clone(), yes.clone()], 2, NotOneValue),
        (vec![Node::Not], 0, MissingOperand),
        (vec![one.clone(), Node::Add], 1, MissingOperand),
        (vec![one.clone(), one.clone(), Node::If], 2, MissingOperand),
        (vec![one.clone(), minus.clone(), Node::Add], 2, OperandType),
        (vec![yes.clone(), yes.clone(), Node::Less], 2, OperandType),
        (vec![yes.clone(), yes.clone(), Node::Mul], 2, OperandType),
        (vec![one.clone(), yes.clone(), Node::Equal], 2, OperandType),
        (vec![one.clone(), one.clone(), Node::And], 2, OperandType),
        (vec![minus.clone(), minus.clone(), minus.clone(), Node::MulDiv], 3, OperandType),
        (vec![yes.clone(), one.clone(), minus.clone(), Node::If], 3, OperandType),
        (vec![one.clone(), one.clone(), one.clone(), Node::If], 3, OperandType),
        (vec![minus, Node::ToInt], 1, OperandType),
        (vec![one, Node::ToUint], 1, OperandType),
        (vec![yes, Node::ToUint], 1, OperandType),
    ];
    for (nodes, node, problem) in cases {
        let expression = expression(nodes);
        let found = IllFormed { node, problem };
        assert_eq!(evaluate(&expression, &mut Table::default()), Err(EvaluationError::IllFormed(found)));
        assert_eq!(prove_total(&expression, &world.assumptions()), Err(NotTotal::IllFormed(found)));
    }
}

#[test]
fn an_unanswered_leaf_is_the_environments_error_and_ends_the_evaluation() {
    let world = World::load();
    let text = "arg.a + (arg.b + 1 / 0)";
    let mut table = world.table.clone();
    table.rows.retain(|(leaf, _)| *leaf != Node::Arg(2));
    let error = EvaluationError::Environment { node: 1, error: NoAnswer(Node::Arg(2)) };
    assert_eq!(evaluate(&world.parse(text), &mut table), Err(error));
    let nothing = Assumptions::new(&world.manifest, &[], None);
    for text in ["arg.a == 1", "item.price == 1", "item.number == 1"] {
        let unknown = IllFormed { node: 0, problem: ExpressionProblem::Unknown };
        assert_eq!(prove_total(&world.parse(text), &nothing), Err(NotTotal::IllFormed(unknown)), "{text}");
    }
}

/// Any node: leaves of the world, constants, operations, and leaves nobody declared.
fn any_node(random: &mut impl RngExt, world: &World) -> Node {
    match random.random_range(0..3) {
        0 => world.table.rows[random.random_range(0..world.table.rows.len())].0.clone(),
        _ => loop {
            let mut bytes = [0u8; 64];
            bytes[0] = random.random_range(0..52);
            bytes[1..].fill(random.random_range(0..3));
            if let Ok(node) = Node::decode(&mut &bytes[..]) {
                return node;
            }
        },
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts show that the property was exercised")]
fn any_list_of_nodes_ends_in_a_value_or_a_typed_error() {
    let world = World::load();
    let (mut values, mut ill_formed) = (0u32, 0u32);
    seeds(30_000, |random| {
        let longest = [3, 8, 64][random.random_range(0..3)];
        let length = random.random_range(0..=longest);
        let expression = expression((0..length).map(|_| any_node(random, &world)));
        let evaluated = evaluate(&expression, &mut world.table.clone());
        let proof = prove_total(&expression, &world.assumptions());
        let given = world.assumptions().given(&expression).is_ok();
        match evaluated {
            Ok(Value::Bool(true)) => assert!(given, "{expression:?}"),
            Ok(_) => {}
            Err(EvaluationError::IllFormed(_)) => assert!(proof.is_err() && !given, "{expression:?}"),
            Err(EvaluationError::Arithmetic(_)) => assert!(proof.is_err(), "{expression:?}"),
            // Nobody answers an undeclared leaf.
            Err(EvaluationError::Environment { .. }) => {}
        }
        values += u32::from(evaluated.is_ok());
        ill_formed += u32::from(matches!(evaluated, Err(EvaluationError::IllFormed(_))));
        // What validation of a manifest accepts is an expression.
        let mut manifest = world.manifest.clone();
        let mut transitions = manifest.transitions.to_vec();
        transitions[0].guard = Some(expression.clone());
        manifest.transitions = transitions.try_into().expect("one");
        if manifest.validate().is_ok() {
            assert!(!matches!(evaluated, Err(EvaluationError::IllFormed(_))), "{expression:?}");
            assert!(!matches!(proof, Err(NotTotal::IllFormed(_))), "{expression:?}");
        }
    });
    println!("{values} values, {ill_formed} lists that are no expression");
    assert!(values > 1_500 && ill_formed > 15_000, "{values} {ill_formed}");
}
