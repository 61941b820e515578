//! A Dutch auction of a unique asset that another contract keeps.
//!
//! The manifest is the contract: it demands the price, holds the lot, and gives it back. The code writes down what is
//! offered and hands over what was bought.
#![no_std]

use chainstack_sdk::call::pay;
use chainstack_sdk::cell::Map;
use chainstack_sdk::escrow::{From, UniqueEscrow};
use chainstack_sdk::event::emit;
use chainstack_sdk::{AccountId, Amount, env, errors, events, methods};

errors! {
    /// Why the code refuses; all else is refused by the declaration.
    pub enum AuctionError {
        /// The lot could not be taken into escrow.
        NotYours = 1,
        /// The seller could not be paid, or the lot not handed over.
        NotPaid = 2,
    }
}

events! {
    /// An auction was opened.
    pub struct Opened = 1 {
        /// Its lot.
        lot: u64,
        /// Who sells.
        seller: AccountId,
        /// The contract that keeps the asset.
        asset: AccountId,
        /// Which of its assets.
        id: u64,
    }

    /// The lot was sold.
    pub struct Sold = 2 {
        /// The lot.
        lot: u64,
        /// Who bought it.
        buyer: AccountId,
        /// For how much.
        price: Amount,
    }
}

/// A lot: seller, contract of the asset, first and last price, opening and closing height.
type Lot = (AccountId, AccountId, Amount, Amount, u64, u64);

/// Lots by number.
pub const LOTS: Map<u64, Lot> = Map::new(1);
/// The asset of each lot.
pub const HELD: UniqueEscrow<u64, u64> = UniqueEscrow::new(2);

methods! {
    /// Offers an asset.
    fn open(lot: u64, asset: AccountId, id: u64, start: Amount, floor: Amount, closes: u64) = open_lot;
    /// Buys the lot.
    fn buy(lot: u64) = buy_lot;
    /// Calls the auction off: the host has checked who asks, and moves the machine.
    fn cancel(lot: u64) = nothing_to_do;
    /// The price of a lot at this height.
    fn price(lot: u64) -> Option<Amount> = price_now;
}

type Result<T> = core::result::Result<T, AuctionError>;

fn open_lot(lot: u64, asset: AccountId, id: u64, start: Amount, floor: Amount, closes: u64) -> Result<()> {
    let seller = env::caller();
    LOTS.set(&lot, &(seller, asset, start, floor, env::height(), closes));
    HELD.take(&lot, &asset, From::Caller, &id).map_err(|_| AuctionError::NotYours)?;
    emit(&Opened { lot, seller, asset, id });
    Ok(())
}

/// The host has seen that the price came with the call.
fn buy_lot(lot: u64) -> Result<()> {
    let (buyer, paid) = (env::caller(), env::value());
    let found = LOTS.get(&lot).ok_or(AuctionError::NotPaid)?;
    let price = at_height(&found).ok_or(AuctionError::NotPaid)?;
    let more = paid.0.checked_sub(price.0).ok_or(AuctionError::NotPaid)?;
    pay(&found.0, price).map_err(|_| AuctionError::NotPaid)?;
    pay(&buyer, Amount(more)).map_err(|_| AuctionError::NotPaid)?;
    HELD.give(&lot, &buyer).map_err(|_| AuctionError::NotPaid)?;
    emit(&Sold { lot, buyer, price });
    Ok(())
}

fn nothing_to_do(_: u64) -> Result<()> {
    Ok(())
}

fn price_now(lot: u64) -> Result<Option<Amount>> {
    Ok(LOTS.get(&lot).as_ref().and_then(at_height))
}

/// What the guard of `buy` asks for; none once the lot is over.
fn at_height((_, _, start, floor, opens, closes): &Lot) -> Option<Amount> {
    let (passed, length) = (env::height().checked_sub(*opens)?, closes.checked_sub(*opens)?);
    if passed >= length {
        return None;
    }
    let fall = mul_div(start.0.checked_sub(floor.0)?, passed.into(), length.into())?;
    start.0.checked_sub(fall).map(Amount)
}

/// `floor(a · b / c)` for b below c, both below 2^64: by parts, so that nothing overflows.
fn mul_div(a: u128, b: u128, c: u128) -> Option<u128> {
    let (whole, rest) = (a.checked_div(c)?, a.checked_rem(c)?);
    let part = rest.checked_mul(b)?.checked_div(c)?;
    whole.checked_mul(b)?.checked_add(part)
}
