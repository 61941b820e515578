//! `chainstack paradigm`: contracts issued by parameters, without code.

use std::path::{Path, PathBuf};

use chainstack_client::{module::manifest_section, value};
use chainstack_primitives::{AccountId, Amount, Call, CodeSource, Instantiate, manifest::Manifest};
use serde_json::{Map, Value, json};

use super::{
    Outcome,
    context::Context,
    contract_view::{ContractView, manifest_of, show_account},
    error::{CliError, Exit},
    limits::PARAMETER_FILE_SIZE_MAX,
    output::Answer,
    send::{SendOptions, Sent, included_answer},
    trie::read_bounded,
};

/// List the paradigms of the chain and deploy them by parameters.
#[derive(clap::Args, Debug)]
pub(super) struct Paradigm {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List the paradigms.
    List {},
    /// Show a paradigm's parameters.
    Show {
        /// The paradigm.
        name: String,
    },
    /// Print a commented parameter file that deploys as it is.
    New {
        /// The paradigm.
        name: String,
    },
    /// Deploy a paradigm.
    Deploy {
        /// The paradigm.
        name: String,
        /// The parameter file.
        #[arg(short, long, value_name = "FILE")]
        params: PathBuf,
        #[command(flatten)]
        deploy: Box<DeployOptions>,
    },
}

/// Options of commands that create a contract.
#[derive(clap::Args, Debug)]
pub(super) struct DeployOptions {
    /// Remember the contract's address under this alias.
    #[arg(long = "as", value_name = "ALIAS")]
    alias: Option<String>,
    /// Tells apart contracts that one account makes of one code [default: the alias, or the next nonce].
    #[arg(long)]
    salt: Option<String>,
    /// Base units to give to the contract.
    #[arg(long, default_value_t = 0)]
    value: u128,
    #[command(flatten)]
    send: SendOptions,
}

impl Paradigm {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`].
    pub(super) fn run(self, context: &Context) -> Outcome {
        match self.command {
            Command::List {} => list(context),
            Command::Show { name } => show(context, &name),
            Command::New { name } => new(context, &name),
            Command::Deploy { name, params, deploy } => {
                let answer = declared(context, &name)?;
                let manifest = manifest_of(&answer)?;
                let args = read_params(context, &manifest, &params)?;
                let paradigm = name.as_str().try_into();
                let paradigm =
                    paradigm.map_err(|_| CliError::misuse(format!("`{name}` is no paradigm's name")))?;
                deploy.deploy(context, CodeSource::Paradigm(paradigm), manifest, args)
            }
        }
    }
}

/// A paradigm's manifest: the chain's, or without a node the one this program carries.
fn declared(context: &Context, name: &str) -> Result<Value, CliError> {
    context.rpc("paradigm_params", &[json!(name)])
}

/// As [`declared`], from this program if no node answers.
fn declared_offline(context: &Context, name: &str) -> Result<Manifest, CliError> {
    match declared(context, name) {
        Ok(answer) => manifest_of(&answer),
        Err(error) if error.exit == Exit::Unreachable => {
            let carried = crate::spec::PARADIGMS.iter().find(|(carried, _)| *carried == name);
            let (_, code) = carried.ok_or(error)?;
            let section = manifest_section(code).map_err(|error| CliError::failed(error.to_string()))?;
            Manifest::decode_checked(section).map_err(|error| CliError::failed(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

fn list(context: &Context) -> Outcome {
    let rows = context.rpc("paradigm_list", &[])?;
    let lines: Vec<String> = rows
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
            format!("{:<12} {}", text("name"), text("code_hash"))
        })
        .collect();
    Ok(Answer::new(lines.join("\n"), json!({"paradigms": rows})))
}

fn show(context: &Context, name: &str) -> Outcome {
    let manifest = declared_offline(context, name)?;
    let mut lines = vec![format!("{name}: {}", manifest.doc.as_str())];
    let mut rows = Vec::new();
    for param in &manifest.params {
        let ty = value::type_name(&manifest, &param.ty);
        let default = param.default.as_ref().map(|bytes| decode(&manifest, &param.ty, bytes));
        let shown = default.as_ref().map_or(String::new(), |value| format!(" [default: {value}]"));
        lines.push(format!("  {:<12} {ty:<14} {}{shown}", param.name.as_str(), param.doc.as_str()));
        rows.push(json!({
            "name": param.name.as_str(),
            "type": ty,
            "doc": param.doc.as_str(),
            "default": default,
        }));
    }
    Ok(Answer::new(lines.join("\n"), json!({"name": name, "doc": manifest.doc.as_str(), "params": rows})))
}

fn decode(manifest: &Manifest, ty: &chainstack_primitives::manifest::Type, bytes: &[u8]) -> Value {
    value::decode_with(manifest, ty, bytes, &show_account).unwrap_or(Value::Null)
}

fn new(context: &Context, name: &str) -> Outcome {
    let manifest = declared_offline(context, name)?;
    let mut lines = vec![format!("# Parameters of the paradigm {name}. {}", manifest.doc.as_str())];
    lines.push(format!("# Deploy: chainstack paradigm deploy {name} -p THIS_FILE --as ALIAS --from KEY"));
    for param in &manifest.params {
        lines.push(String::new());
        let ty = value::type_name(&manifest, &param.ty);
        let docs = param.doc.as_str().lines().map(|line| format!("# {line}"));
        lines.extend(docs);
        lines.push(format!("# Type: {ty}."));
        lines.push(match &param.default {
            Some(bytes) => {
                format!("{} = {}", param.name.as_str(), toml_value(&decode(&manifest, &param.ty, bytes)))
            }
            // On the development chain this account has coins; anywhere else it is to be changed.
            None if ty == "account" => format!("{} = \"//Alice\"", param.name.as_str()),
            None => format!("# {} = (to be given)", param.name.as_str()),
        });
    }
    lines.push(String::new());
    let text = lines.join("\n");
    Ok(Answer::new(text.clone(), json!({"name": name, "file": text})))
}

/// A JSON value as TOML writes it. TOML knows no null: an absent optional value is the text `none`.
fn toml_value(value: &Value) -> String {
    match value {
        Value::Null => "\"none\"".to_owned(),
        Value::Array(items) => format!("[{}]", items.iter().map(toml_value).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name} = {}", toml_value(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        // JSON's text, numbers and booleans are written alike in TOML.
        other => other.to_string(),
    }
}

/// Reads a parameter file: the SCALE tuple of the manifest's parameters.
///
/// # Errors
/// Exit code 2, naming file and parameter.
pub(super) fn read_params(context: &Context, manifest: &Manifest, file: &Path) -> Result<Vec<u8>, CliError> {
    let wrong = |why: String| CliError::misuse(format!("{}: {why}", file.display()));
    let bytes = read_bounded(file, PARAMETER_FILE_SIZE_MAX)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("text expected".to_owned()))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
    let mut given = Map::new();
    for (name, value) in table {
        let json = serde_json::to_value(value).map_err(|error| wrong(error.to_string()))?;
        // TOML knows no null: the text `none` stands for an absent optional value.
        let optional = manifest.params.iter().any(|param| {
            param.name.as_str() == name && value::type_name(manifest, &param.ty).starts_with("option")
        });
        given.insert(name, if optional && json == json!("none") { Value::Null } else { json });
    }
    value::encode_params(manifest, &given, &context.resolver()).map_err(|error| wrong(error.to_string()))
}

impl DeployOptions {
    /// Who signs, gas and fees.
    pub(super) const fn send(&self) -> &SendOptions {
        &self.send
    }

    /// Creates a contract and remembers its alias.
    ///
    /// # Errors
    /// As [`SendOptions::send`].
    pub(super) fn deploy(
        &self,
        context: &Context,
        code: CodeSource,
        manifest: Manifest,
        args: Vec<u8>,
    ) -> Outcome {
        let salt = match (&self.salt, &self.alias) {
            (Some(salt), _) => salt.clone().into_bytes(),
            (None, Some(alias)) => alias.clone().into_bytes(),
            (None, None) => self.send.next_nonce(context)?.to_le_bytes().to_vec(),
        };
        let too_long = |error: chainstack_primitives::BoundExceeded| CliError::misuse(error.to_string());
        let call = Call::Instantiate(Instantiate {
            code,
            salt: salt.try_into().map_err(too_long)?,
            args: args.try_into().map_err(too_long)?,
            value: Amount(self.value),
        });
        let mut view = ContractView { address: AccountId::ZERO, manifest };
        let included = match self.send.send(context, call, Some(&view))? {
            Sent::Shown(answer) => return Ok(answer),
            Sent::Included(included) => included,
        };
        let address: [u8; 32] = included
            .output
            .as_slice()
            .try_into()
            .map_err(|_| CliError::failed("the node did not say where the contract stands"))?;
        view.address = AccountId(address);
        let shown = show_account(&view.address);
        if let Some(alias) = &self.alias {
            context.set_alias(alias, &shown)?;
        }
        let named = self.alias.as_ref().map_or(String::new(), |alias| format!(" as {alias}"));
        let answer = included_answer(&included, Some(&view), &format!("deployed {shown}{named}"));
        Ok(answer.with("address", json!(shown)))
    }
}
