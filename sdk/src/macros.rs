//! The declarations of a contract: thin macros that expand to plain calls.

/// Declares the methods of a contract: each line becomes an export that decodes its arguments, calls the named
/// function and sets its output or reverts.
///
/// The functions return `Result<T, E>` with `E` made by [`errors!`](crate::errors). [`METHODS`] of the expansion
/// lists names and argument names and types, to be compared with the manifest in tests.
///
/// ```ignore
/// chainstack_sdk::methods! {
///     /// Moves `amount` to `to`.
///     fn transfer(to: AccountId, amount: Amount) -> bool = contract::transfer;
/// }
/// ```
///
/// [`METHODS`]: #methods
#[macro_export]
macro_rules! methods {
    ($($(#[$meta:meta])* fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $returns:ty)? = $function:path;)*) => {
        $(
            $(#[$meta])*
            #[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
            #[cfg_attr(
                target_arch = "wasm32",
                expect(unsafe_code, reason = "an exported name; the manifest's method names are unique")
            )]
            pub extern "C-unwind" fn $name() {
                let ($($arg,)*): ($($ty,)*) = $crate::env::input();
                let result: ::core::result::Result<$crate::methods!(@returns $($returns)?), _> =
                    $function($($arg),*);
                $crate::error::finish(result);
            }
        )*

        /// Name and arguments of each method, to be compared with the manifest.
        pub const METHODS: &[(&str, &[(&str, &str)])] =
            &[$((stringify!($name), &[$((stringify!($arg), stringify!($ty))),*])),*];
    };
    (@returns) => { () };
    (@returns $returns:ty) => { $returns };
}

/// Declares the errors of a contract: an enum whose variants carry their permanent ids and typed fields.
///
/// ```ignore
/// chainstack_sdk::errors! {
///     /// Why the token refuses.
///     pub enum TokenError {
///         /// The balance is less than what was asked.
///         InsufficientBalance = 1 { balance: Amount, needed: Amount },
///     }
/// }
/// ```
#[macro_export]
macro_rules! errors {
    ($(#[$meta:meta])* $vis:vis enum $enum:ident {
        $($(#[$doc:meta])* $name:ident = $id:literal
            $({ $($(#[$field_doc:meta])* $field:ident: $ty:ty),* $(,)? })?),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        $vis enum $enum {
            $($(#[$doc])* $name $({ $($(#[$field_doc])* $field: $ty),* })?),*
        }

        impl $crate::error::ContractError for $enum {
            const DECLARATIONS: &'static [$crate::error::Declaration] = &[$($crate::error::Declaration {
                id: $id,
                name: stringify!($name),
                fields: &[$($((stringify!($field), stringify!($ty))),*)?],
            }),*];

            fn id(&self) -> u16 {
                match self {
                    $(Self::$name { .. } => $id),*
                }
            }

            fn encode_fields(&self) -> &'static [u8] {
                match self {
                    $(Self::$name $({ $($field),* })? => $crate::encode_fields!($($($field),*)?),)*
                }
            }
        }
    };
}

/// Declares the events of a contract: a struct for each, with its permanent id.
///
/// ```ignore
/// chainstack_sdk::events! {
///     /// An amount moved.
///     pub struct Transfer = 1 {
///         /// From whom.
///         from: AccountId,
///     }
/// }
/// ```
#[macro_export]
macro_rules! events {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident = $id:literal {
        $($(#[$doc:meta])* $field:ident: $ty:ty),* $(,)?
    })*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, PartialEq, Eq, Debug)]
            $vis struct $name {
                $($(#[$doc])* pub $field: $ty),*
            }

            impl $crate::event::Event for $name {
                const ID: u16 = $id;
                const DECLARATION: $crate::error::Declaration = $crate::error::Declaration {
                    id: $id,
                    name: stringify!($name),
                    fields: &[$((stringify!($field), stringify!($ty))),*],
                };

                fn encode_fields(&self) -> &'static [u8] {
                    let Self { $($field),* } = self;
                    $crate::encode_fields!($($field),*)
                }
            }
        )*
    };
}

/// Declares the parameters of a contract: a function for each, that reads it. `PARAMS` lists them.
///
/// ```ignore
/// chainstack_sdk::params! {
///     /// Decimal places.
///     pub fn decimals() -> u8 = 2;
/// }
/// ```
#[macro_export]
macro_rules! params {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident() -> $ty:ty = $index:literal;)*) => {
        $(
            $(#[$meta])*
            #[must_use]
            $vis fn $name() -> $ty {
                $crate::env::param($index)
            }
        )*

        /// Name, index and type of each parameter, to be compared with the manifest.
        pub const PARAMS: &[(&str, u8, &str)] = &[$((stringify!($name), $index, stringify!($ty))),*];
    };
}

/// Encodes values one after the other.
#[doc(hidden)]
#[macro_export]
macro_rules! encode_fields {
    () => { &[] };
    ($($field:ident),+) => {{
        use $crate::codec::Datum as _;
        let mut writer = $crate::codec::Writer::new(0usize $(.wrapping_add($field.size()))+);
        $($field.encode(&mut writer);)+
        writer.finish()
    }};
}
