//! Roles: who may take a transition.

use parity_scale_codec::{Decode, Encode};

use super::{Doc, Name};

/// The host-owned method by which the holder of a role offers it.
pub const ROLE_OFFER: &str = "$role.offer";
/// The host-owned method by which a role that was offered is taken over.
pub const ROLE_ACCEPT: &str = "$role.accept";
/// The host-owned method by which the holder of a role gives it up for ever.
pub const ROLE_RENOUNCE: &str = "$role.renounce";
/// The host-owned method by which the admin of a set takes a member into it.
pub const ROLE_ADD: &str = "$role.add";
/// The host-owned method by which the admin of a set puts a member out of it.
pub const ROLE_REMOVE: &str = "$role.remove";
/// The host-owned method by which a member of a set approves a call, named by its [hash](super::call_hash).
pub const APPROVE: &str = "$approve";
/// The host-owned method by which somebody takes his approval of a call back.
pub const APPROVE_REVOKE: &str = "$approve.revoke";
/// The host-owned method by which the role of [`Upgrade::Gated`](super::Upgrade) proposes other code.
pub const UPGRADE_PROPOSE: &str = "$upgrade.propose";
/// The host-owned method by which that role takes its proposal back.
pub const UPGRADE_WITHDRAW: &str = "$upgrade.withdraw";
/// The host-owned method by which the vetoing role ends a proposal.
pub const UPGRADE_VETO: &str = "$upgrade.veto";
/// The host-owned method by which anybody carries out a proposal that has waited long enough.
pub const UPGRADE_APPLY: &str = "$upgrade.apply";
/// Methods that every contract has without declaring them.
pub const HOST_METHODS: &[&str] = &[
    ROLE_OFFER,
    ROLE_ACCEPT,
    ROLE_RENOUNCE,
    ROLE_ADD,
    ROLE_REMOVE,
    APPROVE,
    APPROVE_REVOKE,
    UPGRADE_PROPOSE,
    UPGRADE_WITHDRAW,
    UPGRADE_VETO,
    UPGRADE_APPLY,
];

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
        /// Blocks for which an approval counts after the one that it was given in.
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
