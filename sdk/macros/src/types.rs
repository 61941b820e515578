//! Rust types as the manifest names them.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Expr, ExprLit, GenericArgument, Ident, Lit, PathArguments, Result, Type};

/// Constants of the contract that bound types, by name.
pub(crate) type Constants = BTreeMap<String, u64>;

/// A type of the manifest, as it was written.
#[derive(Clone)]
pub(crate) struct ManifestType {
    /// Its text in the manifest.
    pub(crate) text: String,
    /// Types of the contract that it names.
    pub(crate) named: Vec<Ident>,
    /// The same type with full paths: an alias that says something else does not compile.
    pub(crate) exact: TokenStream,
    /// As the author wrote it.
    pub(crate) written: Type,
}

const WHOLE: [&str; 11] = ["bool", "u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128"];

/// What the manifest calls `ty`.
pub(crate) fn manifest_type(ty: &Type, constants: &Constants) -> Result<ManifestType> {
    let made = |text: String, exact: TokenStream, named: Vec<Ident>| {
        Ok(ManifestType { text, named, exact, written: ty.clone() })
    };
    if let Type::Array(array) = ty {
        let element = manifest_type(&array.elem, constants)?;
        if element.text != "u8" {
            return Err(Error::new_spanned(&array.elem, "an array is of bytes: `[u8; N]`"));
        }
        let size = bound(&array.len, constants)?;
        let length = &array.len;
        return made(format!("fixed<{size}>"), quote!([::core::primitive::u8; #length]), Vec::new());
    }
    let Type::Path(path) = ty else { return Err(unknown(ty)) };
    let Some(last) = path.path.segments.last().filter(|_| path.qself.is_none()) else {
        return Err(unknown(ty));
    };
    let name = last.ident.to_string();
    let arguments: Vec<&GenericArgument> = match &last.arguments {
        PathArguments::None => Vec::new(),
        PathArguments::AngleBracketed(arguments) => arguments.args.iter().collect(),
        PathArguments::Parenthesized(_) => return Err(unknown(ty)),
    };
    let ident = &last.ident;
    match (name.as_str(), arguments.as_slice()) {
        ("AccountId", []) => made("account".into(), quote!(::chainstack_sdk::AccountId), Vec::new()),
        ("Amount", []) => made("u128".into(), quote!(::chainstack_sdk::Amount), Vec::new()),
        ("Hash", []) => made("hash".into(), quote!(::chainstack_sdk::Hash), Vec::new()),
        ("Text" | "Bytes", [argument]) => {
            let size = match argument {
                GenericArgument::Const(length) => bound(length, constants)?,
                GenericArgument::Type(Type::Path(path)) => named(path.path.get_ident(), argument, constants)?,
                other => return Err(Error::new_spanned(other, "a number expected")),
            };
            made(
                format!("{}<{size}>", name.to_lowercase()),
                quote!(::chainstack_sdk::#ident<#argument>),
                Vec::new(),
            )
        }
        ("Option", [GenericArgument::Type(inner)]) => {
            let inner = manifest_type(inner, constants)?;
            let exact = inner.exact;
            made(format!("option<{}>", inner.text), quote!(::core::option::Option<#exact>), inner.named)
        }
        ("List", [GenericArgument::Type(inner), length]) => {
            let size = match length {
                GenericArgument::Const(length) => bound(length, constants)?,
                GenericArgument::Type(Type::Path(path)) => named(path.path.get_ident(), length, constants)?,
                other => return Err(Error::new_spanned(other, "a number expected")),
            };
            let inner = manifest_type(inner, constants)?;
            let exact = inner.exact;
            let exact = quote!(::chainstack_sdk::List<#exact, #length>);
            made(format!("list<{}, {size}>", inner.text), exact, inner.named)
        }
        (whole, []) if WHOLE.contains(&whole) => made(name, quote!(::core::primitive::#ident), Vec::new()),
        ("usize" | "isize" | "f32" | "f64" | "char" | "str" | "String" | "Vec", _) => Err(unknown(ty)),
        (_, []) if path.path.get_ident().is_some() => made(name, quote!(#path), vec![last.ident.clone()]),
        _ => Err(unknown(ty)),
    }
}

fn unknown(ty: &Type) -> Error {
    let message = "the manifest knows no such type; write bool, a sized whole number, Amount, AccountId, Hash, \
                   Text<N>, Bytes<N>, [u8; N], List<T, N>, \
                   Option<T>, or a `#[data]` type of this contract";
    Error::new_spanned(ty, message)
}

/// The value of a bound: a number, or a constant of the contract that is one.
fn bound(length: &Expr, constants: &Constants) -> Result<u64> {
    match length {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse(),
        Expr::Path(path) => named(path.path.get_ident(), length, constants),
        Expr::Block(block) => match block.block.stmts.as_slice() {
            [syn::Stmt::Expr(inner, None)] => bound(inner, constants),
            _ => Err(Error::new_spanned(length, BOUND)),
        },
        other => Err(Error::new_spanned(other, BOUND)),
    }
}

const BOUND: &str = "a number expected, or a `const` of this module that is one";

fn named(name: Option<&Ident>, at: &impl quote::ToTokens, constants: &Constants) -> Result<u64> {
    let value = name.and_then(|name| constants.get(&name.to_string()));
    value.copied().ok_or_else(|| Error::new_spanned(at, BOUND))
}
