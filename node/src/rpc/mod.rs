//! JSON-RPC over HTTP and WebSocket, `/metrics` and `/health`, all on one port.
//!
//! Reads look at the store directly, at one block boundary each; writes go through the chain's thread. Signatures
//! are verified on the calling worker, before the chain is asked. The page of all methods is `node/docs/rpc.md`.

mod calls;
mod chain;
mod connection;
mod contract;
mod dev;
pub mod discover;
pub mod error;
mod events;
pub mod front;
mod history;
pub mod json;
pub mod limits;
pub mod methods;
mod outlook;
pub mod params;
pub mod schema;
mod server;
mod state;
mod subscribe;
mod trace;
mod tx;

use std::sync::Arc;

use chainstack_host::Executor;
use chainstack_primitives::{ChainId, Hash, Height};
use chainstack_runtime::{
    block::{BlockInfo, Machine},
    genesis::Genesis,
    params::Schedule,
    ports::{Parallel, Serial},
};
use chainstack_storage::{StateView, StorageFault, Store};
use jsonrpsee::types::ErrorObjectOwned;

pub(crate) use self::dev::WARP_MS_MAX;
pub use self::server::{RpcServer, serve};
use crate::{
    chain::{Clock as _, SystemClock},
    service::Service,
    telemetry::metrics::Metrics,
};

/// What the methods work on. Cheap to clone.
#[derive(Clone)]
pub struct RpcContext {
    /// The door to the chain's thread.
    pub service: Service,
    /// Durable bytes.
    pub store: Store,
    /// Runs contracts.
    pub executor: Arc<Executor>,
    /// Parameters in force.
    pub schedule: Arc<Schedule>,
    /// The chain's first block, as described.
    pub genesis: Genesis,
    /// What an operator sees.
    pub metrics: Arc<Metrics>,
    /// The engine's name.
    pub engine: &'static str,
    /// The chain's id.
    pub chain: ChainId,
    /// The chain's clock, warped as the chain has warped it.
    pub clock: SystemClock,
}

/// The threads a request computes on: its own.
static SERIAL: &(dyn Parallel + Send + Sync) = &Serial;

impl RpcContext {
    /// State at `height`, or at the head.
    ///
    /// # Errors
    /// Not found past the head, pruned below the kept history.
    pub fn view(&self, height: Option<Height>) -> Result<StateView, ErrorObjectOwned> {
        let head = self.store.head();
        match height {
            None => Ok(self.store.view()),
            Some(height) if height > head.height() => {
                Err(error::not_found(format!("height {height} asked, the chain is at {}", head.height())))
            }
            Some(height) => self.store.view_at(height).map_err(|fault| of_storage(&fault)),
        }
    }

    /// What the block after `view` would show to contracts: at the head, now and at the base fee in force; at an
    /// earlier height, what the block there showed, one millisecond later.
    ///
    /// # Errors
    /// If the header cannot be read.
    pub fn next_block(&self, view: &StateView) -> Result<BlockInfo, ErrorObjectOwned> {
        let header = self.header(view.height())?;
        let mut info = BlockInfo::of_header(&header, self.chain);
        info.height = Height(info.height.0.saturating_add(1));
        info.time_ms.0 = info.time_ms.0.saturating_add(1);
        let head = self.store.head();
        if head.height() == view.height() {
            info.base_fee = head.as_parent().child_base_fee(&self.schedule);
            info.time_ms.0 = info.time_ms.0.max(self.clock.now_ms());
        }
        Ok(info)
    }

    /// What calls run on over `view`.
    #[must_use]
    pub fn machine<'a>(&'a self, view: &'a StateView) -> Machine<'a> {
        Machine {
            reader: view,
            nodes: view,
            executor: &*self.executor,
            schedule: &self.schedule,
            parallel: SERIAL,
        }
    }

    /// The header at `height`.
    ///
    /// # Errors
    /// Not found past the head.
    pub fn header(&self, height: Height) -> Result<chainstack_primitives::Header, ErrorObjectOwned> {
        let header = self.store.header(height).map_err(|fault| of_storage(&fault))?;
        header.ok_or_else(|| error::not_found(format!("there is no block {height}")))
    }

    /// Counts a transaction that was refused before the chain saw it.
    pub fn count_refused(&self, code: u16) {
        let outcome = crate::cli::error::name_of(code);
        self.metrics.refused.get_or_create(&crate::telemetry::metrics::Outcome { outcome }).inc();
    }

    /// Height of the block with this hash.
    ///
    /// # Errors
    /// Not found.
    pub fn height_of(&self, hash: &Hash) -> Result<Height, ErrorObjectOwned> {
        let height = self.store.height_of(hash).map_err(|fault| of_storage(&fault))?;
        height.ok_or_else(|| error::not_found(format!("there is no block {hash}")))
    }
}

/// A fault of the store, or the news that it no longer keeps what was asked.
#[must_use]
pub fn of_storage(fault: &StorageFault) -> ErrorObjectOwned {
    match fault {
        StorageFault::Pruned { .. } | StorageFault::Reverted => {
            ErrorObjectOwned::owned(error::PRUNED, fault.to_string(), None::<()>)
        }
        other => error::fault(other),
    }
}
