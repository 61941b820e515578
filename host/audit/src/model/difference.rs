//! Comparisons of the same two sums: whether their truths agree.
//!
//! Intervals say nothing of `a < b` beside `b < a + 1` if neither number is known. But both are about the difference
//! of `a` and `b`; each truth bounds it, or excludes one value of it.

use chainstack_analysis::Sum;
use chainstack_primitives::manifest::Node;

use crate::expression::split;

/// What is known of the difference of two sums.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Difference {
    left: Vec<Vec<u8>>,
    right: Vec<Vec<u8>>,
    least: Option<i128>,
    greatest: Option<i128>,
    excluded: Vec<i128>,
}

/// Whether comparisons (`<` and `==`, as atoms are written) can have these truths together.
pub(super) fn differences_agree<'n>(literals: impl Iterator<Item = (&'n [Node], bool)>) -> bool {
    let mut known: Vec<Difference> = Vec::new();
    for (nodes, truth) in literals {
        // What is not understood excludes nothing.
        let _ = learn(&mut known, nodes, truth);
    }
    known.iter().all(Difference::is_possible)
}

fn learn(known: &mut Vec<Difference>, nodes: &[Node], truth: bool) -> Option<()> {
    let (root, operands) = split(nodes)?;
    let [left, right] = operands.as_slice() else { return None };
    if !matches!(root, Node::Less | Node::Equal) {
        return None;
    }
    let (left, right) = (Sum::of(left), Sum::of(right));
    let offset = i128::try_from(right.number).ok()?.checked_sub(i128::try_from(left.number).ok()?)?;
    let swapped = right.terms < left.terms;
    let (left, right) = if swapped { (right.terms, left.terms) } else { (left.terms, right.terms) };
    let same = |found: &Difference| found.left == left && found.right == right;
    let index = match known.iter().position(same) {
        Some(index) => index,
        None => {
            known.push(Difference { left, right, least: None, greatest: None, excluded: Vec::new() });
            known.len().checked_sub(1)?
        }
    };
    let found = known.get_mut(index)?;
    let value = if swapped { offset.checked_neg()? } else { offset };
    // With d the difference of left and right terms: `<` is d < offset, or, swapped, d > -offset.
    match (root, truth, swapped) {
        (Node::Equal, true, _) => found.between(Some(value), Some(value)),
        (Node::Equal, false, _) => found.excluded.push(value),
        (_, true, false) => found.between(None, Some(value.checked_sub(1)?)),
        (_, false, false) => found.between(Some(value), None),
        (_, true, true) => found.between(Some(value.checked_add(1)?), None),
        (_, false, true) => found.between(None, Some(value)),
    }
    Some(())
}

impl Difference {
    fn between(&mut self, least: Option<i128>, greatest: Option<i128>) {
        self.least = self.least.into_iter().chain(least).max();
        self.greatest = self.greatest.into_iter().chain(greatest).min();
    }

    fn is_possible(&self) -> bool {
        let (Some(mut least), Some(greatest)) = (self.least, self.greatest) else { return true };
        let mut excluded = self.excluded.clone();
        excluded.sort_unstable();
        for value in excluded {
            if value == least {
                least = least.saturating_add(1);
            }
        }
        least <= greatest
    }
}

#[cfg(test)]
mod tests {
    use chainstack_primitives::manifest::Node;

    use super::differences_agree;

    /// `Param(left) + plus` compared with `Param(right)`.
    fn comparison(left: u8, plus: u128, right: u8, operator: &Node) -> Vec<Node> {
        vec![Node::Param(left), Node::Uint(plus), Node::Add, Node::Param(right), operator.clone()]
    }

    #[test]
    fn truths_of_one_difference_must_leave_a_value() {
        let less = |left, plus, right| comparison(left, plus, right, &Node::Less);
        let equal = |left, plus, right| comparison(left, plus, right, &Node::Equal);
        type Literals<'a> = &'a [(Vec<Node>, bool)];
        let cases: [(Literals<'_>, bool); 9] = [
            (&[(less(0, 0, 1), true), (less(1, 0, 0), true)], false),
            (&[(less(0, 0, 1), false), (less(1, 0, 0), false)], true),
            (&[(less(0, 0, 1), false), (less(1, 0, 0), false), (equal(0, 0, 1), false)], false),
            // a + 1 < b, and not a < b
            (&[(less(0, 1, 1), true), (less(0, 0, 1), false)], false),
            (&[(less(0, 1, 1), false), (less(0, 0, 1), true)], true),
            // a < b, b < a + 1 but for the sides: between two neighbours is nothing.
            (&[(less(0, 0, 1), true), (less(1, 1, 0), true)], false),
            (&[(less(0, 0, 1), true), (equal(0, 1, 1), true)], true),
            (&[(less(0, 0, 1), true), (equal(1, 1, 0), true)], false),
            (&[(less(0, 0, 1), true), (less(2, 0, 1), false)], true),
        ];
        for (literals, possible) in cases {
            let found = differences_agree(literals.iter().map(|(nodes, truth)| (nodes.as_slice(), *truth)));
            assert_eq!(found, possible, "{literals:?}");
        }
    }
}
