//! The model to Rust: plain calls of the SDK, and the manifest's text.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Fields, Ident, ItemEnum, ItemStruct, Type};

use crate::check::key_types;
use crate::model::{Contract, Entry, Method, Part, Section, written_types};
use crate::parse::is_doc;
use crate::toml::{Table, put, section, text};

/// Expands a checked contract.
pub(crate) fn expand(contract: Contract) -> TokenStream {
    let manifest = manifest(&contract.entries);
    let Contract { attributes, visibility, module, parts, entries } = contract;
    let keys = key_types(&entries);
    let same = written_types(&entries).into_iter().map(
        |(written, exact)| quote_spanned!(written.span()=> const _: fn(#written) -> #exact = |same| same;),
    );
    let (mut items, mut messages, mut param) = (Vec::new(), Vec::new(), 0u8);
    for part in parts {
        items.push(match part {
            Part::Plain(item) => quote!(#item),
            Part::Errors(item) => errors(&item),
            Part::Event(item, id) => event(&item, id),
            Part::Params(item) => params(&item, &mut param),
            Part::Handles(item, ids) => handles(item, &ids),
            Part::Machine { states, id, cell } => {
                machine(states, id, cell.and_then(|cell| keys.get(&cell.unraw().to_string()).cloned()))
            }
            Part::Data(item) => data(&item),
            Part::Choice(item) => choice(&item),
            Part::Method(method) => {
                messages.push(message(&method));
                let code = method.code;
                quote!(#code)
            }
        });
    }
    quote! {
        #(#attributes)*
        #visibility mod #module {
            #(#items)*

            /// The methods, as the host calls them.
            pub mod messages {
                #(#messages)*
            }

            /// The manifest that this module declares, as TOML.
            pub const MANIFEST: &str = #manifest;

            /// What `embed_manifest` turns into the manifest of the artifact.
            #[cfg(target_arch = "wasm32")]
            #[unsafe(link_section = "chainstack.source")]
            #[expect(unsafe_code, reason = "a custom section that nothing else writes to, and no code reads")]
            static MANIFEST_SOURCE: [u8; MANIFEST.len()] = ::chainstack_sdk::declared::source(MANIFEST);

            #(#same)*
        }
    }
}

/// The manifest's text: sections in the order in which they are read, entries in the author's.
pub(crate) fn manifest(entries: &[Entry]) -> String {
    let mut out = String::new();
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by_key(|entry| entry.section);
    for entry in sorted {
        let mut table = Table::new();
        put(&mut table, "id", entry.id.map(|(id, _)| crate::toml::Value::Number(id.to_string())));
        table.extend(entry.table.iter().cloned());
        if !entry.doc.text.is_empty() && entry.section != Section::Types {
            put(&mut table, "doc", text(&entry.doc.text));
        }
        let name = entry.section.name();
        let header = match entry.section {
            Section::Contract | Section::Upgrade => name.to_owned(),
            _ => format!("{name}.{}", entry.name),
        };
        section(&mut out, &header, place(entry.span), &table);
    }
    out
}

/// File and line of an entry, for errors that only the chain's own reader finds; outside a compiler there are none.
fn place(span: Span) -> Option<String> {
    proc_macro::is_available().then(|| {
        let span = span.unwrap();
        format!("{}:{}", span.file(), span.line())
    })
}

fn errors(item: &ItemEnum) -> TokenStream {
    let ItemEnum { attrs, vis, ident, variants, .. } = item;
    let variants = variants.iter().map(|variant| {
        let (docs, name) = (&variant.attrs, &variant.ident);
        let id = variant.discriminant.as_ref().map(|(_, id)| id);
        let fields = match &variant.fields {
            Fields::Named(named) => Some(&named.named),
            _ => None,
        };
        let fields = fields.map(|fields| quote!({ #fields }));
        quote!(#(#docs)* #name = #id #fields)
    });
    quote! {
        ::chainstack_sdk::errors! {
            #(#attrs)*
            #vis enum #ident { #(#variants),* }
        }
    }
}

fn event(item: &ItemStruct, id: u16) -> TokenStream {
    let ItemStruct { attrs, vis, ident, fields, .. } = item;
    let id = proc_macro2::Literal::u16_unsuffixed(id);
    let fields = fields.iter().map(|field| {
        let syn::Field { attrs, ident, ty, .. } = field;
        quote!(#(#attrs)* #ident: #ty)
    });
    quote! {
        ::chainstack_sdk::events! {
            #(#attrs)*
            #vis struct #ident = #id { #(#fields),* }
        }
    }
}

/// Parameters: a function for each, that reads it.
fn params(item: &ItemStruct, next: &mut u8) -> TokenStream {
    let ItemStruct { attrs, vis, ident, fields, .. } = item;
    let readers = fields.iter().map(|field| {
        let syn::Field { attrs, ident, ty, .. } = field;
        let index = *next;
        *next = next.wrapping_add(1);
        quote! {
            #(#attrs)*
            #[must_use]
            pub fn #ident() -> #ty {
                ::chainstack_sdk::env::param(#index)
            }
        }
    });
    quote! {
        #(#attrs)*
        #[derive(Clone, Copy, Debug)]
        #vis struct #ident;

        #[allow(dead_code, reason = "a parameter may concern the declaration alone")]
        impl #ident { #(#readers)* }
    }
}

/// Cells and roles: the struct as written, and a constant of it, called as the struct in capitals.
fn handles(item: ItemStruct, ids: &[u16]) -> TokenStream {
    let constant = format_ident!("{}", capitals(&item.ident), span = item.ident.span());
    let (vis, ident) = (item.vis.clone(), item.ident.clone());
    let values = item.fields.iter().zip(ids).map(|(field, id)| {
        let (name, ty) = (&field.ident, &field.ty);
        quote!(#name: <#ty>::new(#id))
    });
    let help = format!("The one [`{ident}`], with the ids of the declaration.");
    quote! {
        #[allow(dead_code, reason = "a cell or role may concern the declaration alone")]
        #item

        #[doc = #help]
        #[allow(dead_code, reason = "the declaration may be all")]
        #vis const #constant: #ident = #ident { #(#values),* };
    }
}

/// `BoardMembers` to `BOARD_MEMBERS`.
fn capitals(name: &Ident) -> String {
    crate::syntax::machine_name(name).to_uppercase()
}

fn machine(states: ItemEnum, id: u16, key: Option<Type>) -> TokenStream {
    let ident = states.ident.clone();
    let arms = states.variants.iter().map(|variant| {
        let (name, number) = (&variant.ident, variant.discriminant.as_ref().map(|(_, number)| number));
        quote!(#number => Self::#name)
    });
    let (kind, reader) = match key {
        None => (
            quote!(::chainstack_sdk::machine::Machine),
            quote! {
                /// The state it is in.
                #[must_use]
                pub fn now() -> Self {
                    Self::from_id(Self::MACHINE.state())
                }
            },
        ),
        Some(key) => (
            quote!(::chainstack_sdk::machine::ItemMachine),
            quote! {
                /// The state that the item under `key` is in, if there is one. Needs the touch `read`.
                #[must_use]
                pub fn of(key: &#key) -> ::core::option::Option<Self> {
                    Self::MACHINE.state(key).map(Self::from_id)
                }
            },
        ),
    };
    quote! {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        #states

        #[allow(dead_code, reason = "the host moves the machine where the declaration leaves no choice")]
        impl #ident {
            /// The declared machine.
            pub const MACHINE: #kind = <#kind>::new(#id);

            #reader

            /// Moves the machine to this state, one of the targets that the running transition declares.
            pub fn enter(self) {
                Self::MACHINE.transition(self as u8);
            }

            fn from_id(id: u8) -> Self {
                match id {
                    #(#arms,)*
                    _ => ::chainstack_sdk::declared::differs(),
                }
            }
        }
    }
}

/// A struct that is encoded field by field.
fn data(item: &ItemStruct) -> TokenStream {
    let ident = &item.ident;
    let names: Vec<&Ident> = item.fields.iter().filter_map(|field| field.ident.as_ref()).collect();
    let types: Vec<&Type> = item.fields.iter().map(|field| &field.ty).collect();
    quote! {
        #item

        impl ::chainstack_sdk::Datum for #ident {
            const SIZE_MAX: usize = 0 #(+ <#types as ::chainstack_sdk::Datum>::SIZE_MAX)*;

            fn size(&self) -> usize {
                0usize #(.wrapping_add(::chainstack_sdk::Datum::size(&self.#names)))*
            }

            fn encode(&self, writer: &mut ::chainstack_sdk::codec::Writer) {
                #(::chainstack_sdk::Datum::encode(&self.#names, writer);)*
            }

            fn decode(reader: &mut ::chainstack_sdk::codec::Reader) -> Self {
                Self { #(#names: ::chainstack_sdk::Datum::decode(reader)),* }
            }
        }
    }
}

/// An enum that is encoded as its variant's place, then the variant's fields.
fn choice(item: &ItemEnum) -> TokenStream {
    let ident = &item.ident;
    let (mut sizes, mut size, mut encode, mut decode) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (index, variant) in (0u8..).zip(&item.variants) {
        let name = &variant.ident;
        let fields: Vec<&Ident> = variant.fields.iter().filter_map(|field| field.ident.as_ref()).collect();
        let types: Vec<&Type> = variant.fields.iter().map(|field| &field.ty).collect();
        sizes.push(quote!(1 #(+ <#types as ::chainstack_sdk::Datum>::SIZE_MAX)*));
        size.push(quote! {
            Self::#name { #(#fields),* } => 1usize #(.wrapping_add(::chainstack_sdk::Datum::size(#fields)))*
        });
        encode.push(quote! {
            Self::#name { #(#fields),* } => {
                writer.write_array(&[#index]);
                #(::chainstack_sdk::Datum::encode(#fields, writer);)*
            }
        });
        decode.push(quote! {
            [#index] => Self::#name { #(#fields: ::chainstack_sdk::Datum::decode(reader)),* }
        });
    }
    quote! {
        #item

        impl ::chainstack_sdk::Datum for #ident {
            const SIZE_MAX: usize = ::chainstack_sdk::declared::greatest(&[#(#sizes),*]);

            fn size(&self) -> usize {
                match self { #(#size,)* }
            }

            fn encode(&self, writer: &mut ::chainstack_sdk::codec::Writer) {
                match self { #(#encode)* }
            }

            fn decode(reader: &mut ::chainstack_sdk::codec::Reader) -> Self {
                match *reader.take_array() {
                    #(#decode,)*
                    _ => ::chainstack_sdk::declared::differs(),
                }
            }
        }
    }
}

/// An export: decodes the arguments, calls the method, sets its output or reverts.
fn message(method: &Method) -> TokenStream {
    let Method { docs, signature, code, fallible } = method;
    let code = code.is_some();
    let name = &signature.ident;
    let arguments: Vec<Ident> = signature
        .inputs
        .iter()
        .filter_map(|input| match input {
            syn::FnArg::Typed(typed) => match &*typed.pat {
                syn::Pat::Ident(name) => Some(name.ident.clone()),
                _ => None,
            },
            syn::FnArg::Receiver(_) => None,
        })
        .collect();
    let docs = docs.iter().filter(|attribute| is_doc(attribute));
    let input = (code && !arguments.is_empty())
        .then(|| quote!(let (#(#arguments,)*) = ::chainstack_sdk::env::input();));
    let call = quote!(super::#name(#(#arguments),*));
    let run = match (code, *fallible, &signature.output) {
        // The declaration is all: the host has checked the arguments, and moves the machine.
        (false, ..) => quote!(),
        (true, true, _) => quote!(::chainstack_sdk::error::finish(#call);),
        (true, false, syn::ReturnType::Default) => quote!(#call;),
        (true, false, _) => quote!(::chainstack_sdk::env::output(&#call);),
    };
    quote! {
        #(#docs)*
        #[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
        #[cfg_attr(
            target_arch = "wasm32",
            expect(unsafe_code, reason = "an exported name; the manifest's method names are unique")
        )]
        pub extern "C-unwind" fn #name() {
            #input
            #run
        }
    }
}
