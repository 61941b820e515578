//! The small notations inside attributes: terms, keys, states, touches, effects.

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, Lit, LitInt, LitStr, Result, Token, bracketed, parenthesized};

use crate::args::Args;
use crate::model::{CellKind, Section, Term, Use};
use crate::toml::{Table, Value, put, text, texts};

/// A part of the manifest: its value, and what it names.
pub(crate) struct Said {
    /// In the manifest.
    pub(crate) value: Value,
    /// What it names.
    pub(crate) uses: Vec<Use>,
}

/// A name that may be a keyword.
pub(crate) struct Word(pub(crate) Ident);

impl Parse for Word {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.call(Ident::parse_any).map(Self)
    }
}

/// A whole number, perhaps negative.
pub(crate) struct Number(pub(crate) String);

impl Parse for Number {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let sign = if input.parse::<Option<Token![-]>>()?.is_some() { "-" } else { "" };
        let number: LitInt = input.parse()?;
        number.base10_parse::<u128>()?;
        Ok(Self(format!("{sign}{}", number.base10_digits())))
    }
}

/// An amount: a number, or `any`.
pub(crate) struct Most(pub(crate) Value);

impl Parse for Most {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(Ident) {
            let word: Ident = input.parse()?;
            return match word == "any" {
                true => Ok(Self(text("any"))),
                false => Err(Error::new(word.span(), "a number or `any` expected")),
            };
        }
        input.parse().map(|Number(digits)| Self(Value::Number(digits)))
    }
}

/// A constant: a text, number, truth value, or `none`.
pub(crate) struct Constant(pub(crate) Value);

impl Parse for Constant {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            return input.parse::<LitStr>().map(|literal| Self(Value::Text(literal.value())));
        }
        if input.peek(syn::LitBool) {
            return input.parse::<syn::LitBool>().map(|literal| Self(Value::Flag(literal.value)));
        }
        if input.peek(Ident) {
            let word: Ident = input.parse()?;
            return match word == "none" {
                true => Ok(Self(text("none"))),
                false => Err(Error::new(word.span(), "a text, number, true, false or none expected")),
            };
        }
        input.parse().map(|Number(digits)| Self(Value::Number(digits)))
    }
}

impl Parse for Term {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let span = input.span();
        let constant = |text: String, any: bool| Self { text, span, path: Vec::new(), any };
        if input.parse::<Option<Token![_]>>()?.is_some() {
            return Ok(constant("*".into(), true));
        }
        if input.peek(Lit) || input.peek(Token![-]) {
            return match input.parse::<Constant>()?.0 {
                Value::Text(text) | Value::Number(text) => Ok(constant(format!("={text}"), false)),
                other => Ok(constant(format!("={other}"), false)),
            };
        }
        let words = Punctuated::<Word, Token![.]>::parse_separated_nonempty(input)?;
        let path: Vec<Ident> = words.into_iter().map(|Word(word)| word).collect();
        let words: Vec<String> = path.iter().map(|word| word.unraw().to_string()).collect();
        Ok(Self { text: words.join("."), span, path, any: false })
    }
}

/// A place in a cell: `cell[term, …]`, or `cell` if it has no key.
pub(crate) struct Place {
    pub(crate) cell: Ident,
    pub(crate) key: Vec<Term>,
}

impl Parse for Place {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let cell = input.parse()?;
        let mut key = Vec::new();
        if input.peek(syn::token::Bracket) {
            let content;
            bracketed!(content in input);
            key = Punctuated::<Term, Token![,]>::parse_terminated(&content)?.into_iter().collect();
        }
        Ok(Self { cell, key })
    }
}

impl Place {
    fn key(&self) -> Value {
        texts(self.key.iter().map(|term| &term.text))
    }

    fn uses(self, kinds: &'static [CellKind]) -> [Use; 2] {
        [Use::Cell(self.cell.clone(), kinds), Use::Key(self.cell, self.key)]
    }
}

/// `existing(cell[key])`, `new(cell[key])` or `each(cell, arg.list, max)`.
pub(crate) struct Binding {
    pub(crate) cell: Ident,
    pub(crate) said: Said,
}

impl Parse for Binding {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let Word(how) = input.parse()?;
        let content;
        parenthesized!(content in input);
        let mut table = Table::new();
        if how == "existing" || how == "new" {
            let place: Place = content.parse()?;
            let cell = place.cell.clone();
            put(&mut table, &how.to_string(), text(cell.unraw()));
            put(&mut table, "key", place.key());
            let uses = place.uses(&[CellKind::Map]).into();
            return Ok(Self { cell, said: Said { value: Value::Table(table), uses } });
        }
        if how != "each" {
            return Err(Error::new(how.span(), "`existing(…)`, `new(…)` or `each(…)` expected"));
        }
        let cell: Ident = content.parse()?;
        content.parse::<Token![,]>()?;
        let list: Term = content.parse()?;
        let [prefix, argument] = list.path.as_slice() else {
            return Err(Error::new(list.span, "`arg.` and the name of an argument expected"));
        };
        if prefix != "arg" {
            return Err(Error::new(list.span, "`arg.` and the name of an argument expected"));
        }
        content.parse::<Token![,]>()?;
        let Number(max) = content.parse()?;
        put(&mut table, "each", text(cell.unraw()));
        put(&mut table, "arg", text(argument.unraw()));
        put(&mut table, "max", Value::Number(max));
        let uses = vec![Use::Cell(cell.clone(), &[CellKind::Map]), Use::Argument(argument.clone())];
        Ok(Self { cell, said: Said { value: Value::Table(table), uses } })
    }
}

/// States of one machine: `Machine::One | Machine::Other`.
pub(crate) struct States {
    pub(crate) machine: Ident,
    pub(crate) states: Vec<Ident>,
}

impl Parse for States {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let paths = Punctuated::<syn::Path, Token![|]>::parse_separated_nonempty(input)?;
        let mut found: Option<Self> = None;
        for path in paths {
            let words: Vec<&Ident> = path.segments.iter().map(|segment| &segment.ident).collect();
            let [machine, state] = words.as_slice() else {
                return Err(Error::new_spanned(&path, "a state expected: `Machine::State`"));
            };
            match &mut found {
                None => found = Some(Self { machine: (*machine).clone(), states: vec![(*state).clone()] }),
                Some(set) if set.machine == **machine => set.states.push((*state).clone()),
                Some(set) => {
                    let message = format!(
                        "`|` stands between states of one machine, here `{}`; separate machines by a comma",
                        set.machine
                    );
                    return Err(Error::new(machine.span(), message));
                }
            }
        }
        found.ok_or_else(|| input.error("a state expected: `Machine::State`"))
    }
}

/// Sets of states as the manifest has them: one for each machine.
pub(crate) fn state_sets(sets: Vec<States>, single: bool) -> Result<Said> {
    let (mut table, mut uses) = (Table::new(), Vec::new());
    for set in sets {
        let name = machine_name(&set.machine);
        if table.iter().any(|(known, _)| *known == name) {
            return Err(Error::new(
                set.machine.span(),
                "this machine is named before; write its states with `|`",
            ));
        }
        let states = set.states.iter().map(IdentExt::unraw);
        match set.states.as_slice() {
            [state] if single => put(&mut table, &name, text(state.unraw())),
            [_, second, ..] if single => return Err(Error::new(second.span(), "an exit leads to one state")),
            _ => put(&mut table, &name, texts(states)),
        }
        uses.extend(set.states.into_iter().map(|state| Use::State(set.machine.clone(), state)));
    }
    Ok(Said { value: Value::Table(table), uses })
}

/// A machine's name in the manifest: that of its enum, in small letters.
pub(crate) fn machine_name(states: &Ident) -> String {
    let mut name = String::new();
    for character in states.unraw().to_string().chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(character.to_ascii_lowercase());
    }
    name
}

impl Parse for Said {
    /// A touch: `cell[key]: read + set(field) + delete`.
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let place: Place = input.parse()?;
        input.parse::<Token![:]>()?;
        let (mut operations, mut head, mut uses) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let operation: Ident = input.parse()?;
            if input.peek(syn::token::Paren) {
                if operation != "set" {
                    return Err(Error::new(operation.span(), "only `set(…)` lists fields of the head"));
                }
                let content;
                parenthesized!(content in input);
                let fields = Punctuated::<Word, Token![,]>::parse_terminated(&content)?;
                head.extend(fields.into_iter().map(|Word(field)| field));
            }
            operations.push(text(&operation));
            uses.push(Use::Operation(place.cell.clone(), operation));
            if input.parse::<Option<Token![+]>>()?.is_none() {
                break;
            }
        }
        let mut table = Table::new();
        put(&mut table, "cell", text(place.cell.unraw()));
        put(&mut table, "key", place.key());
        put(&mut table, "ops", Value::List(operations));
        if !head.is_empty() {
            put(&mut table, "head", texts(head.iter().map(IdentExt::unraw)));
        }
        uses.extend(head.into_iter().map(|field| Use::Head(place.cell.clone(), field, true)));
        uses.splice(0..0, place.uses(&[CellKind::Map, CellKind::Ledger, CellKind::Value]));
        Ok(Self { value: Value::Table(table), uses })
    }
}

/// `vault: pays_in + pays_out`.
pub(crate) struct EscrowUse(pub(crate) Said);

impl Parse for EscrowUse {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let cell: Ident = input.parse()?;
        input.parse::<Token![:]>()?;
        let mut table = vec![("cell".to_owned(), text(cell.unraw()))];
        for direction in Punctuated::<Ident, Token![+]>::parse_separated_nonempty(input)? {
            if direction != "pays_in" && direction != "pays_out" {
                return Err(Error::new(direction.span(), "`pays_in` or `pays_out` expected"));
            }
            put(&mut table, &direction.to_string(), Value::Flag(true));
        }
        let uses = vec![Use::Cell(cell, &[CellKind::Escrow])];
        Ok(Self(Said { value: Value::Table(table), uses }))
    }
}

/// An asset: `native`, an own cell, or `foreign(contract, cell id)`.
pub(crate) struct AssetName(pub(crate) Said);

impl Parse for AssetName {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: Ident = input.parse()?;
        if name == "native" {
            return Ok(Self(Said { value: text("native"), uses: Vec::new() }));
        }
        if name != "foreign" {
            let value = text(format_args!("cell.{}", name.unraw()));
            return Ok(Self(Said { value, uses: vec![Use::Cell(name, &[CellKind::Map, CellKind::Ledger])] }));
        }
        let content;
        parenthesized!(content in input);
        let contract: Term = content.parse()?;
        content.parse::<Token![,]>()?;
        let Number(cell) = content.parse()?;
        let mut table = Table::new();
        put(&mut table, "contract", text(&contract.text));
        put(&mut table, "cell", Value::Number(cell));
        Ok(Self(Said { value: Value::Table(table), uses: vec![Use::Term(contract)] }))
    }
}

/// `native: any`.
pub(crate) struct Send(pub(crate) Said);

impl Parse for Send {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let AssetName(asset) = input.parse()?;
        input.parse::<Token![:]>()?;
        let Most(most) = input.parse()?;
        let mut table = Table::new();
        put(&mut table, "asset", asset.value);
        put(&mut table, "max", most);
        Ok(Self(Said { value: Value::Table(table), uses: asset.uses }))
    }
}

/// `param.token: transfer(value_max = any, count_max = 2)`; `_` for any method.
pub(crate) struct Call(pub(crate) Said);

impl Parse for Call {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let contract: Term = input.parse()?;
        input.parse::<Token![:]>()?;
        let span = input.span();
        let mut table = vec![("contract".to_owned(), text(&contract.text))];
        if input.peek(LitStr) {
            put(&mut table, "method", text(input.parse::<LitStr>()?.value()));
        } else if input.parse::<Option<Token![_]>>()?.is_none() {
            put(&mut table, "method", text(input.parse::<Ident>()?.unraw()));
        }
        if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            let args = Args::read("calls", span, content.parse()?, &["value_max", "count_max"])?;
            put(&mut table, "value_max", args.one("value_max")?.map(|Most(most)| most));
            put(&mut table, "count_max", args.one("count_max")?.map(|Number(count)| Value::Number(count)));
        }
        Ok(Self(Said { value: Value::Table(table), uses: vec![Use::Term(contract)] }))
    }
}

/// `Event("field", …)`.
pub(crate) struct Announcement(pub(crate) Said);

impl Parse for Announcement {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let event: Ident = input.parse()?;
        let mut fields = Vec::new();
        if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            fields.extend(Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?);
        }
        let table = vec![(event.unraw().to_string(), texts(fields.iter().map(LitStr::value)))];
        let mut uses = vec![Use::Entry(Section::Events, event)];
        uses.extend(fields.into_iter().map(Use::Expression));
        Ok(Self(Said { value: Value::Table(table), uses }))
    }
}

/// Effects with operands; `delete` has none.
const EFFECTS: [&str; 6] = ["release", "set", "add", "sub", "move", "pay"];

/// An effect of an exit.
pub(crate) struct Effect {
    pub(crate) table: Table,
    pub(crate) uses: Vec<Use>,
    /// The field it sets, of the bound item.
    pub(crate) sets: Option<Ident>,
}

impl Parse for Effect {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let Word(kind) = input.parse()?;
        let mut effect = Self { table: Table::new(), uses: Vec::new(), sets: None };
        if kind == "delete" {
            put(&mut effect.table, "delete", Value::Flag(true));
            return Ok(effect);
        }
        if !EFFECTS.iter().any(|known| kind == known) {
            let message = format!(
                "`{kind}` is no effect; write release(…), set(…), delete, add(…), sub(…), move(…) or pay(…)"
            );
            return Err(Error::new(kind.span(), message));
        }
        let content;
        parenthesized!(content in input);
        match kind.to_string().as_str() {
            "release" => effect.release(&content, kind.span())?,
            "set" => {
                let Word(field) = content.parse()?;
                content.parse::<Token![=]>()?;
                put(&mut effect.table, "set", text(field.unraw()));
                effect.expression("value", content.parse()?);
                effect.sets = Some(field);
            }
            "add" | "sub" => {
                let place: Place = content.parse()?;
                content.parse::<Token![,]>()?;
                put(&mut effect.table, &kind.to_string(), text(place.cell.unraw()));
                put(&mut effect.table, "key", place.key());
                effect.uses.extend(place.uses(&[CellKind::Ledger]));
                effect.expression("amount", content.parse()?);
            }
            "move" => {
                let from: Place = content.parse()?;
                content.parse::<Token![,]>()?;
                let to: Place = content.parse()?;
                content.parse::<Token![,]>()?;
                if from.cell != to.cell {
                    return Err(Error::new(to.cell.span(), format!("`{}` again expected", from.cell)));
                }
                put(&mut effect.table, "move", text(from.cell.unraw()));
                put(&mut effect.table, "from", from.key());
                put(&mut effect.table, "to", to.key());
                effect.uses.extend(from.uses(&[CellKind::Ledger]));
                effect.uses.extend(to.uses(&[CellKind::Ledger]));
                effect.expression("amount", content.parse()?);
            }
            _ => {
                let to: Term = content.parse()?;
                content.parse::<Token![,]>()?;
                put(&mut effect.table, "pay", text(&to.text));
                effect.uses.push(Use::Term(to));
                effect.expression("amount", content.parse()?);
            }
        }
        if content.is_empty() { Ok(effect) } else { Err(content.error("nothing more expected")) }
    }
}

impl Effect {
    fn expression(&mut self, key: &str, literal: LitStr) {
        put(&mut self.table, key, text(literal.value()));
        self.uses.push(Use::Expression(literal));
    }

    /// `vault, to = account, amount = "…", remainder = account`.
    fn release(&mut self, content: ParseStream<'_>, span: Span) -> Result<()> {
        let escrow: Ident = content.parse()?;
        content.parse::<Option<Token![,]>>()?;
        let args = Args::read("release", span, content.parse()?, &["to", "amount", "remainder"])?;
        put(&mut self.table, "release", text(escrow.unraw()));
        self.uses.push(Use::Cell(escrow, &[CellKind::Escrow]));
        let to: Term = args.need("to")?;
        put(&mut self.table, "to", text(&to.text));
        self.uses.push(Use::Term(to));
        if let Some(amount) = args.one::<LitStr>("amount")? {
            self.expression("amount", amount);
        }
        if let Some(remainder) = args.one::<Term>("remainder")? {
            put(&mut self.table, "remainder", text(&remainder.text));
            self.uses.push(Use::Term(remainder));
        }
        Ok(())
    }
}

/// Whether both are written alike.
pub(crate) fn alike(left: &impl ToTokens, right: &impl ToTokens) -> bool {
    left.to_token_stream().to_string() == right.to_token_stream().to_string()
}
