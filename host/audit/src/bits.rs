//! Small sets of indexes, as the bits of a number.

/// A set of indexes below 64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) struct Bits(u64);

impl Bits {
    pub(crate) const EMPTY: Self = Self(0);
    /// One past the greatest index.
    pub(crate) const SIZE: usize = 64;

    /// The set of one index; empty past the greatest.
    pub(crate) fn one(index: usize) -> Self {
        Self(u32::try_from(index).ok().and_then(|index| 1u64.checked_shl(index)).unwrap_or(0))
    }

    pub(crate) fn has(self, index: usize) -> bool {
        self.0 & Self::one(index).0 != 0
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn meet(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn holds(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        (0..Self::SIZE).filter(move |index| self.has(*index))
    }

    /// Every subset, the empty one first; two for each member, so callers bound the size.
    pub(crate) fn subsets(self) -> Vec<Self> {
        self.iter().fold(vec![Self::EMPTY], |found, index| {
            let more: Vec<Self> = found.iter().map(|set| set.with(Self::one(index))).collect();
            found.into_iter().chain(more).collect()
        })
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<I: IntoIterator<Item = usize>>(indexes: I) -> Self {
        indexes.into_iter().fold(Self::EMPTY, |set, index| set.with(Self::one(index)))
    }
}
