//! The wiring of a node: where everything meets, and nothing is decided.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result};
use chainstack_consensus::Sealing;
use chainstack_host::{Executor, ExecutorConfig};
use chainstack_primitives::{Block, BoundedVec, Bytes, ChainId};
use chainstack_runtime::{
    genesis::{self, Genesis},
    params::Schedule,
    ports::Parallel,
};
use chainstack_storage::{BlockCommit, HistoryMode, RocksBackend, Store, StoreOptions};

use crate::{
    chain::{Chain, Parts, SystemClock},
    code_cache,
    memory::CacheBudget,
    mempool::Bounds,
    rpc::{self, RpcContext, RpcServer},
    service::Service,
    spec,
    telemetry::metrics::Metrics,
    threads::Threads,
};

/// Where a chain is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Storing {
    /// In this folder, which is made if it is not there.
    Folder(PathBuf),
    /// In a new folder that is removed at the end.
    Temporary,
}

/// How a node runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeConfig {
    /// Where the chain is kept.
    pub storing: Storing,
    /// When blocks are made.
    pub sealing: Sealing,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Names that requests may give in their `Host` header besides this machine's own.
    pub hosts: Vec<String>,
    /// Whether the state of every height is kept.
    pub archive: bool,
    /// What it may hold so as not to read it again.
    pub cache: CacheBudget,
}

/// A folder that is removed when dropped.
struct TemporaryFolder(PathBuf);

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's cleaning of its folder of temporary files.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

/// A running node.
pub struct Node {
    service: Service,
    server: RpcServer,
    chain: ChainId,
    _folder: Option<TemporaryFolder>,
}

impl Node {
    /// Opens the chain and answers on the port.
    ///
    /// # Errors
    /// If the store cannot be opened, belongs to another chain, or the port is taken.
    pub fn start(config: NodeConfig) -> Result<Self> {
        let (folder, temporary) = folder_of(&config.storing)?;
        let schedule = Arc::new(Schedule::base().context("the program's own parameters")?);
        let genesis = spec::dev(&schedule)?;
        let threads: Arc<dyn Parallel + Send + Sync> = Arc::new(Threads::all());
        let history = if config.archive { HistoryMode::Archive } else { HistoryMode::default() };
        let options = StoreOptions { history, warm: config.cache.warm() };
        let backend = RocksBackend::open_within(folder.join("store"), config.cache.database())
            .with_context(|| format!("cannot open the chain in {}", folder.display()))?;
        // Only now is the data folder this process's own.
        let keeping =
            ExecutorConfig { code_cache: code_cache::in_data_folder(&folder), ..Default::default() };
        let executor = Arc::new(Executor::new(keeping, (*schedule).clone())?);
        let store = open_store(backend, &genesis, &schedule, &executor, &options)
            .with_context(|| format!("cannot open the chain in {}", folder.display()))?;
        let parts_time = store.head().header.core.time_ms.0;
        let clock = SystemClock::not_before(parts_time);
        let metrics = Arc::new(Metrics::new());
        let parts = Parts {
            store: store.clone(),
            executor: Arc::clone(&executor),
            genesis: genesis.clone(),
            schedule: Arc::clone(&schedule),
            parallel: threads,
            clock: Box::new(clock.clone()),
            sealing: config.sealing,
            operator: spec::operator()?,
            bounds: Bounds::default(),
            tries_bytes: config.cache.tries_bytes(),
            metrics: Arc::clone(&metrics),
        };
        let chain = Chain::start(parts)?;
        let (id, engine) = (chain.id(), chain.engine_name());
        let service = Service::start(chain)?;
        let context = RpcContext {
            service: service.clone(),
            store,
            executor,
            schedule,
            genesis,
            metrics,
            engine,
            chain: id,
            clock,
        };
        let server = rpc::serve(context, config.listen, config.hosts)
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        Ok(Self { service, server, chain: id, _folder: temporary })
    }

    /// Where the node listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The chain's id.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// Runs until Ctrl-C, a termination signal, or a fault.
    ///
    /// # Errors
    /// The fault that stopped the chain.
    pub fn run_until_signal(self) -> Result<()> {
        let service = self.service.clone();
        self.server.run_until(async move { stopped(service).await });
        self.server.stop();
        self.service.stop()?;
        Ok(())
    }
}

/// Waits for a signal, or for the chain to end by itself.
async fn stopped(service: Service) {
    use tokio::signal::unix::{SignalKind, signal};
    let (ended, hears) = tokio::sync::oneshot::channel();
    // A thread of its own: the executor's are for requests.
    let waits = std::thread::Builder::new().name("chain-end".to_owned()).spawn(move || {
        service.wait();
        // Nobody may be listening any more.
        let _heard = ended.send(());
    });
    if let Err(error) = waits {
        tracing::warn!(target: "chainstack", %error, "no thread to watch the chain");
    }
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hears => {}
            }
        }
        // Without signal handlers the process ends by the system's default.
        _ => _ = hears.await,
    }
}

fn folder_of(storing: &Storing) -> Result<(PathBuf, Option<TemporaryFolder>)> {
    let (folder, temporary) = match storing {
        Storing::Folder(folder) => (folder.clone(), false),
        Storing::Temporary => {
            let mut random = [0; 8];
            getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
            (std::env::temp_dir().join(format!("chainstack-{}", hex::encode(random))), true)
        }
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let guard = temporary.then(|| TemporaryFolder(folder.clone()));
    Ok((folder, guard))
}

/// Opens the chain of `genesis` on `backend`, or creates it there.
///
/// # Errors
/// If the store is of another chain, damaged, or cannot be written.
pub fn open_store(
    backend: impl chainstack_storage::Backend + 'static,
    genesis: &Genesis,
    schedule: &Schedule,
    executor: &Executor,
    options: &StoreOptions,
) -> Result<Store> {
    let applied = genesis::build(genesis, schedule, executor)?;
    let block =
        Block { header: applied.header.clone(), transactions: BoundedVec::new(), last_commit: Bytes::new() };
    let commit = BlockCommit::of(&block, &applied);
    Ok(Store::open_or_create(backend, &commit, options)?)
}
