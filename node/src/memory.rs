//! One budget for what a node holds in memory so as not to read it again.
//!
//! The shares are fixed, in eighths of the budget:
//!
//! | eighths | holds | when it is full |
//! | ---: | --- | --- |
//! | 2 | the database's memtables: what was written and is in no file yet | the oldest is written to a file |
//! | 1 | the database's cache: blocks, indexes and filters of its files | the least recently used goes |
//! | 1 | accounts, entries and codes, as the head has them | what was not used lately goes |
//! | 1 | nodes of tries, as the head has them | what was not used lately goes |
//! | 3 | tries decoded, with their roots: [`Tries`](chainstack_runtime::state::Tries) | the storage tries used longest ago go |
//!
//! Each limit is on an estimate of the bytes held. The process has more: the program, its threads, the pool
//! ([`crate::mempool::Bounds`]), contracts kept ready, a block in the making, what the database knows of its files, and
//! what the allocators round up ([`crate::allocator`]).
//!
//! A development chain has little state, and its node stays small beside the developer's other programs: its budget is
//! full after some hundred deployments, and the node grows no further. A benchmark has the storage room's own limits,
//! which are those of a budget of 1024 MiB.

use chainstack_storage::{DatabaseMemory, WarmLimits};

/// Smallest budget, in MiB.
pub const CACHE_MIB_MIN: u32 = 4;
/// Largest budget, in MiB.
pub const CACHE_MIB_MAX: u32 = 64 * 1024;

/// The memory that a node may use for what it could read again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CacheBudget {
    mib: u32,
}

/// A budget outside [`CACHE_MIB_MIN`] to [`CACHE_MIB_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BudgetOutOfRange {
    /// MiB found.
    pub found: u32,
}

impl std::fmt::Display for BudgetOutOfRange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "a budget of {CACHE_MIB_MIN} to {CACHE_MIB_MAX} MiB expected, {} MiB found",
            self.found
        )
    }
}

impl std::error::Error for BudgetOutOfRange {}

impl CacheBudget {
    /// That of a development node, unless it is told otherwise.
    pub const DEVELOPMENT: Self = Self { mib: 5 };

    /// A budget of so many MiB.
    ///
    /// # Errors
    /// [`BudgetOutOfRange`].
    pub const fn of_mib(mib: u32) -> Result<Self, BudgetOutOfRange> {
        if mib < CACHE_MIB_MIN || mib > CACHE_MIB_MAX {
            return Err(BudgetOutOfRange { found: mib });
        }
        Ok(Self { mib })
    }

    /// The budget in MiB.
    #[must_use]
    pub const fn mib(self) -> u32 {
        self.mib
    }

    /// Bytes of so many eighths.
    fn eighths(self, count: usize) -> usize {
        // Exact: an eighth of a MiB is 2^17 bytes. On a machine of 32 bits the address space is the limit.
        usize::try_from(self.mib).unwrap_or(usize::MAX).saturating_mul(count << 17)
    }

    /// What the database may take.
    #[must_use]
    pub fn database(self) -> DatabaseMemory {
        DatabaseMemory { memtables_bytes: self.eighths(2), block_cache_bytes: self.eighths(1) }
    }

    /// What the warm layers may take.
    #[must_use]
    pub fn warm(self) -> WarmLimits {
        WarmLimits { flat_bytes: self.eighths(1), node_bytes: self.eighths(1) }
    }

    /// What the tries may take, in bytes.
    #[must_use]
    pub fn tries_bytes(self) -> usize {
        self.eighths(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_add_up_to_the_budget() {
        for mib in [CACHE_MIB_MIN, CacheBudget::DEVELOPMENT.mib(), 1_023, CACHE_MIB_MAX] {
            let budget = CacheBudget::of_mib(mib).expect("in range");
            let (database, warm) = (budget.database(), budget.warm());
            let shares = [
                database.memtables_bytes,
                database.block_cache_bytes,
                warm.flat_bytes,
                warm.node_bytes,
                budget.tries_bytes(),
            ];
            assert_eq!(shares.iter().sum::<usize>(), usize::try_from(mib).expect("64 bits") << 20);
        }
    }

    #[test]
    fn the_storage_rooms_own_limits_are_those_of_a_large_budget() {
        let budget = CacheBudget::of_mib(1_024).expect("in range");
        assert_eq!((budget.database(), budget.warm()), (DatabaseMemory::default(), WarmLimits::default()));
    }

    #[test]
    fn budgets_outside_the_range_are_refused() {
        assert_eq!(
            CacheBudget::of_mib(CACHE_MIB_MIN - 1),
            Err(BudgetOutOfRange { found: CACHE_MIB_MIN - 1 })
        );
        assert_eq!(
            CacheBudget::of_mib(CACHE_MIB_MAX + 1),
            Err(BudgetOutOfRange { found: CACHE_MIB_MAX + 1 })
        );
    }
}
