//! `chainstack audit`: what can go wrong by a contract's own declaration.

use std::path::{Path, PathBuf};

use chainstack_audit::{
    Claim, Options, Prices, PropertyText, Replay, Report, SearchLimits, Verdict, Version, reachability,
    to_json, to_sarif, to_scenario, to_text,
};
use chainstack_client::inspect::page::Page;
use chainstack_primitives::{Tag, manifest::Manifest, tagged};
use chainstack_runtime::params::Schedule;
use serde_json::Value;

use super::{
    Outcome,
    audit_page::{Audited, page},
    context::Context,
    error::{CliError, Exit},
    limits::SCENARIO_HEIGHT_MAX,
    output::{Answer, remark},
    target::Target,
};
use crate::{scenario::BLOCK_MS, spec::DEV_GENESIS_MS};

/// Check a contract's declaration: states that are never reached, value that could be trapped, who can take what alone,
/// how long it can be locked, and what you ask besides.
///
/// Exits 3 if a property is violated or could not be decided. Files need no node.
#[derive(clap::Args, Debug)]
pub(super) struct Audit {
    /// A module, a manifest in TOML (a file has a `.` or `/` in its name), or a deployed contract: alias or address.
    target: String,
    /// A property to check besides: `never STATE`, `always STATE`, `A only after B`, `eventually STATE by exits`.
    #[arg(long = "property", value_name = "TEXT")]
    properties: Vec<String>,
    /// The version that this one is to replace: whether the gate of upgrades lets it pass.
    #[arg(long, value_name = "TARGET")]
    previous: Option<String>,
    /// Folder to write each counterexample to, as a scenario that `chainstack test` replays; with the module of a deployed
    /// contract.
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// How to write the report.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

/// How to write the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
enum Form {
    /// For a terminal; as JSON with --output json.
    #[default]
    Text,
    /// SARIF 2.1.0, for code review tools.
    Sarif,
    /// One file to read in a browser: it needs no network and runs no script.
    Html,
}

/// The chain that scenarios run on.
const REPLAY: Replay =
    Replay { start_ms: DEV_GENESIS_MS, block_ms: BLOCK_MS, height_max: SCENARIO_HEIGHT_MAX };

impl Audit {
    /// Runs the command.
    ///
    /// # Errors
    /// Exit code 3 if a property is violated or undecided, or the target is refused; 2 for a property that is none; 8 for
    /// what is not there.
    pub(super) fn run(self, context: &Context) -> Outcome {
        if context.is_json() && self.format != Form::Text {
            return Err(CliError::misuse("--output json and --format are two forms of one answer")
                .hint("give one of them"));
        }
        let target = Target::of(context, &self.target)?;
        let previous = self.previous.as_ref().map(|name| Target::of(context, name)).transpose()?;
        let properties = properties(&target.manifest, &self.properties)?;
        let code = target.code.as_ref().and_then(|code| match reachability(code) {
            Ok(found) => Some(found),
            Err(error) => {
                remark(&format!("what the code of {} calls is not known: {error}", self.target));
                None
            }
        });
        let options = Options {
            limits: SearchLimits::default(),
            prices: prices()?,
            properties: &properties,
            previous: previous.as_ref().map(|target| &target.manifest),
            code: code.as_ref(),
        };
        let report = chainstack_audit::audit(&target.manifest, &options);
        if let Some(folder) = &self.scenarios {
            self.write_scenarios(folder, (&target, previous.as_ref()), &report)?;
        }
        let answer = match self.format {
            Form::Sarif => Answer::verbatim(format!("{:#}\n", to_sarif(&report, &self.target))),
            Form::Html => Answer::verbatim(self.page((&target, previous.as_ref()), &report)?.to_html()),
            Form::Text => Answer::new(to_text(&report), fields(to_json(&report))),
        };
        let open = |claim: &Claim| matches!(claim.verdict, Verdict::Violated | Verdict::Undecided);
        if !report.claims.iter().any(open) {
            return Ok(answer);
        }
        // The report is data, whatever it says.
        answer.print(context.format())?;
        Err(CliError::silent(Exit::No))
    }

    fn page(
        &self,
        (target, previous): (&Target, Option<&Target>),
        report: &Report,
    ) -> Result<Page, CliError> {
        let code = target.code.as_ref();
        let wasm = self.previous.as_deref().unwrap_or_default();
        Ok(page(&Audited {
            manifest: &target.manifest,
            report,
            target: &self.target,
            previous: previous.map(|previous| Version { manifest: &previous.manifest, wasm }),
            code: code.map(|code| (tagged(Tag::Code, code).to_string(), code.len())),
            prices: &super::inspect::prices()?,
            replay: REPLAY,
        }))
    }

    fn write_scenarios(
        &self,
        folder: &Path,
        (target, previous): (&Target, Option<&Target>),
        report: &Report,
    ) -> Result<(), CliError> {
        let failed = |error: std::io::Error| {
            CliError::failed(format!("cannot write to {}: {error}", folder.display()))
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let old = self.previous.as_deref().unwrap_or_default();
        let wasm = |target: &Target, name: &str, file: &str| -> Result<String, CliError> {
            if let (Some(_), Some(code)) = (&target.address, &target.code) {
                // A scenario runs a file, wherever the node is then.
                let file = format!("{file}.wasm");
                std::fs::write(folder.join(&file), code).map_err(failed)?;
                return Ok(file);
            }
            if target.code.is_none() {
                remark(&format!("{name} is no module: put the path of one into the scenarios' `wasm`"));
            }
            Ok(from_folder(folder, Path::new(name)).unwrap_or_else(|| name.to_owned()))
        };
        let name = file_name(&target.manifest.name);
        let old_name = format!("previous-{name}");
        let old_wasm =
            previous.map(|previous| wasm(previous, old, &old_name)).transpose()?.unwrap_or_default();
        let wasm = wasm(target, &self.target, &name)?;
        let version = Version { manifest: &target.manifest, wasm: &wasm };
        let previous = previous.map(|previous| Version { manifest: &previous.manifest, wasm: &old_wasm });
        for claim in &report.claims {
            let Some(scenario) = to_scenario(version, previous, claim, REPLAY) else { continue };
            let path = folder.join(format!("{}.toml", file_name(&claim.id)));
            std::fs::write(&path, &scenario.text).map_err(failed)?;
            for gap in &scenario.gaps {
                remark(&format!("{}: not in the scenario: {gap}", path.display()));
            }
        }
        Ok(())
    }
}

/// The path of `file` as scenarios name it: from `folder`. `None` if one of them is not there.
fn from_folder(folder: &Path, file: &Path) -> Option<String> {
    let (folder, file) = (folder.canonicalize().ok()?, file.canonicalize().ok()?);
    let shared = folder.components().zip(file.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(shared).map(|_| std::path::Component::ParentDir);
    let path: PathBuf = up.chain(file.components().skip(shared)).collect();
    path.to_str().map(str::to_owned)
}

/// A claim's name as that of a file.
fn file_name(id: &str) -> String {
    id.chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' })
        .collect()
}

fn properties(manifest: &Manifest, texts: &[String]) -> Result<Vec<PropertyText>, CliError> {
    let parse = |text: &String| {
        PropertyText::parse(manifest, text)
            .map_err(|error| CliError::misuse(format!("property `{text}`: {error}")))
    };
    texts.iter().map(parse).collect()
}

/// The prices and limits of this program's protocol version.
fn prices() -> Result<Prices, CliError> {
    let schedule = Schedule::base().map_err(|error| CliError::failed(error.to_string()))?;
    let storage = &schedule.storage;
    Ok(Prices {
        block_gas: Some(schedule.block.gas_limit.0),
        deposit: Some((storage.deposit_per_entry.0, storage.deposit_per_byte.0)),
    })
}

/// The report without its own mark of the schema: every answer gets one.
fn fields(mut report: Value) -> Value {
    if let Some(fields) = report.as_object_mut() {
        fields.remove("schema");
    }
    report
}
