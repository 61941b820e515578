//! The pool's rules, each at its edge.

use chainstack_primitives::codes;

use super::*;

fn account(name: u8) -> AccountId {
    AccountId([name; 32])
}

fn facts(name: u8, nonce: u64, tip: u128) -> Facts {
    let mut id = [name; 32];
    id[0] = u8::try_from(nonce).expect("small");
    id[1] = u8::try_from(tip % 251).expect("small");
    Facts {
        id: Hash(id),
        full_hash: Hash(id),
        signer: account(name),
        nonce: Nonce(nonce),
        max_fee: Amount(1_000 + tip),
        tip: Amount(tip),
        reservation: Amount(100),
        size_bytes: 10,
        valid_until: Height(50),
    }
}

const RICH: SignerView = SignerView { nonce: Nonce(0), balance: Amount(1_000_000) };
const BASE: Amount = Amount(10);

fn pool(transactions_max: usize) -> Mempool<(u8, u64)> {
    Mempool::new(Bounds { transactions_max, bytes_max: 10_000, per_account_max: 4 })
}

fn add(pool: &mut Mempool<(u8, u64)>, name: u8, nonce: u64, tip: u128) -> Result<(), MempoolRefused> {
    pool.insert(facts(name, nonce, tip), (name, nonce), RICH, Height(1), BASE)
}

fn order(pool: &Mempool<(u8, u64)>) -> Vec<(u8, u64)> {
    pool.ready(BASE, 100).into_iter().map(|transaction| *transaction).collect()
}

#[test]
fn best_offer_first_then_first_come_and_nonces_in_order() {
    let mut pool = pool(10);
    for (name, nonce, tip) in [(1, 0, 5), (2, 0, 9), (1, 1, 50), (3, 0, 9), (4, 1, 99)] {
        add(&mut pool, name, nonce, tip).expect("fits");
    }
    assert_eq!(order(&pool), [(2, 0), (3, 0), (1, 0), (1, 1)], "the gapped one of account 4 waits");
    add(&mut pool, 4, 0, 1).expect("fits");
    assert_eq!(order(&pool), [(2, 0), (3, 0), (1, 0), (1, 1), (4, 0), (4, 1)]);
    assert_eq!(pool.next_nonce(&account(4), Nonce(0)), Nonce(2));
}

#[test]
fn a_transaction_below_the_base_fee_holds_back_its_account_only() {
    let mut pool = pool(10);
    add(&mut pool, 1, 0, 5).expect("fits");
    let poor = Facts { max_fee: Amount(9), ..facts(2, 0, 5) };
    pool.insert(poor, (2, 0), RICH, Height(1), BASE).expect("waits for a lower base fee");
    assert_eq!(order(&pool), [(1, 0)]);
    assert_eq!(pool.ready(Amount(9), 10).len(), 2);
}

#[test]
fn replacement_needs_a_tenth_more_in_both_fields() {
    let mut pool = pool(10);
    add(&mut pool, 1, 0, 100).expect("fits");
    assert_eq!(add(&mut pool, 1, 0, 100), Err(MempoolRefused::AlreadyKnown));
    let almost = Facts { max_fee: Amount(1_210), ..facts(1, 0, 109) };
    assert_eq!(
        pool.insert(almost, (1, 9), RICH, Height(1), BASE),
        Err(MempoolRefused::ReplacementUnderpriced {
            max_fee_needed: Amount(1_210),
            tip_needed: Amount(110)
        })
    );
    let enough = Facts { max_fee: Amount(1_210), ..facts(1, 0, 110) };
    pool.insert(enough, (1, 9), RICH, Height(1), BASE).expect("replaces");
    assert_eq!((order(&pool), pool.len(), pool.size_bytes()), (vec![(1, 9)], 1, 10));
}

#[test]
fn each_bound_at_it_and_one_past() {
    let mut pool = pool(10);
    for nonce in 0..4 {
        add(&mut pool, 1, nonce, 5).expect("within the account's bound");
    }
    let past = MempoolRefused::NonceTooHigh { limit: Nonce(3), found: Nonce(4) };
    assert_eq!(add(&mut pool, 1, 4, 5), Err(past));
    let view = SignerView { nonce: Nonce(1), ..RICH };
    let old = pool.insert(facts(2, 0, 5), (2, 0), view, Height(1), BASE);
    assert_eq!(old, Err(MempoolRefused::NonceTooLow { expected: Nonce(1), found: Nonce(0) }));
    let full = pool.insert(facts(1, 4, 5), (1, 4), view, Height(1), BASE);
    assert_eq!(full, Err(MempoolRefused::AccountQueueFull { limit: 4 }));
    let at = pool.insert(facts(3, 0, 5), (3, 0), RICH, Height(50), BASE);
    assert_eq!(at, Ok(()));
    let expired = pool.insert(facts(4, 0, 5), (4, 0), RICH, Height(51), BASE);
    assert_eq!(expired, Err(MempoolRefused::Expired { valid_until: Height(50), next: Height(51) }));
}

#[test]
fn an_account_reserves_no_more_than_it_has() {
    let mut pool = pool(10);
    let view = SignerView { balance: Amount(250), ..RICH };
    for nonce in 0..2 {
        pool.insert(facts(1, nonce, 5), (1, nonce), view, Height(1), BASE).expect("covered");
    }
    let third = pool.insert(facts(1, 2, 5), (1, 2), view, Height(1), BASE);
    assert_eq!(third, Err(MempoolRefused::InsufficientFunds { needed: Amount(300), found: Amount(250) }));
    let dearer = Facts { max_fee: Amount(1_200), ..facts(1, 1, 50) };
    let replaced = pool.insert(dearer, (1, 1), SignerView { balance: Amount(200), ..view }, Height(1), BASE);
    assert_eq!(replaced, Ok(()), "what is replaced does not count twice");
    let over = Facts { reservation: Amount::MAX, ..facts(2, 0, 5) };
    add(&mut pool, 2, 1, 5).expect("fits");
    let sum = pool.insert(over, (2, 0), RICH, Height(1), BASE);
    assert_eq!(sum, Err(MempoolRefused::InsufficientFunds { needed: Amount::MAX, found: RICH.balance }));
}

#[test]
fn a_full_pool_evicts_the_cheapest_tail_for_better_pay_only() {
    let mut pool = pool(4);
    for (name, nonce, tip) in [(1, 0, 20), (1, 1, 90), (2, 0, 50), (3, 0, 40)] {
        add(&mut pool, name, nonce, tip).expect("fits");
    }
    assert_eq!(add(&mut pool, 4, 0, 43), Err(MempoolRefused::Full), "a tenth more than 40 is 44");
    add(&mut pool, 4, 0, 44).expect("evicts account 3, the cheapest tail");
    assert_eq!(order(&pool), [(2, 0), (4, 0), (1, 0), (1, 1)]);
    assert_eq!(add(&mut pool, 5, 1, 1_000), Err(MempoolRefused::Full), "what cannot run evicts nothing");
}

#[test]
fn gapped_transactions_go_first_whatever_they_offer() {
    let mut pool = pool(2);
    add(&mut pool, 1, 0, 20).expect("fits");
    add(&mut pool, 2, 3, 9_000).expect("fits, gapped");
    add(&mut pool, 3, 0, 1).expect("evicts the gapped one");
    assert_eq!(order(&pool), [(1, 0), (3, 0)]);
}

#[test]
fn a_large_newcomer_evicts_several_or_none() {
    let mut pool = Mempool::new(Bounds { transactions_max: 10, bytes_max: 40, per_account_max: 4 });
    for name in 1..=4 {
        pool.insert(facts(name, 0, u128::from(name) * 100), (name, 0), RICH, Height(1), BASE).expect("fits");
    }
    let large = |tip| Facts { size_bytes: 25, ..facts(9, 0, tip) };
    assert_eq!(pool.insert(large(250), (9, 0), RICH, Height(1), BASE), Err(MempoolRefused::Full));
    assert_eq!(pool.len(), 4, "nothing was evicted in vain");
    pool.insert(large(330), (9, 0), RICH, Height(1), BASE).expect("evicts three");
    assert_eq!((order(&pool), pool.size_bytes()), (vec![(4, 0), (9, 0)], 35));
}

#[test]
fn a_replacement_stays_inside_the_bound_of_bytes() {
    let mut pool = Mempool::new(Bounds { transactions_max: 10, bytes_max: 40, per_account_max: 4 });
    for name in 1..=4 {
        pool.insert(facts(name, 0, u128::from(name) * 100), (name, 0), RICH, Height(1), BASE).expect("fits");
    }
    let larger = |tip: u128, size_bytes| Facts { size_bytes, max_fee: Amount(9_000), ..facts(1, 0, tip) };
    assert_eq!(pool.insert(larger(150, 20), (1, 9), RICH, Height(1), BASE), Err(MempoolRefused::Full));
    assert_eq!((pool.len(), pool.size_bytes()), (4, 40), "what was to be replaced still waits");
    pool.insert(larger(300, 20), (1, 9), RICH, Height(1), BASE).expect("pays for the one it evicts");
    assert_eq!((order(&pool), pool.size_bytes()), (vec![(4, 0), (3, 0), (1, 9)], 40));
}

#[test]
fn blocks_advance_nonces_and_heights() {
    let mut pool = pool(10);
    for nonce in 0..3 {
        add(&mut pool, 1, nonce, 5).expect("fits");
    }
    pool.on_block([(account(1), Nonce(2))], Height(2));
    assert_eq!(order(&pool), [(1, 2)]);
    pool.on_block([], Height(51));
    assert!(pool.is_empty() && pool.size_bytes() == 0);
}

/// A pool with the bounds of a node, and who sends it transactions of `size_bytes` that each pay the same.
struct Crowd {
    pool: Mempool<()>,
    size_bytes: usize,
}

impl Crowd {
    fn new(size_bytes: usize) -> Self {
        Self { pool: Mempool::new(Bounds::default()), size_bytes }
    }

    /// The code with which the transaction of this account and nonce is refused, or 0.
    fn send(&mut self, account: usize, nonce: usize) -> u16 {
        self.send_sized(account, nonce, self.size_bytes)
    }

    fn send_sized(&mut self, account: usize, nonce: usize, size_bytes: usize) -> u16 {
        let mut signer = [1; 32];
        signer[..8].copy_from_slice(&(account as u64).to_le_bytes());
        let mut id = signer;
        id[8..16].copy_from_slice(&(nonce as u64).to_le_bytes());
        let facts = Facts {
            id: Hash(id),
            full_hash: Hash(id),
            signer: AccountId(signer),
            nonce: Nonce(nonce as u64),
            reservation: Amount(1),
            size_bytes,
            ..facts(1, 0, 5)
        };
        self.pool.insert(facts, (), RICH, Height(1), BASE).map_or_else(|refused| refused.code(), |()| 0)
    }
}

#[test]
fn the_published_bounds_hold_at_them_and_one_past() {
    let Bounds { transactions_max, bytes_max, per_account_max } = Bounds::default();

    let mut one = Crowd::new(1);
    for nonce in 0..per_account_max {
        assert_eq!(one.send(1, nonce), 0, "nonce {nonce} of one account");
    }
    assert_eq!(one.send(1, per_account_max), codes::NONCE_TOO_HIGH);

    let mut many = Crowd::new(1);
    for index in 0..transactions_max {
        assert_eq!(many.send(index / per_account_max, index % per_account_max), 0, "transaction {index}");
    }
    assert_eq!(many.pool.len(), transactions_max);
    assert_eq!(many.send(transactions_max, 0), codes::MEMPOOL_FULL);
    assert_eq!(many.pool.len(), transactions_max);

    let large = bytes_max / 256;
    let mut heavy = Crowd::new(large);
    for account in 0..255 {
        assert_eq!(heavy.send(account, 0), 0, "account {account}");
    }
    let rest = bytes_max - 255 * large;
    assert_eq!(heavy.send_sized(255, 0, rest + 1), codes::MEMPOOL_FULL);
    assert_eq!(heavy.send_sized(255, 0, rest), 0);
    assert_eq!(heavy.pool.size_bytes(), bytes_max);
}
