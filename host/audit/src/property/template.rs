//! P9, the text: four templates over states, methods and exits.
//!
//! ```text
//! property  = "never" predicate | "always" predicate | event "only after" event | "eventually" predicate "by exits"
//! predicate = and { "||" and }      and = unary { "&&" unary }      unary = "!" unary | "(" predicate ")" | leaf
//! leaf      = machine "." State | "holds(" escrow ")"               event = machine "." State | method | exit
//! ```
//!
//! A state of an item's machine holds while the item exists. Predicates are about states only: the model leaves
//! numbers out, and the notation of the manifest's expressions is read elsewhere (`sdk/client`), so a comparison is
//! refused by [`PropertyError::NotAStatePredicate`].

use core::fmt;

use chainstack_primitives::manifest::{CellKind, Manifest};

use crate::limits::{PROPERTY_DEPTH_MAX, PROPERTY_SIZE_MAX};

/// Why the text of a property is none.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PropertyError {
    /// The text is too long.
    TooLong {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Parentheses and negations are nested too deeply.
    TooDeep {
        /// Levels allowed.
        limit: usize,
    },
    /// It begins like none of the templates.
    NoTemplate,
    /// It compares or computes: only states of machines and escrows can be asked for.
    NotAStatePredicate {
        /// The character that states have no use for.
        found: char,
    },
    /// Something else was expected.
    Expected {
        /// What was.
        what: &'static str,
        /// What was found; nothing at the end.
        found: String,
    },
    /// The manifest declares nothing of this name.
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A method and an exit have this name.
    Ambiguous {
        /// The name.
        name: String,
    },
}

impl fmt::Display for PropertyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { found, limit } => {
                write!(formatter, "{found} bytes found, at most {limit} allowed")
            }
            Self::TooDeep { limit } => write!(formatter, "nested more than {limit} levels"),
            Self::NoTemplate => formatter
                .write_str("expected `never …`, `always …`, `… only after …` or `eventually … by exits`"),
            Self::NotAStatePredicate { found } => write!(
                formatter,
                "`{found}` found: a property is about states of machines and escrows, not about numbers"
            ),
            Self::Expected { what, found } if found.is_empty() => {
                write!(formatter, "expected {what}, found the end")
            }
            Self::Expected { what, found } => write!(formatter, "expected {what}, found `{found}`"),
            Self::Unknown { what, name } => write!(formatter, "there is no {what} `{name}`"),
            Self::Ambiguous { name } => write!(formatter, "`{name}` is both a method and an exit"),
        }
    }
}

impl core::error::Error for PropertyError {}

/// A condition on a state of the model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Predicate {
    InState { machine: usize, state: u8 },
    Holds { escrow: u16 },
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

/// Something that happens in a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    InState { machine: usize, state: u8 },
    Method(usize),
    Exit(usize),
}

/// A property, by its template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Template {
    Never(Predicate),
    Always(Predicate),
    OnlyAfter { then: Event, first: Event },
    Eventually(Predicate),
}

/// A property that was read against a manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PropertyText {
    pub(crate) text: String,
    pub(crate) template: Template,
}

impl PropertyText {
    /// Reads a property about `manifest`.
    ///
    /// # Errors
    /// Any [`PropertyError`].
    pub fn parse(manifest: &Manifest, text: &str) -> Result<Self, PropertyError> {
        if text.len() > PROPERTY_SIZE_MAX {
            return Err(PropertyError::TooLong { found: text.len(), limit: PROPERTY_SIZE_MAX });
        }
        let words = words(text)?;
        let parser = |words: Vec<String>| Parser { manifest, words, at: 0, depth: 0 };
        let whole = words.join(" ");
        let template = match words.first().map(String::as_str) {
            Some("never") => Template::Never(parser(rest(&words)).whole()?),
            Some("always") => Template::Always(parser(rest(&words)).whole()?),
            Some("eventually") => {
                let inner = rest(&words);
                let inner = inner.strip_suffix(&["by".to_owned(), "exits".to_owned()]);
                let inner = inner.ok_or(PropertyError::NoTemplate)?;
                Template::Eventually(parser(inner.to_vec()).whole()?)
            }
            _ => {
                let split = words.windows(2).position(|pair| pair == ["only", "after"]);
                let (then, first) = words.split_at(split.ok_or(PropertyError::NoTemplate)?);
                let first = first.get(2..).unwrap_or_default();
                Template::OnlyAfter { then: event(manifest, then)?, first: event(manifest, first)? }
            }
        };
        Ok(Self { text: whole, template })
    }
}

fn rest(words: &[String]) -> Vec<String> {
    words.get(1..).unwrap_or_default().to_vec()
}

/// Names (with their dots), operators and parentheses.
fn words(text: &str) -> Result<Vec<String>, PropertyError> {
    let mut words: Vec<String> = Vec::new();
    let mut name = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character.is_ascii_alphanumeric() || character == '_' || character == '.' {
            name.push(character);
            continue;
        }
        if !name.is_empty() {
            words.push(core::mem::take(&mut name));
        }
        match character {
            ' ' | '\t' | '\n' => {}
            '(' | ')' => words.push(character.to_string()),
            '!' if characters.peek() != Some(&'=') => words.push("!".to_owned()),
            '&' | '|' if characters.peek() == Some(&character) => {
                characters.next();
                words.push(format!("{character}{character}"));
            }
            found => return Err(PropertyError::NotAStatePredicate { found }),
        }
    }
    if !name.is_empty() {
        words.push(name);
    }
    Ok(words)
}

struct Parser<'m> {
    manifest: &'m Manifest,
    words: Vec<String>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn whole(mut self) -> Result<Predicate, PropertyError> {
        let found = self.either()?;
        match self.words.get(self.at) {
            None => Ok(found),
            Some(word) => Err(PropertyError::Expected { what: "the end", found: word.clone() }),
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at).is_some_and(|found| found == word);
        if found {
            self.at = self.at.saturating_add(1);
        }
        found
    }

    fn need(&mut self, word: &'static str) -> Result<(), PropertyError> {
        if self.take(word) {
            return Ok(());
        }
        Err(PropertyError::Expected {
            what: word,
            found: self.words.get(self.at).cloned().unwrap_or_default(),
        })
    }

    fn either(&mut self) -> Result<Predicate, PropertyError> {
        let mut found = self.both()?;
        while self.take("||") {
            found = Predicate::Or(Box::new(found), Box::new(self.both()?));
        }
        Ok(found)
    }

    fn both(&mut self) -> Result<Predicate, PropertyError> {
        let mut found = self.unary()?;
        while self.take("&&") {
            found = Predicate::And(Box::new(found), Box::new(self.unary()?));
        }
        Ok(found)
    }

    fn unary(&mut self) -> Result<Predicate, PropertyError> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > PROPERTY_DEPTH_MAX {
            return Err(PropertyError::TooDeep { limit: PROPERTY_DEPTH_MAX });
        }
        let found = if self.take("!") {
            Predicate::Not(Box::new(self.unary()?))
        } else if self.take("(") {
            let inner = self.either()?;
            self.need(")")?;
            inner
        } else {
            self.leaf()?
        };
        self.depth = self.depth.saturating_sub(1);
        Ok(found)
    }

    fn leaf(&mut self) -> Result<Predicate, PropertyError> {
        let word = self.words.get(self.at).cloned().unwrap_or_default();
        self.at = self.at.saturating_add(1);
        if word == "holds" {
            self.need("(")?;
            let name = self.words.get(self.at).cloned().unwrap_or_default();
            self.at = self.at.saturating_add(1);
            self.need(")")?;
            let cell = self.manifest.cell_named(&name);
            let cell = cell.filter(|cell| matches!(cell.kind, CellKind::Escrow(_)));
            let cell = cell.ok_or(PropertyError::Unknown { what: "escrow", name })?;
            return Ok(Predicate::Holds { escrow: cell.id });
        }
        let (machine, state) = state(self.manifest, &word)?;
        Ok(Predicate::InState { machine, state })
    }
}

/// `machine.State`.
fn state(manifest: &Manifest, word: &str) -> Result<(usize, u8), PropertyError> {
    let Some((machine, state)) = word.split_once('.') else {
        return Err(PropertyError::Expected { what: "machine.State", found: word.to_owned() });
    };
    let index = manifest.machines.iter().position(|found| &*found.name == machine);
    let unknown = |what, name: &str| PropertyError::Unknown { what, name: name.to_owned() };
    let index = index.ok_or_else(|| unknown("machine", machine))?;
    let states = manifest.machines.get(index).map(|machine| &machine.states);
    let found = states.and_then(|states| states.iter().find(|found| &*found.name == state));
    Ok((index, found.ok_or_else(|| unknown("state", word))?.id))
}

fn event(manifest: &Manifest, words: &[String]) -> Result<Event, PropertyError> {
    let [name] = words else {
        return Err(PropertyError::Expected { what: "one event", found: words.join(" ") });
    };
    if name.contains('.') {
        let (machine, state) = state(manifest, name)?;
        return Ok(Event::InState { machine, state });
    }
    let method = manifest.transitions.iter().position(|method| &*method.method == name.as_str());
    let exit = manifest.exits.iter().position(|exit| &*exit.name == name.as_str());
    match (method, exit) {
        (Some(_), Some(_)) => Err(PropertyError::Ambiguous { name: name.clone() }),
        (Some(method), None) => Ok(Event::Method(method)),
        (None, Some(exit)) => Ok(Event::Exit(exit)),
        (None, None) => Err(PropertyError::Unknown { what: "method or exit", name: name.clone() }),
    }
}
