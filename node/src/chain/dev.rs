//! What a development chain can do besides.

use chainstack_consensus::{Input, Solo};
use chainstack_primitives::{Height, TimeMs};
use chainstack_runtime::{ports::Fault, state::Tries};
use chainstack_storage::RevertError;

use super::Chain;

impl Chain {
    /// Seals a block now, with or without transactions. The new height.
    ///
    /// # Errors
    /// [`Fault`] if this machine failed.
    pub fn seal_now(&mut self) -> Result<Height, Fault> {
        self.step(Input::SealNow)?;
        Ok(self.head().0)
    }

    /// Moves the clock forward by `ms` and seals a block, so that contracts see the new time. That time.
    ///
    /// # Errors
    /// [`Fault`] if this machine failed.
    pub fn warp(&mut self, ms: u64) -> Result<TimeMs, Fault> {
        let parent = self.parent.header().core.time_ms.0;
        let behind = parent.saturating_sub(self.parts.clock.now_ms());
        self.parts.clock.advance_ms(ms.saturating_add(behind));
        self.seal_now()?;
        Ok(self.parent.header().core.time_ms)
    }

    /// Takes the chain back to `height` and forgets what waits in the pool. The answer says if the height is not
    /// there to go back to; then nothing has changed.
    ///
    /// # Errors
    /// [`Fault`] if this machine failed.
    pub fn revert(&mut self, height: Height) -> Result<Result<(), RevertError>, Fault> {
        match self.parts.store.revert_to(height) {
            Ok(_) => {}
            Err(RevertError::Fault(fault)) => return Err(Fault(Box::new(fault))),
            Err(refused) => return Ok(Err(refused)),
        }
        self.parent = self.parts.store.head().as_parent();
        self.tries = Tries::cold();
        self.mempool.clear();
        self.proposed = None;
        self.timer = None;
        self.engine = Box::new(Solo::new(self.parts.sealing));
        self.observe_head();
        let next = self.next_height()?;
        self.step(Input::Start { height: next })?;
        Ok(Ok(()))
    }
}
