//! What is reached along edges.

/// For each node, which of the first `sources` nodes are reached from it, itself included, as bits.
///
/// Walks backwards: whatever a node comes to reach its callers reach. A node is looked at again when it has come to
/// reach more, so at most once for each source.
pub(super) fn reached(edges: &[Vec<usize>], sources: usize) -> Vec<u128> {
    let mut callers: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (from, callees) in edges.iter().enumerate() {
        for to in callees {
            if let Some(found) = callers.get_mut(*to) {
                found.push(from);
            }
        }
    }
    let mut bits = vec![0u128; edges.len()];
    let mut waiting: Vec<usize> = Vec::new();
    for (node, bit) in (0..sources.min(edges.len())).zip(0u32..u128::BITS) {
        if let Some(found) = bits.get_mut(node) {
            *found |= 1u128 << bit;
            waiting.push(node);
        }
    }
    while let Some(node) = waiting.pop() {
        let new = bits.get(node).copied().unwrap_or(0);
        for caller in callers.get(node).into_iter().flatten() {
            if let Some(found) = bits.get_mut(*caller)
                && *found | new != *found
            {
                *found |= new;
                waiting.push(*caller);
            }
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::reached;

    #[test]
    fn what_a_node_reaches_its_callers_reach() {
        // Two sources; 2 calls 3, 3 calls 2 and 0; 4 calls nothing; 5 calls 4 and 1.
        let edges = [vec![], vec![], vec![3], vec![2, 0], vec![], vec![4, 1]];
        assert_eq!(reached(&edges, 2), [0b01, 0b10, 0b01, 0b01, 0b00, 0b10]);
        assert_eq!(reached(&[], 2), [0u128; 0]);
    }

    #[test]
    fn a_long_chain_and_every_source_are_followed() {
        let sources = 128;
        let mut edges: Vec<Vec<usize>> = vec![Vec::new(); sources];
        edges.extend((0..10_000).map(|node| vec![node + sources - 1]));
        edges.push((0..sources).collect());
        let found = reached(&edges, sources);
        assert_eq!(found[10_000 + sources - 1], 1 << 127);
        assert_eq!(found.last(), Some(&u128::MAX));
    }
}
