//! `chainstack dev`: a development chain.

use std::{net::IpAddr, path::PathBuf};

use chainstack_consensus::Sealing;
use serde_json::json;

use super::{Outcome, context::Context, dev_control::Control, error::CliError, output::Answer};
use crate::{
    allocator,
    memory::{CACHE_MIB_MAX, CACHE_MIB_MIN, CacheBudget},
    node::{Node, NodeConfig, Storing},
    telemetry::log,
};

/// Run a development chain: one operator, funded keys //Alice to //Ferdie, blocks on demand.
///
/// Ends its start with `ready http://…` on stdout. Stop it with Ctrl-C; nothing is lost by killing it.
///
/// With a command, tells a development chain that runs already (`--url`) what to do.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Dev {
    #[command(subcommand)]
    control: Option<Control>,
    /// Folder of the chain's data [default: chainstack/dev in the user's data folder].
    #[arg(long, value_name = "DIR", conflicts_with = "tmp")]
    data: Option<PathBuf>,
    /// Keep the chain in a new folder that is removed at the end.
    #[arg(long)]
    tmp: bool,
    /// Seal a block every so many milliseconds, empty or not, instead of on demand.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    block_time: Option<u64>,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 9944)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Names that requests may give in their Host header, besides this machine's own; `*` allows any.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Keep the state of every height, not of the last 256 only.
    #[arg(long)]
    archive: bool,
    /// Memory for rows not yet in files, blocks of files, recent state and tries together, in MiB. Chains with much
    /// state are faster with more.
    #[arg(
        long,
        value_name = "MIB",
        default_value_t = CacheBudget::DEVELOPMENT.mib(),
        value_parser = clap::value_parser!(u32).range(i64::from(CACHE_MIB_MIN)..=i64::from(CACHE_MIB_MAX)),
    )]
    cache_mib: u32,
    /// What to log: a level, or `target=level` pairs.
    #[arg(long, env = "CHAINSTACK_LOG", default_value = "info")]
    log: String,
    /// Log lines as JSON.
    #[arg(long)]
    log_json: bool,
}

impl Dev {
    /// Runs the node until it is told to stop, or the command to one.
    ///
    /// # Errors
    /// If the chain cannot be opened, the port is taken, or the chain stops on a fault.
    pub(super) fn run(self, context: &Context) -> Outcome {
        if let Some(control) = self.control {
            return control.run(context);
        }
        // Before the node's threads start.
        allocator::hold_little();
        log::install(&self.log, self.log_json);
        let cache = CacheBudget::of_mib(self.cache_mib).map_err(|why| CliError::misuse(why.to_string()))?;
        let storing = match (self.data, self.tmp) {
            (Some(folder), _) => Storing::Folder(folder),
            (None, true) => Storing::Temporary,
            (None, false) => Storing::Folder(default_folder()?),
        };
        let config = NodeConfig {
            storing,
            sealing: self.block_time.map_or(Sealing::OnDemand, |interval_ms| Sealing::Every { interval_ms }),
            listen: (self.host, self.port).into(),
            hosts: self.allow_host,
            archive: self.archive,
            cache,
        };
        let failed = |error: anyhow::Error| {
            let hint =
                error.chain().nth(1).map(|_| "see the causes above; `chainstack doctor` checks this machine");
            let error = CliError::failed(format!("{error:#}"));
            hint.map_or(error.clone(), |hint| error.hint(hint))
        };
        let node = Node::start(config).map_err(failed)?;
        let url = format!("http://{}", node.address());
        // The promise to whoever started us: from here on the port answers.
        let ready =
            Answer::new(format!("ready {url}"), json!({"ready": url, "chain": node.chain().to_string()}));
        ready.print(if context.is_json() {
            super::output::Format::Json
        } else {
            super::output::Format::Text
        })?;
        node.run_until_signal().map_err(failed)?;
        Ok(Answer::empty())
    }
}

fn default_folder() -> Result<PathBuf, CliError> {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share")));
    let missing =
        || CliError::failed("the user has no data folder").hint("name one with --data, or use --tmp");
    Ok(data.ok_or_else(missing)?.join("chainstack/dev"))
}
