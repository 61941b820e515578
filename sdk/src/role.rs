//! Who holds a declared role. The host checks callers before any code runs; these are for showing and passing on.

use crate::{AccountId, env};

/// A role of one account, kept by the host.
#[derive(Clone, Copy, Debug)]
pub struct AccountRole {
    id: u16,
}

impl AccountRole {
    /// The role with this permanent id.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self { id }
    }

    /// Who holds it; `None` if nobody does.
    #[must_use]
    pub fn holder(&self) -> Option<AccountId> {
        env::role(self.id)
    }
}

/// A role of a set of accounts, kept by the host. Code cannot list its members.
#[derive(Clone, Copy, Debug)]
pub struct SetRole {
    id: u16,
}

/// A role of whoever a head field of an item names. Code reads the field.
#[derive(Clone, Copy, Debug)]
pub struct ItemRole {
    id: u16,
}

macro_rules! identified {
    ($($name:ident)*) => {
        $(impl $name {
            /// The role with this permanent id.
            #[must_use]
            pub const fn new(id: u16) -> Self {
                Self { id }
            }

            /// The permanent id.
            #[must_use]
            pub const fn id(&self) -> u16 {
                self.id
            }
        })*
    };
}

identified!(SetRole ItemRole);
