//! The port: jsonrpsee's service behind [`super::front`], on connections of [`super::connection`].

use std::{
    collections::BTreeSet,
    future::Future,
    net::SocketAddr,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Result;
use jsonrpsee::{
    Methods, RpcModule,
    core::middleware::RpcServiceBuilder,
    server::{BatchRequestConfig, PingConfig, ServerBuilder, ServerConfig, ServerHandle, stop_channel},
};
use serde_json::json;
use tokio::{net::TcpListener, runtime::Runtime};

use super::{
    RpcContext,
    calls::CountedLayer,
    chain,
    connection::accept,
    contract, dev,
    discover::document,
    events,
    front::{FrontLayer, Pages},
    limits::{BATCH_MAX, MESSAGES_MAX, REQUEST_SIZE_MAX, RESPONSE_SIZE_MAX, SUBSCRIPTIONS_MAX, WORKERS_MAX},
    methods::declared,
    state, subscribe, tx,
};
use crate::telemetry::metrics::raise;

/// The engine under which a chain has the `dev_*` methods.
const DEVELOPMENT_ENGINE: &str = "solo";

/// Time for which an idle worker keeps its thread: as good as always.
const WORKER_KEPT: Duration = Duration::from_secs(365 * 24 * 3_600);
/// Most time that the first workers wait for the last one to have its thread.
const WORKERS_START: Duration = Duration::from_secs(1);

/// A running RPC port, and the executor it runs on.
pub struct RpcServer {
    runtime: Runtime,
    handle: ServerHandle,
    address: SocketAddr,
}

impl RpcServer {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `end` is done.
    pub fn run_until(&self, end: impl Future<Output = ()>) {
        self.runtime.block_on(end);
    }

    /// Stops listening and ends running requests.
    pub fn stop(self) {
        // An error says that it has stopped already.
        let _stopped = self.handle.stop();
        self.runtime.shutdown_timeout(Duration::from_secs(2));
    }
}

impl Pages for RpcContext {
    fn metrics(&self) -> String {
        raise(&self.metrics.storage_syncs, self.store.counters().syncs);
        self.metrics.set_contracts(&self.executor.counts());
        self.metrics.text()
    }

    fn health(&self) -> (bool, String) {
        let well = !self.store.is_poisoned() && self.service.is_running();
        let body = json!({"healthy": well, "height": self.store.head().height().0});
        (well, body.to_string())
    }
}

/// Listens on `listen` and answers until stopped. `hosts` are names that requests may give in their `Host`
/// header besides this machine's own.
///
/// # Errors
/// If the port is taken or the system gives no threads.
pub fn serve(context: RpcContext, listen: SocketAddr, hosts: Vec<String>) -> Result<RpcServer> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("rpc")
        .max_blocking_threads(WORKERS_MAX)
        .thread_keep_alive(WORKER_KEPT)
        .build()?;
    start_workers(&runtime);
    let methods: Methods = module(context.clone())?.into();
    let mut names =
        vec![host_of(&listen), "localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
    names.extend(hosts);
    let front = FrontLayer::new(Arc::new(context), names);
    let config = ServerConfig::builder()
        .max_request_body_size(REQUEST_SIZE_MAX)
        .max_response_body_size(RESPONSE_SIZE_MAX)
        // Connections are counted where they are accepted.
        .max_connections(u32::MAX)
        .max_subscriptions_per_connection(SUBSCRIPTIONS_MAX)
        .set_message_buffer_capacity(MESSAGES_MAX)
        .set_batch_request_config(BatchRequestConfig::Limit(BATCH_MAX))
        .enable_ws_ping(PingConfig::new())
        .build();
    let services = ServerBuilder::new()
        .set_config(config)
        .set_http_middleware(tower::ServiceBuilder::new().layer(front))
        .to_service_builder();
    let (stop, handle) = stop_channel();
    let listener = runtime.block_on(TcpListener::bind(listen))?;
    let address = listener.local_addr()?;
    let stopped = stop.clone();
    runtime.spawn(accept(listener, stop, move |gate| {
        let counted = RpcServiceBuilder::new().layer(CountedLayer(Arc::clone(gate)));
        services.clone().set_rpc_middleware(counted).build(methods.clone(), stopped.clone())
    }));
    Ok(RpcServer { runtime, handle, address })
}

/// Starts all workers now. One that starts when two requests happen to meet brings its share of memory with it, and a
/// node would grow by that for as long as its clients are lucky.
fn start_workers(runtime: &Runtime) {
    let started = Arc::new((Mutex::new(0_usize), Condvar::new()));
    for _ in 0..WORKERS_MAX {
        let started = Arc::clone(&started);
        // Each holds its thread until all have one. A system that gives fewer threads is served by those.
        runtime.spawn_blocking(move || {
            let (count, changed) = &*started;
            let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
            *count += 1;
            changed.notify_all();
            let _all = changed.wait_timeout_while(count, WORKERS_START, |count| *count < WORKERS_MAX);
        });
    }
}

/// An address as `Host` headers name it: version 6 stands in brackets.
fn host_of(listen: &SocketAddr) -> String {
    match listen {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

/// Every method.
fn module(context: RpcContext) -> Result<RpcModule<RpcContext>> {
    // One operator decides alone on development chains only.
    let is_development = context.engine == DEVELOPMENT_ENGINE;
    let mut module = RpcModule::new(context);
    chain::register(&mut module)?;
    tx::register(&mut module)?;
    state::register(&mut module)?;
    contract::register(&mut module)?;
    events::register(&mut module)?;
    subscribe::register(&mut module)?;
    if is_development {
        dev::register(&mut module)?;
    }
    check_declared(&module, is_development)?;
    let document = document(is_development);
    module.register_method("rpc.discover", move |_, _, _| document.clone())?;
    Ok(module)
}

/// Whether the table declares exactly the registered methods: a node that answers what nobody can look up, or the
/// other way round, does not start.
fn check_declared(module: &RpcModule<RpcContext>, is_development: bool) -> Result<()> {
    let registered: BTreeSet<&str> =
        module.method_names().filter(|name| !name.starts_with("unsubscribe_")).collect();
    let listed: BTreeSet<&str> = declared(is_development).map(|method| method.name).collect();
    let difference: Vec<_> = registered.symmetric_difference(&listed).collect();
    anyhow::ensure!(difference.is_empty(), "methods registered or declared only: {difference:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_versions_are_hosts() {
        for (listen, host) in [("10.0.0.7:1", "10.0.0.7"), ("[fe80::1]:9944", "[fe80::1]")] {
            assert_eq!(host_of(&listen.parse().expect("an address")), host);
        }
    }
}
