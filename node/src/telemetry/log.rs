//! Logs go to stderr: one line per block at `info`, structured fields, fixed messages.

use tracing_subscriber::EnvFilter;

/// Installs the log output. `filter` is in the usual form (`info`, `chainstack=debug`); a second call does
/// nothing.
pub fn install(filter: &str, as_json: bool) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(true);
    // The first installation wins; tests may come here twice.
    let _first_wins = if as_json { builder.json().try_init() } else { builder.compact().try_init() };
}
