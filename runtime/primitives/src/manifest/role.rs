//! Roles: who may take a transition.

use parity_scale_codec::{Decode, Encode};

use super::{Doc, Name};

/// The host-owned method by which the holder of a role offers it.
pub const ROLE_OFFER: &str = "$role.offer";
/// The host-owned method by which a role that was offered is taken over.
pub const ROLE_ACCEPT: &str = "$role.accept";
/// The host-owned method by which the holder of a role gives it up for ever.
pub const ROLE_RENOUNCE: &str = "$role.renounce";
/// Methods that every contract has without declaring them.
pub const HOST_METHODS: &[&str] = &[ROLE_OFFER, ROLE_ACCEPT, ROLE_RENOUNCE];

/// A named power.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Role {
    /// Permanent id.
    pub id: u16,
    /// Name.
    pub name: Name,
    /// For people.
    pub doc: Doc,
    /// Who holds it.
    pub kind: RoleKind,
}

/// Who holds a role.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum RoleKind {
    /// One account, kept by the host.
    #[codec(index = 0)]
    Account {
        /// The first holder.
        initial: RoleInitial,
        /// Whether the holder may offer it to another account ([`ROLE_OFFER`], [`ROLE_ACCEPT`]).
        transferable: bool,
    },
    /// A set of accounts that acts by threshold, kept by the host.
    #[codec(index = 1)]
    Set {
        /// Index of the parameter that lists the first members.
        initial: u8,
        /// Greatest count of members.
        members_max: u8,
        /// Approvals a quorum needs, at least 1.
        threshold: u8,
        /// Blocks after which an approval expires.
        approval_blocks: u32,
        /// The role that may change the members; none: the set is fixed.
        admin: Option<u16>,
    },
    /// Whoever a head field of the bound item names.
    #[codec(index = 2)]
    Item {
        /// The item's cell, a map.
        cell: u16,
        /// The field that names the holder.
        field: ItemField,
    },
}

/// First holder of an account role.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum RoleInitial {
    /// Whoever instantiates the contract.
    #[codec(index = 0)]
    Signer,
    /// The parameter with this index: an account, or an optional account (none: nobody ever).
    #[codec(index = 1)]
    Param(u8),
}

/// A field of an item that names an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum ItemField {
    /// A head field of type account, by index.
    #[codec(index = 0)]
    Head(u8),
    /// The owner the host keeps for an `asset = unique` cell.
    #[codec(index = 1)]
    Owner,
}
