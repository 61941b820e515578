//! The arguments of an attribute: `key`, `key = value` and `key(value, …)`.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Ident, LitBool, Meta, Result, Token};

use crate::nearest::did_you_mean;

/// The arguments of one attribute, each key known and given once.
pub(crate) struct Args {
    /// The attribute's name, for errors.
    name: String,
    /// The attribute's place, for what is missing.
    span: Span,
    given: Vec<Arg>,
}

struct Arg {
    key: Ident,
    value: Given,
}

enum Given {
    Flag,
    One(TokenStream),
    Many(TokenStream),
}

impl Args {
    /// The arguments of `attribute`, of which only `keys` mean anything.
    pub(crate) fn of(attribute: &Attribute, keys: &[&str]) -> Result<Self> {
        let name = attribute.path().require_ident()?;
        let tokens = match &attribute.meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(pair) => {
                return Err(Error::new(pair.eq_token.span, format!("write `#[{name}(…)]`")));
            }
        };
        Self::read(&name.to_string(), name.span(), tokens, keys)
    }

    /// Reads `tokens`, the arguments of the attribute `name` at `span`.
    pub(crate) fn read(name: &str, span: Span, tokens: TokenStream, keys: &[&str]) -> Result<Self> {
        let given = read(Punctuated::<Arg, Token![,]>::parse_terminated, tokens, span)?;
        let given: Vec<Arg> = given.into_iter().collect();
        for (index, arg) in given.iter().enumerate() {
            let key = arg.key.unraw().to_string();
            if !keys.contains(&key.as_str()) {
                let hint = did_you_mean(&key, keys.iter().copied());
                let message = format!("`{key}` means nothing to `#[{name}]`{hint}");
                return Err(Error::new(arg.key.span(), message));
            }
            if given.iter().take(index).any(|before| before.key == arg.key) {
                return Err(Error::new(arg.key.span(), format!("`{key}` is given twice")));
            }
        }
        Ok(Self { name: name.into(), span, given })
    }

    fn get(&self, key: &str) -> Option<&Arg> {
        self.given.iter().find(|arg| arg.key.unraw() == key)
    }

    /// Where `key` is given.
    pub(crate) fn place(&self, key: &str) -> Option<Span> {
        self.get(key).map(|arg| arg.key.span())
    }

    /// Whether the flag `key` is set.
    pub(crate) fn flag(&self, key: &str, default: bool) -> Result<bool> {
        match self.get(key) {
            None => Ok(default),
            Some(Arg { value: Given::Flag, .. }) => Ok(true),
            Some(_) => Ok(self.one::<LitBool>(key)?.is_some_and(|flag| flag.value)),
        }
    }

    /// The single value of `key`.
    pub(crate) fn one<T: Parse>(&self, key: &str) -> Result<Option<T>> {
        let Some(arg) = self.get(key) else { return Ok(None) };
        match &arg.value {
            Given::Flag => Err(Error::new(arg.key.span(), format!("write `{key} = …`"))),
            Given::One(tokens) | Given::Many(tokens) => {
                read(T::parse, tokens.clone(), arg.key.span()).map(Some)
            }
        }
    }

    /// The single value of `key`, which must be given.
    pub(crate) fn need<T: Parse>(&self, key: &str) -> Result<T> {
        self.one(key)?.ok_or_else(|| self.missing(key))
    }

    /// What is said when `key` is missing.
    pub(crate) fn missing(&self, key: &str) -> Error {
        Error::new(self.span, format!("`#[{}]` needs `{key}`", self.name))
    }

    /// The values of `key`, none if it is not given.
    pub(crate) fn list<T: Parse>(&self, key: &str) -> Result<Vec<T>> {
        let Some(arg) = self.get(key) else { return Ok(Vec::new()) };
        match &arg.value {
            Given::Flag => Err(Error::new(arg.key.span(), format!("write `{key}(…)`"))),
            Given::One(tokens) => Ok(vec![read(T::parse, tokens.clone(), arg.key.span())?]),
            Given::Many(tokens) => {
                let list = Punctuated::<T, Token![,]>::parse_terminated;
                Ok(read(list, tokens.clone(), arg.key.span())?.into_iter().collect())
            }
        }
    }

    /// The arguments inside `key(…)`, of which only `keys` mean anything.
    pub(crate) fn inner(&self, key: &str, keys: &[&str]) -> Result<Option<Self>> {
        let Some(arg) = self.get(key) else { return Ok(None) };
        let tokens = match &arg.value {
            Given::Flag => TokenStream::new(),
            Given::Many(tokens) => tokens.clone(),
            Given::One(_) => return Err(Error::new(arg.key.span(), format!("write `{key}(…)`"))),
        };
        Self::read(key, arg.key.span(), tokens, keys).map(Some)
    }
}

impl Parse for Arg {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = input.call(Ident::parse_any)?;
        if input.parse::<Option<Token![=]>>()?.is_some() {
            let mut tokens = TokenStream::new();
            while !input.is_empty() && !input.peek(Token![,]) {
                tokens.extend([input.parse::<TokenTree>()?]);
            }
            return Ok(Self { key, value: Given::One(tokens) });
        }
        match input.peek(syn::token::Paren).then(|| input.parse::<TokenTree>()).transpose()? {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                Ok(Self { key, value: Given::Many(group.stream()) })
            }
            _ => Ok(Self { key, value: Given::Flag }),
        }
    }
}

/// Reads all of `tokens`; what ends too early is shown at its last token, or at `around` if there is none.
pub(crate) fn read<T>(parser: impl Parser<Output = T>, tokens: TokenStream, around: Span) -> Result<T> {
    let last = tokens.clone().into_iter().last().map_or(around, |token| token.span());
    parser.parse2(tokens).map_err(|error| match error.to_string().strip_prefix("unexpected end of input, ") {
        Some(what) => Error::new(last, format!("{what} after this")),
        None if error.to_string() == "unexpected end of input" => Error::new(last, "a value is missing here"),
        None => error,
    })
}
