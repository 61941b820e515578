//! Numbers from a seed (splitmix64): the same seed gives the same numbers on every machine.

/// A generator.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// Starts at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `most`, both included.
    ///
    /// # Panics
    /// If `least` is past `most`.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        assert!(least <= most, "{least} to {most}");
        least + self.next() % (most - least + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_inside_the_bounds() {
        let numbers = |seed| {
            let mut draw = Draw::new(seed);
            (0..100).map(|_| draw.between(3, 9)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
        assert!((3..=9).all(|number| numbers(1).contains(&number)));
        assert!(numbers(1).iter().all(|number| (3..=9).contains(number)));
    }
}
