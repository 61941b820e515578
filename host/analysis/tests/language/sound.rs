//! Random expressions of a given type, and random environments within assumptions, both drawn to the edges.

use chainstack_analysis::{Assumptions, Interval, Range, Truth, Value};
use chainstack_primitives::manifest::{Expression, ExpressionType, Node};
use chainstack_primitives::{AccountId, Hash};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::table::Table;
use crate::world::World;

use ExpressionType::{Account, Bool, Int, Uint};

/// Runs `check` with each of `count` seeds; fifty times as many in a campaign. A failure prints its seed.
pub(crate) fn seeds(count: u64, mut check: impl FnMut(&mut ChaCha8Rng)) {
    let campaign = std::env::var_os("CHAINSTACK_CAMPAIGN").is_some_and(|value| value == "1");
    let first: u64 = std::env::var("CHAINSTACK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    for seed in first..first.saturating_add(if campaign { count.saturating_mul(50) } else { count }) {
        let _shown = Shown(seed);
        check(&mut ChaCha8Rng::seed_from_u64(seed));
    }
}

/// The seed of a check, shown if the check panics.
struct Shown(u64);

impl Drop for Shown {
    #[expect(clippy::print_stderr, reason = "a failing property names its seed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("CHAINSTACK_SEED={}", self.0);
        }
    }
}

fn pick<'t, T>(random: &mut ChaCha8Rng, choices: &'t [T]) -> &'t T {
    &choices[random.random_range(0..choices.len())]
}

fn unsigned(random: &mut ChaCha8Rng) -> u128 {
    let edges =
        [0, 1, 2, 3, 7, 10, 255, 10_000, u128::from(u64::MAX), 1 << 64, 1 << 127, u128::MAX / 2, u128::MAX];
    match random.random_range(0..4) {
        0 => *pick(random, &edges),
        1 => random.random_range(0..20),
        2 => random.random::<u128>() >> random.random_range(0..128u32),
        _ => pick(random, &edges).wrapping_sub(random.random_range(0..3)),
    }
}

fn signed(random: &mut ChaCha8Rng) -> i128 {
    let edges = [0, 1, -1, 2, -2, 127, -128, i128::from(i64::MIN), i128::MAX, i128::MIN, i128::MAX - 1];
    match random.random_range(0..4) {
        0 => *pick(random, &edges),
        1 => random.random_range(-10..10),
        2 => random.random::<i128>() >> random.random_range(0..127u32),
        _ => pick(random, &edges).wrapping_add(random.random_range(-2..3)),
    }
}

/// A value of `interval`, its ends and what is near zero more often than others.
fn within(random: &mut ChaCha8Rng, interval: Interval) -> Value {
    fn number<T: Copy + Ord>(random: &mut ChaCha8Rng, range: Range<T>, any: T) -> T {
        match random.random_range(0..4) {
            0 => range.least(),
            1 => range.greatest(),
            _ => any.clamp(range.least(), range.greatest()),
        }
    }
    let bytes = [random.random_range(0..3); 32];
    match interval {
        Interval::Bool(Truth::Yes) => Value::Bool(true),
        Interval::Bool(Truth::No) => Value::Bool(false),
        Interval::Bool(Truth::Either) => Value::Bool(random.random()),
        Interval::Uint(range) => {
            let any = unsigned(random);
            Value::Uint(number(random, range, any))
        }
        Interval::Int(range) => {
            let any = signed(random);
            Value::Int(number(random, range, any))
        }
        Interval::Account => Value::Account(AccountId(bytes)),
        Interval::Hash => Value::Hash(Hash(bytes)),
    }
}

/// An environment within `assumptions`.
pub(crate) fn environment(random: &mut ChaCha8Rng, world: &World, assumptions: &Assumptions<'_>) -> Table {
    let mut table = world.table.clone();
    for (leaf, value) in &mut table.rows {
        let interval = assumptions.leaf(leaf).expect("declared");
        *value = within(random, interval);
    }
    table
}

/// Nodes of an expression, with its type.
pub(crate) type Part = (ExpressionType, Vec<Node>);

/// Draws expressions over the leaves of the world, and over `parts`.
pub(crate) struct Generator<'w> {
    pub(crate) world: &'w World,
    pub(crate) parts: Vec<Part>,
}

impl Generator<'_> {
    pub(crate) fn new(world: &World) -> Generator<'_> {
        Generator { world, parts: Vec::new() }
    }

    /// An expression of `ty` with at most about `budget` nodes.
    pub(crate) fn expression(
        &self,
        random: &mut ChaCha8Rng,
        ty: ExpressionType,
        budget: usize,
    ) -> Expression {
        loop {
            let mut nodes = Vec::new();
            self.write(random, ty, budget, &mut nodes);
            if let Ok(expression) = Expression::try_from(nodes) {
                return expression;
            }
        }
    }

    fn write(&self, random: &mut ChaCha8Rng, ty: ExpressionType, budget: usize, out: &mut Vec<Node>) {
        let parts: Vec<&Part> = self.parts.iter().filter(|(found, _)| *found == ty).collect();
        if !parts.is_empty() && random.random_range(0..3) == 0 {
            out.extend_from_slice(&pick(random, &parts).1);
            return;
        }
        if budget < 2 || random.random_range(0..8) == 0 {
            out.push(self.leaf(random, ty));
            return;
        }
        let (node, operands) = self.operation(random, ty);
        let share = (budget - 1) / operands.len();
        for operand in operands {
            self.write(random, operand, share, out);
        }
        out.push(node);
    }

    fn leaf(&self, random: &mut ChaCha8Rng, ty: ExpressionType) -> Node {
        if matches!(ty, Uint | Int) && random.random_range(0..3) == 0 {
            return if ty == Uint { Node::Uint(unsigned(random)) } else { Node::Int(signed(random)) };
        }
        let rows = self.world.table.rows.iter().filter(|(_, value)| value.ty() == ty);
        let rows: Vec<&Node> = rows.map(|(leaf, _)| leaf).collect();
        (*pick(random, &rows)).clone()
    }

    fn operation(&self, random: &mut ChaCha8Rng, ty: ExpressionType) -> (Node, Vec<ExpressionType>) {
        if random.random_range(0..8) == 0 || matches!(ty, Account | ExpressionType::Hash) {
            return (Node::If, vec![Bool, ty, ty]);
        }
        let two = [Node::Add, Node::Sub, Node::Mul, Node::Div, Node::Rem, Node::Min, Node::Max];
        match (ty, random.random_range(0..8)) {
            (Uint, 0) => (Node::ToUint, vec![Int]),
            (Uint, 1) => (Node::MulDiv, vec![Uint, Uint, Uint]),
            (Int, 0) => (Node::ToInt, vec![Uint]),
            (Bool, 0) => (Node::Not, vec![Bool]),
            (Bool, 1 | 2) => (pick(random, &[Node::And, Node::Or]).clone(), vec![Bool, Bool]),
            (Bool, 3) => {
                let same = *pick(random, &[Bool, Uint, Int, Account, ExpressionType::Hash]);
                (pick(random, &[Node::Equal, Node::NotEqual]).clone(), vec![same, same])
            }
            (Bool, _) => {
                let same = *pick(random, &[Uint, Uint, Int]);
                let compare = [Node::Less, Node::LessEqual, Node::Greater, Node::GreaterEqual, Node::Equal];
                (pick(random, &compare).clone(), vec![same, same])
            }
            _ => (pick(random, &two).clone(), vec![ty, ty]),
        }
    }
}

/// A random type.
pub(crate) fn any_type(random: &mut ChaCha8Rng) -> ExpressionType {
    *pick(random, &[Bool, Uint, Uint, Uint, Int, Int, Account, ExpressionType::Hash])
}

/// Every expression inside `expression`, itself included.
pub(crate) fn parts(expression: &[Node], world: &World) -> Vec<Part> {
    let mut stack: Vec<(usize, ExpressionType)> = Vec::new();
    let mut parts = Vec::new();
    for (index, node) in expression.iter().enumerate() {
        let arity = match node {
            Node::MulDiv | Node::If => 3,
            Node::Not | Node::ToInt | Node::ToUint => 1,
            node => match world.assumptions().leaf(node) {
                Some(_) => 0,
                None => 2,
            },
        };
        let operands = stack.split_off(stack.len() - arity);
        let ty = match (node, operands.last()) {
            (leaf, None) => world.declared(leaf).ty(),
            (Node::MulDiv | Node::ToUint, _) => Uint,
            (Node::ToInt, _) => Int,
            (Node::Add | Node::Sub | Node::Mul | Node::Div | Node::Rem, Some((_, ty))) => *ty,
            (Node::Min | Node::Max | Node::If, Some((_, ty))) => *ty,
            _ => Bool,
        };
        let start = operands.first().map_or(index, |(start, _)| *start);
        stack.push((start, ty));
        parts.push((ty, expression[start..=index].to_vec()));
    }
    parts
}
