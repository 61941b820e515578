//! Expressions as sums: what is added up is compared, whatever its order.

use chainstack_primitives::manifest::Node;
use parity_scale_codec::Encode as _;

use super::apply::arity;

/// A sum: terms that are not known, in order of their encodings, and a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sum {
    /// Each term's nodes, encoded.
    pub terms: Vec<Vec<u8>>,
    /// What is added to them.
    pub number: u128,
}

impl Sum {
    /// The sum that `nodes` are: themselves as the one term, if they are no sum, or none whose number has 128 bits.
    #[must_use]
    pub fn of(nodes: &[Node]) -> Self {
        // Where each operand starts, and its sum.
        let mut stack: Vec<(usize, Self)> = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let Some(kept) = stack.len().checked_sub(arity(node)) else { return Self::opaque(nodes) };
            let operands = stack.split_off(kept);
            let start = operands.first().map_or(index, |(start, _)| *start);
            let opaque = || Self::opaque(nodes.get(start..=index).unwrap_or_default());
            let mut sums = operands.into_iter().map(|(_, sum)| sum);
            let sum = match (node, sums.next(), sums.next()) {
                (Node::Uint(number), ..) => Self { terms: Vec::new(), number: *number },
                (Node::Add, Some(left), Some(right)) => left.plus(right).unwrap_or_else(opaque),
                _ => opaque(),
            };
            stack.push((start, sum));
        }
        match (stack.pop(), stack.is_empty()) {
            (Some((_, sum)), true) => sum,
            _ => Self::opaque(nodes),
        }
    }

    fn opaque(nodes: &[Node]) -> Self {
        let mut term = Vec::new();
        nodes.iter().for_each(|node| node.encode_to(&mut term));
        Self { terms: vec![term], number: 0 }
    }

    fn plus(mut self, mut other: Self) -> Option<Self> {
        self.number = self.number.checked_add(other.number)?;
        self.terms.append(&mut other.terms);
        self.terms.sort_unstable();
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use chainstack_primitives::manifest::Node;

    use super::Sum;

    #[test]
    fn sums_are_equal_whatever_their_order() {
        let left = [Node::Param(0), Node::Uint(2), Node::Add, Node::Param(1), Node::Add];
        let right =
            [Node::Param(1), Node::Param(0), Node::Uint(1), Node::Add, Node::Uint(1), Node::Add, Node::Add];
        assert_eq!(Sum::of(&left), Sum::of(&right));
        assert_eq!((Sum::of(&left).terms.len(), Sum::of(&left).number), (2, 2));
        let product = [Node::Param(0), Node::Uint(2), Node::Mul];
        assert_eq!((Sum::of(&product).terms.len(), Sum::of(&product).number), (1, 0));
        let most = [Node::Uint(u128::MAX), Node::Uint(1), Node::Add];
        assert_eq!(Sum::of(&most).terms.len(), 1, "a sum past the greatest number stays what it is");
        for ill_formed in [&[][..], &[Node::Add], &[Node::Param(0), Node::Param(1)]] {
            assert_eq!(Sum::of(ill_formed).terms.len(), 1, "{ill_formed:?}");
        }
    }
}
