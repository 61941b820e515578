//! The evaluation stack: of fixed size, so that nothing is allocated.

use chainstack_primitives::manifest::limits::{EXPRESSION_NODES_MAX, EXPRESSION_STACK_MAX};

/// Slots of the stack.
const SLOTS: usize = EXPRESSION_STACK_MAX as usize;

// Depth grows by leaves and falls by at most two with an operation of three operands. Leaving one value of
// `n` nodes, `d` deep at most, takes `d` leaves and (d − 1) / 2 operations: d + (d − 1) / 2 ≤ n.
const _: () = assert!(EXPRESSION_STACK_MAX == 1 + 2 * ((EXPRESSION_NODES_MAX - 1) / 3));

/// Greatest count of operands of one node.
pub(super) const OPERANDS_MAX: usize = 3;

/// A stack of at most [`EXPRESSION_STACK_MAX`] elements.
pub(super) struct Stack<T> {
    slots: [T; SLOTS],
    depth: usize,
}

impl<T: Copy> Stack<T> {
    /// An empty stack; `filler` stands in unused slots.
    pub(super) const fn new(filler: T) -> Self {
        Self { slots: [filler; SLOTS], depth: 0 }
    }

    /// The elements, the last pushed at the end.
    pub(super) fn elements(&self) -> &[T] {
        self.slots.get(..self.depth).unwrap_or_default()
    }

    /// The topmost `count` elements; `None` if there are fewer.
    pub(super) fn top(&self, count: usize) -> Option<&[T]> {
        let start = self.depth.checked_sub(count)?;
        self.slots.get(start..self.depth)
    }

    /// Puts `element` in place of the topmost `count` elements. `None`, and nothing changed, if there are
    /// fewer elements or no slot is left.
    pub(super) fn replace(&mut self, count: usize, element: T) -> Option<()> {
        let start = self.depth.checked_sub(count)?;
        *self.slots.get_mut(start)? = element;
        self.depth = start.checked_add(1)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_slot_holds_and_one_past_is_refused() {
        let mut stack = Stack::new(0u8);
        for element in 0..SLOTS {
            assert_eq!(stack.replace(0, u8::try_from(element).expect("small")), Some(()));
        }
        assert_eq!(stack.replace(0, 99), None);
        assert_eq!(stack.elements().len(), SLOTS);
        assert_eq!(stack.replace(3, 7), Some(()));
        assert_eq!(stack.top(2), Some(&[39, 7][..]));
        assert_eq!(stack.top(SLOTS), None);
        assert_eq!(stack.replace(SLOTS, 1), None);
    }
}
