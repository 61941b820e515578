//! Aliases: names that a user gave to contracts, each on the chain it stands on.
//!
//! An address means nothing on another chain, so the file `aliases.json` keeps names by chain id, the hash of the
//! genesis block: `{"chains": {"0x…": {"gold": "5F…"}}}`.

use std::{collections::BTreeMap, fs, io::Write as _, path::Path};

use serde::{Deserialize, Serialize};

use super::error::CliError;

/// Greatest length of an alias, in bytes.
pub const ALIAS_LENGTH_MAX: usize = 32;

/// Every alias of a user.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aliases {
    /// By chain: name to address.
    chains: BTreeMap<String, BTreeMap<String, String>>,
}

impl Aliases {
    /// The aliases in the file at `path`; none if there is no file.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                CliError::failed(format!("{} is not a list of aliases by chain: {error}", path.display()))
                    .hint("remove the file, and name your contracts again with `deploy --as NAME`")
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(CliError::failed(format!("cannot read {}: {error}", path.display()))),
        }
    }

    /// The address that `name` stands for on `chain`.
    #[must_use]
    pub fn on(&self, chain: &str, name: &str) -> Option<&str> {
        Some(self.chains.get(chain)?.get(name)?.as_str())
    }

    /// The chains on which `name` stands for something.
    pub fn chains_with<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.chains.iter().filter(move |(_, names)| names.contains_key(name)).map(|(chain, _)| chain.as_str())
    }

    /// Gives `name` a meaning on `chain`; an older one there is replaced.
    ///
    /// # Errors
    /// If the name is not `[a-z0-9_-]{1,32}`.
    pub fn set(&mut self, chain: &str, name: &str, address: &str) -> Result<(), CliError> {
        check(name)?;
        self.chains.entry(chain.to_owned()).or_default().insert(name.to_owned(), address.to_owned());
        Ok(())
    }

    /// Writes the file at `path`, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CliError> {
        let failed =
            |error: std::io::Error| CliError::failed(format!("cannot write {}: {error}", path.display()));
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| CliError::failed(format!("aliases cannot be written: {error}")))?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let beside = path.with_extension("json.new");
        let mut file = fs::File::create(&beside).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&beside, path).map_err(failed)
    }
}

/// Whether `name` can be an alias.
///
/// # Errors
/// If it is not `[a-z0-9_-]{1,32}`.
pub fn check(name: &str) -> Result<(), CliError> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    if (1..=ALIAS_LENGTH_MAX).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(());
    }
    Err(CliError::misuse(format!("`{name}` is no alias")).hint("use 1 to 32 of a-z, 0-9, - and _"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_something_on_its_own_chain_only() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let path = folder.path().join("deep").join("aliases.json");
        let mut aliases = Aliases::read(&path).expect("there is none");
        aliases.set("0x01", "gold", "5One").expect("a name");
        aliases.set("0x02", "gold", "5Two").expect("a name");
        aliases.set("0x02", "gold", "5Three").expect("a name");
        aliases.set("0x02", "iron", "5Four").expect("a name");
        aliases.write(&path).expect("written");
        let read = Aliases::read(&path).expect("readable");
        assert_eq!(read, aliases);
        assert_eq!((read.on("0x01", "gold"), read.on("0x02", "gold")), (Some("5One"), Some("5Three")));
        assert_eq!((read.on("0x01", "iron"), read.on("0x03", "gold")), (None, None));
        assert_eq!(read.chains_with("gold").collect::<Vec<_>>(), ["0x01", "0x02"]);
        assert_eq!(read.chains_with("iron").collect::<Vec<_>>(), ["0x02"]);
    }

    #[test]
    fn other_files_and_names_are_refused() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let path = folder.path().join("aliases.json");
        // The second is a list of names that no chain is known of.
        for text in ["[", r#"{"gold": "5One"}"#, r#"{"chains": 1}"#] {
            fs::write(&path, text).expect("written");
            assert!(Aliases::read(&path).is_err(), "{text}");
        }
        let long = "a".repeat(ALIAS_LENGTH_MAX + 1);
        for name in ["", "Gold", "a b", "//alice", &long] {
            assert!(check(name).is_err(), "{name}");
        }
        assert!(check(&long[1..]).is_ok());
    }
}
