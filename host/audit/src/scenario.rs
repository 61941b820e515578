//! A counterexample as a scenario file: the TOML that `chainstack test FILE` replays.
//!
//! Values of arguments and parameters are havoc in the model; here each gets a canonical witness. Whether it is one
//! that the guards let through only the replay tells, and the steps say which guards were taken to hold. What the
//! format has no words for is a [`Gap`], never left out in silence.

use core::fmt::{self, Write};

use chainstack_primitives::manifest::{
    Clock, Field, ItemBinding, KeyTerm, Manifest, Node, ParamRange, RoleInitial, RoleKind, Transition, Type,
    TypeKind,
};

use crate::report::{Claim, Counterexample, CounterexampleStep, StepKind};

/// What a scenario could not say.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Gap {
    /// Scenarios call methods; they poke no exit.
    Poke {
        /// Number of the step in the counterexample, from 1.
        step: usize,
        /// The exit.
        exit: String,
    },
    /// Scenarios set the time of a block; heights pass one by one.
    Height {
        /// Number of the step.
        step: usize,
        /// What is waited for.
        until: String,
    },
    /// The moment is no number that the manifest knows.
    Moment {
        /// Number of the step.
        step: usize,
        /// What is waited for.
        until: String,
    },
    /// The moment is before the chain of scenarios begins: it has passed from the start.
    Past {
        /// Number of the step.
        step: usize,
        /// What is waited for.
        until: String,
    },
    /// The guard asks for approvals of a set of accounts, which scenarios do not give.
    Approvals {
        /// Number of the step.
        step: usize,
        /// The method.
        method: String,
    },
    /// An argument or parameter has no witness in the format.
    Value {
        /// Number of the step.
        step: usize,
        /// The argument or parameter.
        name: String,
    },
    /// The step is about another item, or an item that depends on who calls.
    Item {
        /// Number of the step.
        step: usize,
    },
}

impl fmt::Display for Gap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Poke { step, exit } => {
                write!(formatter, "step {step}: a scenario cannot poke exit `{exit}`")
            }
            Self::Height { step, until } => {
                write!(formatter, "step {step}: a scenario cannot wait until {until}")
            }
            Self::Moment { step, until } => {
                write!(formatter, "step {step}: {until} is no moment that the manifest knows")
            }
            Self::Past { step, until } => {
                write!(formatter, "step {step}: {until} has passed before the chain of scenarios begins")
            }
            Self::Approvals { step, method } => {
                write!(formatter, "step {step}: a scenario gives no approvals, and `{method}` asks for them")
            }
            Self::Value { step, name } => write!(formatter, "step {step}: there is no witness for `{name}`"),
            Self::Item { step } => write!(formatter, "step {step}: it is about another item"),
        }
    }
}

/// A scenario file, and what it leaves out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scenario {
    /// The TOML.
    pub text: String,
    /// What it could not say; nothing if it replays the whole run.
    pub gaps: Vec<Gap>,
}

/// Accounts of a scenario. Whoever has no role is `C`.
const ACCOUNTS: [(&str, &str); 3] = [("A", "//Alice"), ("B", "//Bob"), ("C", "//Charlie")];
/// Who deploys, and holds the roles that the deployer holds.
const DEPLOYER: &str = "@A";
/// Who holds the roles that parameters name.
const NAMED: &str = "@B";
/// Anybody else.
const STRANGER: &str = "@C";

/// Renders the counterexample of `claim` for the module at `wasm`, a path from the scenario's folder. `start_ms` is the
/// time of the chain that scenarios run on, in milliseconds since 1970: moments before it cannot be set.
///
/// `None` if the claim has no counterexample.
#[must_use]
pub fn to_scenario(manifest: &Manifest, claim: &Claim, wasm: &str, start_ms: u64) -> Option<Scenario> {
    let run = claim.counterexample.as_ref()?;
    let mut writer = Writer { manifest, text: String::new(), gaps: Vec::new(), start_ms, at_ms: None };
    writer.header(claim, wasm);
    writer.steps(run);
    Some(Scenario { text: writer.text, gaps: writer.gaps })
}

struct Writer<'m> {
    manifest: &'m Manifest,
    text: String,
    gaps: Vec<Gap>,
    /// Time of the chain when the scenario begins.
    start_ms: u64,
    /// Time to set with the next call, counted from the start.
    at_ms: Option<u64>,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    fn header(&mut self, claim: &Claim, wasm: &str) {
        self.line(&format!("title = {}", quoted(&claim.id)));
        self.line(&format!("about = {}", quoted(&claim.sentence)));
        self.line(&format!("time_ms = {}\n\n[accounts]", self.start_ms));
        for (name, account) in ACCOUNTS {
            self.line(&format!("{name} = {}", quoted(account)));
        }
        self.line(&format!("\n[[contracts]]\nname = {}", quoted(&self.manifest.name)));
        self.line(&format!("wasm = {}\ncaller = \"{DEPLOYER}\"", quoted(wasm)));
        let params: Vec<(String, Option<String>)> = self
            .manifest
            .params
            .iter()
            .filter(|param| param.default.is_none())
            .map(|param| (param.name.to_string(), self.param(&param.ty, param.range.as_ref())))
            .collect();
        let fields = self.fields(1, params);
        if !fields.is_empty() {
            self.line(&format!("params = {{ {fields} }}"));
        }
    }

    fn steps(&mut self, run: &Counterexample) {
        for (index, step) in run.steps.iter().enumerate() {
            let number = index.saturating_add(1);
            self.line(&format!("\n# {number}. {}: {}", step.kind, one_line(&step.state)));
            for condition in &step.assumed {
                self.line(&format!("# given {}", one_line(condition)));
            }
            self.step(number, step);
        }
    }

    fn step(&mut self, number: usize, step: &CounterexampleStep) {
        if step.other_item {
            self.gaps.push(Gap::Item { step: number });
        }
        match &step.kind {
            StepKind::Create | StepKind::Missing { .. } => {}
            StepKind::Poke { exit } => {
                self.line("# Not in the format: nothing is poked here.");
                self.gaps.push(Gap::Poke { step: number, exit: exit.clone() });
            }
            StepKind::Wait { clock: Clock::TimeMs, at: Some(at), until } => {
                match at.checked_sub(self.start_ms) {
                    Some(later) => self.at_ms = Some(later),
                    None => self.gaps.push(Gap::Past { step: number, until: until.clone() }),
                }
            }
            StepKind::Wait { clock, until, .. } => {
                self.line("# Not in the format: nothing is waited for here.");
                let until = until.clone();
                self.gaps.push(match clock {
                    Clock::Height => Gap::Height { step: number, until },
                    Clock::TimeMs => Gap::Moment { step: number, until },
                });
            }
            StepKind::Call { method, role } => {
                if let Some(declared) = self.manifest.transition(method) {
                    self.call(number, declared, role.as_deref());
                }
            }
        }
    }

    fn call(&mut self, number: usize, method: &Transition, role: Option<&str>) {
        self.line(&format!(
            "[[steps]]\ncall = {}\ncaller = \"{}\"",
            quoted(&method.method),
            self.holder(role)
        ));
        if method.guard.iter().flatten().any(|node| matches!(node, Node::Quorum(_))) {
            self.gaps.push(Gap::Approvals { step: number, method: method.method.to_string() });
        }
        let keys: Vec<usize> = match &method.item {
            ItemBinding::Existing { key, .. } | ItemBinding::New { key, .. } => {
                let args = key.iter().filter_map(|term| match term {
                    KeyTerm::Arg(index) => Some(usize::from(*index)),
                    _ => None,
                });
                args.collect()
            }
            ItemBinding::None | ItemBinding::Each { .. } => Vec::new(),
        };
        let args: Vec<(String, Option<String>)> = method
            .args
            .iter()
            .enumerate()
            .map(|(index, Field { name, ty })| {
                // One number stands for the representative item in every step.
                let witness = if keys.contains(&index) { self.key(ty) } else { self.witness(ty) };
                (name.to_string(), witness)
            })
            .collect();
        let fields = self.fields(number, args);
        if !fields.is_empty() {
            self.line(&format!("args = {{ {fields} }}"));
        }
        if method.value_max.0 > 0 {
            self.line("value = 1");
        }
        if let Some(at) = self.at_ms.take() {
            self.line(&format!("at_ms = {at}"));
        }
    }

    /// Who holds the role in the scenario.
    fn holder(&self, role: Option<&str>) -> &'static str {
        let found = self.manifest.roles.iter().find(|found| Some(&*found.name) == role);
        match found.map(|role| &role.kind) {
            Some(RoleKind::Account { initial: RoleInitial::Param(_), .. } | RoleKind::Set { .. }) => NAMED,
            Some(RoleKind::Account { initial: RoleInitial::Signer, .. }) => DEPLOYER,
            // An item's fields are set by who creates it, as often as not from an argument.
            Some(RoleKind::Item { .. }) | None => STRANGER,
        }
    }

    fn fields(&mut self, number: usize, fields: Vec<(String, Option<String>)>) -> String {
        let mut shown = Vec::new();
        for (name, witness) in fields {
            match witness {
                Some(witness) => shown.push(format!("{name} = {witness}")),
                None => self.gaps.push(Gap::Value { step: number, name }),
            }
        }
        shown.join(", ")
    }

    fn param(&self, ty: &Type, range: Option<&ParamRange>) -> Option<String> {
        match (range, ty) {
            (Some(ParamRange::Unsigned { min, .. }), _) => Some(quoted(&min.to_string())),
            (Some(ParamRange::Signed { min, .. }), _) => Some(quoted(&min.to_string())),
            // Accounts that parameters name are those that hold roles.
            (None, ty) => self.witness(ty).map(|witness| witness.replace(STRANGER, NAMED)),
        }
    }

    fn key(&self, ty: &Type) -> Option<String> {
        if ty.is_unsigned() || ty.is_signed() { Some("7".to_owned()) } else { self.witness(ty) }
    }

    /// A value of the type: the least that is not nothing.
    fn witness(&self, ty: &Type) -> Option<String> {
        match ty {
            Type::Bool => Some("true".to_owned()),
            Type::Account => Some(quoted(STRANGER)),
            Type::Hash => Some(quoted(&format!("0x{}", "11".repeat(32)))),
            Type::Bytes { .. } => Some(quoted("0x")),
            Type::Text { .. } => Some(quoted("x")).filter(|_| !matches!(ty, Type::Text { max: 0 })),
            Type::FixedBytes { size } => Some(quoted(&format!("0x{}", "11".repeat(usize::from(*size))))),
            Type::Defined(_) => self.defined(ty),
            ty if ty.is_unsigned() || ty.is_signed() => Some("1".to_owned()),
            _ => None,
        }
    }

    fn defined(&self, ty: &Type) -> Option<String> {
        match &self.manifest.definition(ty)?.kind {
            TypeKind::Struct { fields } => {
                let each =
                    fields.iter().map(|field| Some(format!("{} = {}", field.name, self.witness(&field.ty)?)));
                Some(format!("{{ {} }}", each.collect::<Option<Vec<_>>>()?.join(", ")))
            }
            TypeKind::Enum { variants } => {
                let plain = variants.iter().find(|variant| variant.fields.is_empty())?;
                Some(quoted(&plain.name))
            }
            TypeKind::List { of, .. } => Some(format!("[{}]", self.witness(of)?)),
            TypeKind::Option { of } => self.witness(of),
        }
    }
}

/// The text as a TOML string: ours hold no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}
