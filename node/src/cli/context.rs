//! What commands share: the node, the user's folder, who an account argument means.

use std::{cell::OnceCell, path::PathBuf};

use chainstack_client::{KeyPair, Ss58Prefix, parse_address, rpc::RpcClient};
use chainstack_primitives::AccountId;
use serde_json::Value;

use super::{
    Global,
    aliases::{self, Aliases},
    error::{CliError, Exit},
    secret,
    writable::check_writable,
};

/// The surroundings of a command.
pub struct Context {
    global: Global,
    client: RpcClient,
    /// The node's chain, once it was asked for.
    chain: OnceCell<String>,
}

impl Context {
    /// From the options of every command.
    #[must_use]
    pub fn new(global: Global) -> Self {
        let client = RpcClient::new(&global.url);
        Self { global, client, chain: OnceCell::new() }
    }

    /// The node.
    #[must_use]
    pub const fn client(&self) -> &RpcClient {
        &self.client
    }

    /// How answers are printed.
    #[must_use]
    pub const fn format(&self) -> super::output::Format {
        self.global.output
    }

    /// Whether answers are printed as JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.global.output == super::output::Format::Json
    }

    /// Calls the node.
    ///
    /// # Errors
    /// [`CliError`] with the exit code of what went wrong.
    pub fn rpc(&self, method: &str, params: &[Value]) -> Result<Value, CliError> {
        Ok(self.client.call(method, params)?)
    }

    /// The user's folder of keys and aliases; not made yet.
    ///
    /// # Errors
    /// If no folder was named and the user has none.
    pub fn home(&self) -> Result<PathBuf, CliError> {
        if let Some(home) = &self.global.home {
            return Ok(home.clone());
        }
        let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let config =
            config.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")));
        config.map(|folder| folder.join("chainstack")).ok_or_else(|| {
            CliError::failed("the user has no config folder").hint("name one with --home or CHAINSTACK_HOME")
        })
    }

    /// The id of the node's chain.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn chain(&self) -> Result<&str, CliError> {
        if self.chain.get().is_none() {
            let status = self.rpc("chain_status", &[])?;
            let found = status.get("chain").and_then(Value::as_str);
            let found = found.ok_or_else(|| CliError::failed("the node's answer is not of this version"))?;
            // It was empty a moment ago, and a command has one thread.
            let _first = self.chain.set(found.to_owned());
        }
        self.chain.get().map(String::as_str).ok_or_else(|| CliError::failed("the node has no chain"))
    }

    fn aliases_path(&self) -> Result<PathBuf, CliError> {
        Ok(self.home()?.join("aliases.json"))
    }

    /// Remembers that `alias` stands for `address` on the node's chain; an older meaning there is replaced.
    ///
    /// # Errors
    /// If the alias is not `[a-z0-9_-]{1,32}`, the node does not answer, or the file cannot be written.
    pub fn set_alias(&self, alias: &str, address: &str) -> Result<(), CliError> {
        aliases::check(alias)?;
        let path = self.aliases_path()?;
        let mut aliases = Aliases::read(&path)?;
        aliases.set(self.chain()?, alias, address)?;
        aliases.write(&path)
    }

    /// Whether an alias could be remembered: it is well formed, the list can be read, its folder takes files. Asked
    /// before what the alias is for is paid.
    ///
    /// # Errors
    /// Exit code 2 if the alias is not `[a-z0-9_-]{1,32}`, 1 if the list or the folder is no good.
    pub fn check_alias_can_be_set(&self, alias: &str) -> Result<(), CliError> {
        aliases::check(alias)?;
        Aliases::read(&self.aliases_path()?)?;
        check_writable(&self.home()?)
    }

    /// The address that an alias stands for on the node's chain. The node is asked for its chain only if the name
    /// is an alias anywhere.
    fn alias(&self, name: &str) -> Result<Alias, CliError> {
        let aliases = Aliases::read(&self.aliases_path()?)?;
        if aliases.chains_with(name).next().is_none() {
            return Ok(Alias::None);
        }
        let chain = self.chain()?;
        if let Some(address) = aliases.on(chain, name) {
            return Ok(Alias::Here(address.to_owned()));
        }
        let elsewhere: Vec<&str> = aliases.chains_with(name).collect();
        let text = format!(
            "`{name}` is an alias on another chain ({}), and this node's chain is {chain}",
            elsewhere.join(", ")
        );
        let error = CliError::new(Exit::NotFound, text);
        Ok(Alias::Elsewhere(error.hint(format!("deploy here with `--as {name}`, or give an address"))))
    }

    /// Whom an account argument means: an address, `0x` hex, an alias, the name of a key, or a secret URI
    /// such as `//Alice`.
    ///
    /// # Errors
    /// If it means nobody.
    pub fn account(&self, text: &str) -> Result<AccountId, CliError> {
        self.account_if_known(text)?.ok_or_else(|| {
            let text = secret::shown(text);
            CliError::new(Exit::NotFound, format!("{text} is no address, alias, key name or secret URI"))
                .hint("`chainstack account list` shows your keys; aliases are made by `deploy --as NAME`")
        })
    }

    fn account_if_known(&self, text: &str) -> Result<Option<AccountId>, CliError> {
        secret::refuse(text)?;
        if text.starts_with("//") {
            let key =
                KeyPair::from_uri(text).map_err(|error| CliError::misuse(format!("`{text}`: {error}")))?;
            return Ok(Some(key.public()));
        }
        let elsewhere = match self.alias(text)? {
            Alias::Here(address) => return Ok(parse_address(&address, Ss58Prefix::DEFAULT).ok()),
            Alias::Elsewhere(error) => Some(error),
            Alias::None => None,
        };
        if let Some(account) = self.key_named(text)? {
            return Ok(Some(account));
        }
        elsewhere.map_or_else(|| Ok(parse_address(text, Ss58Prefix::DEFAULT).ok()), Err)
    }

    fn key_named(&self, name: &str) -> Result<Option<AccountId>, CliError> {
        super::account::public_of(self, name)
    }

    /// As [`Context::account`], for the value codec, which asks for `None` when it means nobody.
    pub fn resolver(&self) -> impl Fn(&str) -> Option<AccountId> + '_ {
        |text| self.account_if_known(text).ok().flatten()
    }
}

/// What a name is as an alias.
enum Alias {
    /// None.
    None,
    /// One of the node's chain: the address.
    Here(String),
    /// One of other chains only: why it cannot be used.
    Elsewhere(CliError),
}
