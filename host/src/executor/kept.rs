//! Contracts kept ready, by least recent use, within a number and a size.

use std::sync::Arc;

use chainstack_primitives::Hash;
use hashbrown::HashMap;

use crate::machine::Contract;

/// What may be kept. Code of genesis comes on top: it is never dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct KeptLimits {
    pub(super) contracts_max: usize,
    pub(super) bytes_max: usize,
}

/// The map only finds contracts; what is walked is walked for the least number, so hash order never shows.
#[derive(Default)]
pub(super) struct Kept {
    contracts: HashMap<Hash, Place>,
    /// Uploaded ones among them, and what those hold.
    uploaded: usize,
    uploaded_bytes: usize,
    uses: u64,
}

struct Place {
    used: u64,
    bytes: usize,
    contract: Arc<Contract>,
}

impl Kept {
    pub(super) fn len(&self) -> usize {
        self.contracts.len()
    }

    /// What the uploaded contracts hold.
    pub(super) const fn bytes(&self) -> usize {
        self.uploaded_bytes
    }

    pub(super) fn get(&mut self, code: &Hash) -> Option<Arc<Contract>> {
        let now = self.tick();
        let place = self.contracts.get_mut(code)?;
        place.used = now;
        Some(Arc::clone(&place.contract))
    }

    /// Keeps a contract, unless it is larger alone than all that may be kept: the one to use from here on, which is
    /// another if one thread was quicker than another, and what is not kept, to be dropped outside of any lock.
    pub(super) fn insert(
        &mut self,
        contract: Arc<Contract>,
        limits: KeptLimits,
    ) -> (Arc<Contract>, Vec<Arc<Contract>>) {
        let (code, bytes) = (contract.source.code, contract.held_bytes());
        if let Some(place) = self.contracts.get(&code)
            && place.contract.source == contract.source
        {
            return (Arc::clone(&place.contract), vec![contract]);
        }
        let mut out: Vec<_> = self.remove(&code).into_iter().collect();
        if !contract.source.genesis {
            if bytes > limits.bytes_max {
                out.push(Arc::clone(&contract));
                return (contract, out);
            }
            while self.uploaded >= limits.contracts_max.max(1)
                || self.uploaded_bytes.saturating_add(bytes) > limits.bytes_max
            {
                match self.oldest().and_then(|code| self.remove(&code)) {
                    Some(contract) => out.push(contract),
                    None => break,
                }
            }
            self.uploaded = self.uploaded.saturating_add(1);
            self.uploaded_bytes = self.uploaded_bytes.saturating_add(bytes);
        }
        let used = self.tick();
        self.contracts.insert(code, Place { used, bytes, contract: Arc::clone(&contract) });
        (contract, out)
    }

    fn oldest(&self) -> Option<Hash> {
        let uploaded = self.contracts.iter().filter(|(_, place)| !place.contract.source.genesis);
        uploaded.min_by_key(|(_, place)| place.used).map(|(code, _)| *code)
    }

    fn remove(&mut self, code: &Hash) -> Option<Arc<Contract>> {
        let place = self.contracts.remove(code)?;
        if !place.contract.source.genesis {
            self.uploaded = self.uploaded.saturating_sub(1);
            self.uploaded_bytes = self.uploaded_bytes.saturating_sub(place.bytes);
        }
        Some(place.contract)
    }

    fn tick(&mut self) -> u64 {
        self.uses = self.uses.wrapping_add(1); // never reached; order is only a hint
        self.uses
    }
}
