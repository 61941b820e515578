//! What a method may send of an asset, by its declaration.

use chainstack_primitives::{
    Amount,
    manifest::{AssetRef, Send},
};

/// Most of an asset that one call can send, or let out of an escrow: by all sends together that could be of it. The host
/// counts what goes by whichever of them has room.
#[must_use]
pub fn most_sent(sends: &[Send], asset: &AssetRef) -> Amount {
    let may = sends.iter().filter(|send| could_be(&send.asset, asset));
    // More than there can be is as good as any bound.
    Amount(may.fold(0, |sum: u128, send| sum.saturating_add(send.max.0)))
}

/// Whether what `send` names could be the asset of an escrow.
fn could_be(send: &AssetRef, asset: &AssetRef) -> bool {
    match (send, asset) {
        (AssetRef::Native, AssetRef::Native) => true,
        (AssetRef::Own(one), AssetRef::Own(other)) => one == other,
        // Another contract's cell may be this contract's own, and one contract have several names.
        (AssetRef::Foreign { cell, .. }, AssetRef::Foreign { cell: other, .. } | AssetRef::Own(other))
        | (AssetRef::Own(cell), AssetRef::Foreign { cell: other, .. }) => cell == other,
        (AssetRef::Native, _) | (_, AssetRef::Native) => false,
    }
}
