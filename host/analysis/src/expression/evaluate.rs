//! The evaluator: one pass over the nodes, on a stack of fixed size.

use chainstack_primitives::manifest::{Expression, ExpressionProblem, Node};

use super::apply::{Refusal, apply, arity};
use super::failure::position;
use super::stack::Stack;
use super::{Environment, EvaluationError, Failure, IllFormed, Value};

/// Evaluates `expression`: its one value, whatever its type; guards and invariants ask for [`Value::Bool`].
///
/// Every node is evaluated, in order: `&&`, `||` and `if` skip nothing. Nothing is allocated but the
/// operands of an error; at most 64 steps and 43 values on the stack. Total on any list of nodes.
///
/// # Errors
/// - [`EvaluationError::Arithmetic`] at the first operation without a result.
/// - [`EvaluationError::Environment`] at the first leaf that is not answered; nothing is read after it.
/// - [`EvaluationError::IllFormed`] if the nodes are no expression, which validation of a manifest excludes.
pub fn evaluate<E: Environment>(
    expression: &Expression,
    environment: &mut E,
) -> Result<Value, EvaluationError<E::Error>> {
    let mut stack = Stack::new(Value::Bool(false));
    for (index, node) in expression.iter().enumerate() {
        let ill_formed = |problem| EvaluationError::IllFormed(IllFormed::new(index, problem));
        let count = arity(node);
        let answer = leaf(node, environment);
        let answer = answer.map_err(|error| EvaluationError::Environment { node: position(index), error })?;
        let value = match answer {
            Some(value) => value,
            None => {
                let missing = || ill_formed(ExpressionProblem::MissingOperand);
                let operands = stack.top(count).ok_or_else(missing)?;
                apply(node, operands).map_err(|refusal| match refusal {
                    Refusal::Fails(kind) => {
                        EvaluationError::Arithmetic(Failure::new(index, node, kind, operands))
                    }
                    Refusal::IllFormed(problem) => ill_formed(problem),
                })?
            }
        };
        // Deeper than the stack, no list of 64 nodes leaves one value.
        stack.replace(count, value).ok_or_else(|| ill_formed(ExpressionProblem::NotOneValue))?;
    }
    match stack.elements() {
        [value] => Ok(*value),
        _ => {
            let whole = IllFormed::new(expression.len(), ExpressionProblem::NotOneValue);
            Err(EvaluationError::IllFormed(whole))
        }
    }
}

/// The value of a leaf; `None` for an operation.
fn leaf<E: Environment>(node: &Node, environment: &mut E) -> Result<Option<Value>, E::Error> {
    Ok(Some(match node {
        Node::Bool(truth) => Value::Bool(*truth),
        Node::Uint(number) => Value::Uint(*number),
        Node::Int(number) => Value::Int(*number),
        Node::Account(account) => Value::Account(*account),
        Node::Hash(hash) => Value::Hash(*hash),
        Node::Arg(index) => environment.arg(*index)?,
        Node::Param(index) => environment.param(*index)?,
        Node::Caller => Value::Account(environment.caller()?),
        Node::Origin => Value::Account(environment.origin()?),
        Node::SelfAddress => Value::Account(environment.self_address()?),
        Node::Value => Value::Uint(environment.value()?.0),
        Node::Time => Value::Uint(environment.time()?.0.into()),
        Node::Height => Value::Uint(environment.height()?.0.into()),
        Node::ItemKey(index) => environment.item_key(*index)?,
        Node::Head(index) => environment.head(*index)?,
        Node::Owner => Value::Account(environment.owner()?),
        Node::ValueHead { cell, field } => environment.value_head(*cell, *field)?,
        Node::EntryHead { cell, key, field } => environment.entry_head(*cell, key, *field)?,
        Node::LedgerEntry { cell, key } => Value::Uint(environment.ledger_entry(*cell, key)?),
        Node::LedgerSum(cell) => Value::Uint(environment.ledger_sum(*cell)?),
        Node::HeadSum { cell, field } => Value::Uint(environment.head_sum(*cell, *field)?),
        Node::Count(cell) => Value::Uint(environment.count(*cell)?.into()),
        Node::Escrowed(cell) => Value::Uint(environment.escrowed(*cell)?),
        Node::Balance => Value::Uint(environment.balance()?.0),
        Node::InState { machine, states } => Value::Bool(environment.in_state(*machine, states)?),
        Node::Member(role) => Value::Bool(environment.member(*role)?),
        Node::Quorum(role) => Value::Bool(environment.quorum(*role)?),
        Node::Add
        | Node::Sub
        | Node::Mul
        | Node::Div
        | Node::Rem
        | Node::MulDiv
        | Node::Min
        | Node::Max
        | Node::Equal
        | Node::NotEqual
        | Node::Less
        | Node::LessEqual
        | Node::Greater
        | Node::GreaterEqual
        | Node::And
        | Node::Or
        | Node::Not
        | Node::If
        | Node::ToInt
        | Node::ToUint => return Ok(None),
    }))
}
