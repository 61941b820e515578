//! The port: one jsonrpsee server behind [`super::front`].

use std::{future::Future, net::SocketAddr, sync::Arc};

use anyhow::Result;
use jsonrpsee::{
    RpcModule,
    server::{BatchRequestConfig, PingConfig, ServerBuilder, ServerConfig, ServerHandle},
};
use serde_json::json;
use tokio::runtime::Runtime;

use super::{
    RpcContext, chain, contract, dev, events,
    front::{FrontLayer, Pages},
    limits::{
        BATCH_MAX, CONNECTIONS_MAX, REQUEST_SIZE_MAX, RESPONSE_SIZE_MAX, SUBSCRIPTIONS_MAX, WORKERS_MAX,
        sender_time,
    },
    state, subscribe, tx,
};
use crate::telemetry::metrics::raise;

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
        self.runtime.shutdown_timeout(std::time::Duration::from_secs(2));
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
        .build()?;
    let methods = module(context.clone())?;
    let mut names =
        vec![listen.ip().to_string(), "localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
    names.extend(hosts);
    let front = FrontLayer::new(Arc::new(context), names);
    let config = ServerConfig::builder()
        .max_request_body_size(REQUEST_SIZE_MAX)
        .max_response_body_size(RESPONSE_SIZE_MAX)
        .max_connections(CONNECTIONS_MAX)
        .max_subscriptions_per_connection(SUBSCRIPTIONS_MAX)
        .set_batch_request_config(BatchRequestConfig::Limit(BATCH_MAX))
        .enable_ws_ping(PingConfig::new())
        .set_first_request_timeout(Some(sender_time()))
        .build();
    let (handle, address) = runtime.block_on(async {
        let middleware = tower::ServiceBuilder::new().layer(front);
        let server =
            ServerBuilder::new().set_config(config).set_http_middleware(middleware).build(listen).await?;
        let address = server.local_addr()?;
        anyhow::Ok((server.start(methods), address))
    })?;
    Ok(RpcServer { runtime, handle, address })
}

/// Every method.
fn module(context: RpcContext) -> Result<RpcModule<RpcContext>> {
    let mut module = RpcModule::new(context);
    chain::register(&mut module)?;
    tx::register(&mut module)?;
    state::register(&mut module)?;
    contract::register(&mut module)?;
    events::register(&mut module)?;
    subscribe::register(&mut module)?;
    dev::register(&mut module)?;
    let mut names: Vec<&str> = module.method_names().collect();
    names.sort_unstable();
    let methods: Vec<_> = names
        .iter()
        .map(|name| json!({"name": name, "params": [], "result": {"name": "result", "schema": {}}}))
        .collect();
    let document = json!({
        "openrpc": "1.3.2",
        "info": {"title": "ChainStack", "version": env!("CARGO_PKG_VERSION")},
        "methods": methods,
    });
    module.register_method("rpc.discover", move |_, _, _| document.clone())?;
    Ok(module)
}
