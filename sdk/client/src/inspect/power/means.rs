//! What a method lets who takes it do, as labelled sentences.

use chainstack_primitives::manifest::{
    AssetRef, CellKind, Effect, Exit, ItemBinding, ItemField, KeyTerm, Manifest, Ops, Role, RoleKind,
    Transition,
};

use super::item_field;
use crate::inspect::{
    effects::{Touched, touches},
    evidence::Claim,
    machines::moves,
    methods::effect_text,
    notation::{amount, asset, cell_name, names_of, names_of_exit},
};

/// Value that a method may move.
pub(super) fn value(manifest: &Manifest, role: Option<&Role>, transition: &Transition) -> Vec<Claim> {
    let names = names_of(manifest, transition);
    let method = &transition.method;
    let mut claims = Vec::new();
    for send in &transition.sends {
        let most = match (&send.asset, amount(send.max)) {
            (_, any) if any == "any" => "any amount that the contract has".to_owned(),
            (_, most) => format!("at most {most}"),
        };
        let text = format!("`{method}` sends {} of {} in one call", most, asset(names, &send.asset));
        claims.push(Claim::enforced(text));
    }
    for escrow in transition.escrows.iter().filter(|escrow| escrow.pays_out) {
        let escrow = cell_name(manifest, escrow.cell);
        let text = format!(
            "`{method}` pays out of escrow `{escrow}`, to whom its code says, at most what is held there"
        );
        claims.push(Claim::enforced(text));
    }
    let Some(touched) = touches(manifest, transition) else {
        if manifest.cells.iter().any(|cell| matches!(cell.kind, CellKind::Ledger(_))) {
            let text =
                format!("`{method}` may change every balance of every own ledger: it declares no places");
            claims.push(Claim::assumed(text));
        }
        return claims;
    };
    for entry in touched.iter().filter(|entry| changes_unique(entry)) {
        let text = format!(
            "`{method}` may create, change or destroy unique assets at `{}`: that their owner agreed is for the code to check",
            entry.place(names)
        );
        claims.push(Claim::assumed(text));
    }
    let ledgers: Vec<&Touched<'_>> = touched.iter().filter(|touched| touched.is_ledger()).collect();
    for ledger in ledgers.iter().filter(|ledger| ledger.may(Ops::SUB)) {
        if !is_own(role, transition, ledger) {
            let text = format!(
                "`{method}` may take from `{}`, somebody else's entry: that they agreed is for the code to check",
                ledger.place(names)
            );
            claims.push(Claim::assumed(text));
        }
    }
    for ledger in ledgers.iter().filter(|ledger| ledger.may(Ops::ADD)) {
        let balanced = ledgers.iter().any(|other| other.cell.id == ledger.cell.id && other.may(Ops::SUB));
        let text = match balanced {
            true => format!(
                "`{method}` may add to `{}`: that no more is added than taken is for the code to check",
                ledger.place(names)
            ),
            false => format!(
                "`{method}` may create balance in `{}`: how much is for the code to check",
                ledger.place(names)
            ),
        };
        claims.push(Claim::assumed(text));
    }
    claims
}

/// Whether a touch lets entries be written that are unique assets.
pub(super) fn changes_unique(touched: &Touched<'_>) -> bool {
    let writes = touched.may(Ops::SET) || touched.may(Ops::DELETE);
    writes && !touched.is_ledger() && touched.cell.asset().is_some()
}

/// Whether a ledger's entry belongs to who takes the method: by the caller in its key, or by the field of the bound
/// item that names the role's holder.
pub(super) fn is_own(role: Option<&Role>, transition: &Transition, touched: &Touched<'_>) -> bool {
    let by_field = match role.map(|role| &role.kind) {
        Some(RoleKind::Item { cell, field: ItemField::Head(field) }) => {
            crate::inspect::notation::bound_cell(&transition.item) == Some(*cell)
                && touched.touch.key.contains(&KeyTerm::Head(*field))
        }
        _ => false,
    };
    touched.is_callers_own() || by_field
}

/// Machines that a method may move.
pub(super) fn machines(manifest: &Manifest, transition: &Transition) -> Vec<Claim> {
    let text = |moved: String| Claim::enforced(format!("`{}` moves {moved}", transition.method));
    moves(manifest, transition).into_iter().map(text).collect()
}

/// Stored fields that a method may change.
pub(super) fn fields(manifest: &Manifest, transition: &Transition) -> Vec<Claim> {
    let names = names_of(manifest, transition);
    let method = &transition.method;
    let Some(touched) = touches(manifest, transition) else {
        let text = format!("`{method}` may change any own cell: it declares no places");
        return vec![Claim::enforced(text)];
    };
    let mut claims = Vec::new();
    for entry in touched.iter().filter(|touched| !touched.is_ledger()) {
        let place = entry.place(names);
        let head: Vec<String> = entry.head_fields().map(|field| format!("`{field}`")).collect();
        let (set, delete) = (entry.may(Ops::SET), entry.may(Ops::DELETE));
        let tail = set && entry.cell.tail_max_bytes() > 0;
        let tail = tail.then(|| "the tail".to_owned());
        let changed: Vec<String> = head.into_iter().chain(tail).collect();
        let created = matches!(&transition.item, ItemBinding::New { cell, key }
            if *cell == entry.cell.id && *key == entry.touch.key);
        let text = match (set, delete) {
            (true, _) if created => format!("`{method}` creates `{place}`, which must not be there before"),
            (true, true) => format!("`{method}` may create and delete `{place}`, and so replace it whole"),
            (true, false) if changed.is_empty() => {
                format!("`{method}` may create `{place}`; of one that is there it changes nothing")
            }
            (true, false) => {
                format!(
                    "`{method}` may create `{place}`; of one that is there it may change {}",
                    changed.join(", ")
                )
            }
            (false, true) => format!("`{method}` may delete `{place}`"),
            (false, false) => continue,
        };
        claims.push(Claim::enforced(text));
    }
    claims
}

/// Item roles that a method may give to somebody else.
pub(super) fn roles(manifest: &Manifest, transition: &Transition) -> Vec<Claim> {
    let touched = touches(manifest, transition);
    let decides = |role: &&Role| match &role.kind {
        RoleKind::Item { cell, field } => match (&touched, field) {
            (None, _) => true,
            (Some(touched), ItemField::Head(field)) => touched.iter().any(|touched| {
                let listed =
                    touched.touch.head.checked_shr(u32::from(*field)).is_some_and(|bit| bit & 1 == 1);
                touched.cell.id == *cell && listed
            }),
            (Some(touched), ItemField::Owner) => {
                touched.iter().any(|touched| touched.cell.id == *cell && touched.may(Ops::SET))
            }
        },
        _ => false,
    };
    let text = |role: &Role| {
        let RoleKind::Item { cell, field } = role.kind else { return String::new() };
        format!(
            "`{}` may change `{}`, which says who is `{}`",
            transition.method,
            item_field(manifest, cell, field),
            role.name
        )
    };
    manifest.roles.iter().filter(decides).map(|role| Claim::enforced(text(role))).collect()
}

/// What an exit moves when anybody pokes it.
pub(super) fn exit(manifest: &Manifest, exit: &Exit) -> Vec<Claim> {
    let names = names_of_exit(manifest, exit);
    let moves =
        exit.effects.iter().filter(|effect| !matches!(effect, Effect::SetHead { .. } | Effect::DeleteItem));
    let text =
        |effect: &Effect| Claim::enforced(format!("exit `{}`: {}", exit.name, effect_text(names, effect)));
    moves.map(text).collect()
}

/// Whether the asset is the chain's coin.
pub(super) fn is_native(asset: &AssetRef) -> bool {
    *asset == AssetRef::Native
}
