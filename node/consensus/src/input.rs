//! What an engine is told.

use chainstack_primitives::{Hash, Height, Signature};

use crate::effect::{Record, Timer};

/// Something that happened outside the engine.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Input {
    /// The node is up and its chain ends below `height`, which is to be decided next.
    Start {
        /// The first height to decide.
        height: Height,
    },
    /// Transactions wait to be included.
    WorkWaiting,
    /// Somebody with authority over the node asks for a block now, with or without transactions.
    SealNow,
    /// A timer set by [`Effect::SetTimer`](crate::Effect::SetTimer) expired.
    TimerExpired(Timer),
    /// The answer to [`Effect::Propose`](crate::Effect::Propose): a block of ours, executed but not announced.
    Proposed {
        /// Its height.
        height: Height,
        /// The round it was built for.
        round: u32,
        /// Its hash.
        block: Hash,
    },
    /// [`Effect::Propose`](crate::Effect::Propose) found nothing to propose.
    NothingToPropose {
        /// The height asked for.
        height: Height,
        /// The round asked for.
        round: u32,
    },
    /// The answer to [`Effect::Validate`](crate::Effect::Validate).
    Validated {
        /// The height asked for.
        height: Height,
        /// The round asked for.
        round: u32,
        /// The block's hash.
        block: Hash,
        /// What every honest node says of it.
        verdict: Verdict,
    },
    /// The answer to [`Effect::Sign`](crate::Effect::Sign).
    Signed {
        /// What was signed, as it was asked.
        bytes: Vec<u8>,
        /// The signature.
        signature: Signature,
    },
    /// A consensus message from a peer, within the network's size limits, not looked into.
    Received {
        /// The peer, as the network layer numbers it.
        peer: u64,
        /// The message.
        message: Vec<u8>,
    },
    /// A record read back from the log after a restart, oldest first, before [`Input::Start`].
    Replayed(Record),
}

/// What the rules say of a block. That a machine could not tell is no verdict, and has no name here: nobody may
/// vote on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It may be decided.
    Valid,
    /// It breaks the rules and is never decided.
    Invalid,
}
