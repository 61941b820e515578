//! Contracts kept ready, by least recent use.

use std::sync::Arc;

use chainstack_primitives::Hash;
use hashbrown::HashMap;

use crate::machine::Contract;

/// The map only finds contracts; what is walked is walked for the least number, so hash order never shows.
#[derive(Default)]
pub(super) struct Kept {
    contracts: HashMap<Hash, (u64, Arc<Contract>)>,
    uses: u64,
}

impl Kept {
    pub(super) fn len(&self) -> usize {
        self.contracts.len()
    }

    pub(super) fn get(&mut self, code: &Hash) -> Option<Arc<Contract>> {
        let now = self.tick();
        let (used, contract) = self.contracts.get_mut(code)?;
        *used = now;
        Some(Arc::clone(contract))
    }

    /// Keeps a contract. What had to go, to be dropped outside of any lock.
    pub(super) fn insert(&mut self, contract: Arc<Contract>, limit: usize) -> Vec<Arc<Contract>> {
        let mut evicted = Vec::new();
        while self.contracts.len() >= limit.max(1) && !self.contracts.contains_key(&contract.code) {
            let oldest = self.contracts.iter().min_by_key(|(_, (used, _))| *used).map(|(code, _)| *code);
            match oldest.and_then(|code| self.contracts.remove(&code)) {
                Some((_, contract)) => evicted.push(contract),
                None => break,
            }
        }
        let now = self.tick();
        evicted.extend(self.contracts.insert(contract.code, (now, contract)).map(|(_, contract)| contract));
        evicted
    }

    fn tick(&mut self) -> u64 {
        self.uses = self.uses.wrapping_add(1); // never reached; order is only a hint
        self.uses
    }
}
