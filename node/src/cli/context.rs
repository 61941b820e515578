//! What commands share: the node, the user's folder, who an account argument means.

use std::{collections::BTreeMap, fs, io::Write as _, path::PathBuf};

use chainstack_client::{KeyPair, Ss58Prefix, parse_address, rpc::RpcClient};
use chainstack_primitives::AccountId;
use serde_json::Value;

use super::{
    Global,
    error::{CliError, Exit},
    secret,
    writable::check_writable,
};

/// Greatest length of an alias, in bytes.
pub const ALIAS_LENGTH_MAX: usize = 32;

/// The surroundings of a command.
pub struct Context {
    global: Global,
    client: RpcClient,
}

impl Context {
    /// From the options of every command.
    #[must_use]
    pub fn new(global: Global) -> Self {
        let client = RpcClient::new(&global.url);
        Self { global, client }
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

    fn aliases_path(&self) -> Result<PathBuf, CliError> {
        Ok(self.home()?.join("aliases.json"))
    }

    /// Every alias and the address it stands for.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn aliases(&self) -> Result<BTreeMap<String, String>, CliError> {
        let path = self.aliases_path()?;
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                CliError::failed(format!("{} is not a list of aliases: {error}", path.display()))
                    .hint("mend or remove the file")
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(CliError::failed(format!("cannot read {}: {error}", path.display()))),
        }
    }

    /// Whether an alias could be remembered: it is well formed, the list can be read, its folder takes files. Asked
    /// before what the alias is for is paid.
    ///
    /// # Errors
    /// Exit code 2 if the alias is not `[a-z0-9_-]{1,32}`, 1 if the list or the folder is no good.
    pub fn check_alias_can_be_set(&self, alias: &str) -> Result<(), CliError> {
        check_alias(alias)?;
        self.aliases()?;
        check_writable(&self.home()?)
    }

    /// Remembers that `alias` stands for `address`; an older meaning is replaced.
    ///
    /// # Errors
    /// If the alias is not `[a-z0-9_-]{1,32}`, or the file cannot be written.
    pub fn set_alias(&self, alias: &str, address: &str) -> Result<(), CliError> {
        check_alias(alias)?;
        let mut aliases = self.aliases()?;
        aliases.insert(alias.to_owned(), address.to_owned());
        let path = self.aliases_path()?;
        let failed =
            |error: std::io::Error| CliError::failed(format!("cannot write {}: {error}", path.display()));
        let text = serde_json::to_string_pretty(&aliases)
            .map_err(|error| CliError::failed(format!("aliases cannot be written: {error}")))?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let beside = path.with_extension("json.new");
        let mut file = fs::File::create(&beside).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&beside, &path).map_err(failed)
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
        if let Some(address) = self.aliases()?.get(text) {
            return Ok(parse_address(address, Ss58Prefix::DEFAULT).ok());
        }
        if let Some(account) = self.key_named(text)? {
            return Ok(Some(account));
        }
        Ok(parse_address(text, Ss58Prefix::DEFAULT).ok())
    }

    fn key_named(&self, name: &str) -> Result<Option<AccountId>, CliError> {
        super::account::public_of(self, name)
    }

    /// As [`Context::account`], for the value codec, which asks for `None` when it means nobody.
    pub fn resolver(&self) -> impl Fn(&str) -> Option<AccountId> + '_ {
        |text| self.account_if_known(text).ok().flatten()
    }
}

fn check_alias(alias: &str) -> Result<(), CliError> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    if (1..=ALIAS_LENGTH_MAX).contains(&alias.len()) && alias.bytes().all(fits) {
        return Ok(());
    }
    Err(CliError::misuse(format!("`{alias}` is no alias")).hint("use 1 to 32 of a-z, 0-9, - and _"))
}
