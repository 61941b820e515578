//! Claims: what is said of a contract, how it stands, and what that rests on.

use core::fmt;

use chainstack_primitives::{
    codes,
    manifest::{Clock, Node},
};

use super::Lock;

/// What a claim is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Property {
    /// Every state, method and exit has a use.
    P1,
    /// No machine is stuck outside its terminal states.
    P2,
    /// Value leaves by exits alone, whoever is missing.
    P3,
    /// What one role, or anybody, can take alone.
    P4,
    /// How long exits keep value.
    P5,
    /// Worst-case size, gas and deposit.
    P6,
    /// Guards and windows that never hold, or overlap.
    P7,
    /// Terminal states hold nothing and admit nothing.
    P8,
    /// What the author or auditor asked.
    P9,
    /// Whether an upgrade keeps what was promised.
    P10,
}

impl Property {
    /// Every property.
    pub const ALL: [Self; 10] =
        [Self::P1, Self::P2, Self::P3, Self::P4, Self::P5, Self::P6, Self::P7, Self::P8, Self::P9, Self::P10];

    /// Its short name.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
            Self::P4 => "P4",
            Self::P5 => "P5",
            Self::P6 => "P6",
            Self::P7 => "P7",
            Self::P8 => "P8",
            Self::P9 => "P9",
            Self::P10 => "P10",
        }
    }

    /// What it asks.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::P1 => "reachable states, live methods and exits",
            Self::P2 => "no deadlock",
            Self::P3 => "no trapped value",
            Self::P4 => "what one role can take alone",
            Self::P5 => "longest lock of value",
            Self::P6 => "size, gas and deposit",
            Self::P7 => "guards and windows",
            Self::P8 => "terminal states",
            Self::P9 => "stated properties",
            Self::P10 => "upgrade",
        }
    }
}

/// How a claim stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It does not; a counterexample shows how, where it is about runs.
    Violated,
    /// It is a fact to know, neither good nor bad.
    Stated,
    /// A limit was met before it was decided.
    Undecided,
}

impl Verdict {
    /// The verdict in a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::Stated => "stated",
            Self::Undecided => "undecided",
        }
    }
}

/// What a claim rests on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Evidence {
    /// Every run of the declared model was covered, or every call that the bytecode can make.
    Proven,
    /// The host refuses anything else.
    Enforced,
    /// Cases were run.
    Tested,
    /// Somebody or something is trusted, as the sentence says.
    Assumed,
}

impl Evidence {
    /// The label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Proven => "PROVEN",
            Self::Enforced => "ENFORCED",
            Self::Tested => "TESTED",
            Self::Assumed => "ASSUMED",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.label())
    }
}

/// The declared things a claim is about, by name.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Subject {
    /// A machine.
    pub machine: Option<String>,
    /// A state of it.
    pub state: Option<String>,
    /// A method.
    pub method: Option<String>,
    /// An exit.
    pub exit: Option<String>,
    /// A role.
    pub role: Option<String>,
    /// A cell.
    pub cell: Option<String>,
}

impl Subject {
    /// The parts that are there: what they are, and their names.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let parts = [
            ("machine", &self.machine),
            ("state", &self.state),
            ("method", &self.method),
            ("exit", &self.exit),
            ("role", &self.role),
            ("cell", &self.cell),
        ];
        parts.into_iter().filter_map(|(what, name)| Some((what, name.as_deref()?)))
    }
}

/// One thing that is said of a contract.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// What it is about.
    pub property: Property,
    /// Which claim of the property, stable as long as the names it is made of.
    pub id: String,
    /// How it stands.
    pub verdict: Verdict,
    /// What that rests on.
    pub evidence: Evidence,
    /// The declared things it is about.
    pub subject: Subject,
    /// The claim for people.
    pub sentence: String,
    /// How long value can stay, which is what the sentence says: of claims of P5.
    pub lock: Option<Lock>,
    /// A run that shows the violation; of what can never be done it ends in an attempt, which is refused.
    pub counterexample: Option<Counterexample>,
}

impl Claim {
    /// A claim; its id is made of the property, `rule` and the names of its subject.
    pub(crate) fn new(
        property: Property,
        rule: &str,
        subject: Subject,
        (verdict, evidence): (Verdict, Evidence),
        sentence: String,
    ) -> Self {
        let names: String = subject.parts().map(|(what, name)| format!("/{what}:{name}")).collect();
        let id = format!("{}/{rule}{names}", property.id());
        Self { property, id, verdict, evidence, subject, sentence, lock: None, counterexample: None }
    }

    /// A claim of P5 about the subject's cell; the sentence is the lock's.
    pub(crate) fn of_lock(rule: &str, subject: Subject, stands: (Verdict, Evidence), lock: Lock) -> Self {
        let sentence = lock.sentence(subject.cell.as_deref().unwrap_or_default());
        Self { lock: Some(lock), ..Self::new(Property::P5, rule, subject, stands, sentence) }
    }

    /// Its id without the number that tells it from others of its kind.
    pub(crate) fn rule_and_names(&self) -> &str {
        self.id.split('#').next().unwrap_or_default()
    }

    pub(crate) fn shown_by(self, counterexample: Counterexample) -> Self {
        Self { counterexample: Some(counterexample), ..self }
    }
}

/// A run of the declared model.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Counterexample {
    /// Its steps, the creation first.
    pub steps: Vec<CounterexampleStep>,
}

/// One step of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CounterexampleStep {
    /// What is done.
    pub kind: StepKind,
    /// Whether it is about another item than the rest of the run.
    pub other_item: bool,
    /// Conditions of a guard that are taken to hold: they depend on arguments or fields.
    pub assumed: Vec<String>,
    /// The state it leads to, in words.
    pub state: String,
    /// The machines in that state.
    pub machines: Vec<MachineState>,
    /// The escrows that hold something in that state, by name.
    pub holds: Vec<String>,
    /// An attempt: the host refuses the step, and the state stays. None: it is taken.
    pub refused: Option<Refused>,
}

impl CounterexampleStep {
    /// What is done, and whether it is refused.
    #[must_use]
    pub fn does(&self) -> String {
        let other = if self.other_item { " (of another item)" } else { "" };
        let refused = self.refused.as_ref();
        let refused =
            refused.map_or_else(String::new, |by| format!(", an attempt: refused with {}", by.name()));
        format!("{}{other}{refused}", self.kind)
    }
}

/// What the host says to an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The stable code.
    pub code: u16,
    /// Part of the refusal's text; empty if nothing is known of it.
    pub says: String,
}

impl Refused {
    pub(crate) const fn with(code: u16) -> Self {
        Self { code, says: String::new() }
    }

    /// Name of the code.
    #[must_use]
    pub fn name(&self) -> String {
        codes::describe(self.code).map_or_else(|| self.code.to_string(), |row| row.name.to_owned())
    }
}

/// A machine, and the state it is in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MachineState {
    /// Name of the machine.
    pub machine: String,
    /// Name of the state; none: the item whose machine it is does not exist.
    pub state: Option<String>,
}

/// What a step of a run is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StepKind {
    /// The contract is created.
    Create,
    /// A method is called.
    Call {
        /// The method.
        method: String,
        /// Who must call: a role, or none for anybody.
        role: Option<String>,
    },
    /// An exit is poked.
    Poke {
        /// The exit.
        exit: String,
    },
    /// Time passes.
    Wait {
        /// What is counted.
        clock: Clock,
        /// Until when, in the manifest's notation.
        until: String,
        /// The moment, if it is one number.
        at: Option<u64>,
        /// The moment as an expression.
        bound: Vec<Node>,
    },
    /// The version that was audited is proposed as the code of the one before it.
    Propose {
        /// Who must propose; none: nobody may.
        role: Option<String>,
    },
    /// From here on nobody acts for a role.
    Missing {
        /// The role.
        role: String,
    },
}

impl fmt::Display for StepKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create => formatter.write_str("the contract is created"),
            Self::Call { method, role: Some(role) } => write!(formatter, "role `{role}` calls `{method}`"),
            Self::Call { method, role: None } => write!(formatter, "anybody calls `{method}`"),
            Self::Poke { exit } => write!(formatter, "anybody pokes exit `{exit}`"),
            Self::Wait { until, .. } => write!(formatter, "wait until {until}"),
            Self::Propose { role: Some(role) } => write!(formatter, "role `{role}` proposes the new version"),
            Self::Propose { role: None } => formatter.write_str("somebody proposes the new version"),
            Self::Missing { role } => write!(formatter, "from here on nobody acts for role `{role}`"),
        }
    }
}
