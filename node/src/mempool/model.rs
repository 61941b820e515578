//! The pool against a slow plain model of the same rules, which looks at everything each time.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::*;

const BOUNDS: Bounds = Bounds { transactions_max: 12, bytes_max: 150, per_account_max: 4 };
const ACCOUNTS: u64 = 8;
const STEPS: u64 = 30_000;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// Facts in the order of their arrival.
#[derive(Default)]
struct Plain {
    waiting: Vec<Facts>,
    /// Nonces as last heard from the chain, of accounts that wait.
    accounts: BTreeMap<AccountId, Nonce>,
}

impl Plain {
    fn of(&self, signer: AccountId) -> impl Iterator<Item = &Facts> {
        self.waiting.iter().filter(move |it| it.signer == signer)
    }

    fn at(&self, signer: &AccountId, nonce: Nonce) -> Option<&Facts> {
        self.of(*signer).find(|it| it.nonce == nonce)
    }

    fn next_nonce(&self, signer: &AccountId, account: Nonce) -> Nonce {
        let mut next = account;
        while self.at(signer, next).is_some() {
            next.0 += 1;
        }
        next
    }

    fn insert(
        &mut self,
        facts: Facts,
        signer: SignerView,
        next: Height,
        base_fee: Amount,
    ) -> Result<(), MempoolRefused> {
        if self.waiting.iter().any(|it| it.full_hash == facts.full_hash) {
            return Err(MempoolRefused::AlreadyKnown);
        }
        if facts.nonce < signer.nonce {
            return Err(MempoolRefused::NonceTooLow { expected: signer.nonce, found: facts.nonce });
        }
        let limit = Nonce(signer.nonce.0 + BOUNDS.per_account_max as u64 - 1);
        if facts.nonce > limit {
            return Err(MempoolRefused::NonceTooHigh { limit, found: facts.nonce });
        }
        if facts.valid_until < next {
            return Err(MempoolRefused::Expired { valid_until: facts.valid_until, next });
        }
        let replaced = self.at(&facts.signer, facts.nonce).cloned();
        if let Some(waiting) = &replaced {
            check_replacement(waiting, &facts)?;
        } else if self.of(facts.signer).count() >= BOUNDS.per_account_max {
            return Err(MempoolRefused::AccountQueueFull { limit: BOUNDS.per_account_max });
        }
        let others = self.of(facts.signer).filter(|it| it.nonce != facts.nonce);
        let needed = Amount(others.map(|it| it.reservation.0).sum::<u128>() + facts.reservation.0);
        if needed > signer.balance {
            return Err(MempoolRefused::InsufficientFunds { needed, found: signer.balance });
        }
        let leaving =
            self.leaving(&facts, replaced.as_ref(), signer, base_fee).ok_or(MempoolRefused::Full)?;
        self.waiting.retain(|it| !leaving.contains(&(it.signer, it.nonce)));
        self.waiting.retain(|it| (it.signer, it.nonce) != (facts.signer, facts.nonce));
        self.accounts.insert(facts.signer, signer.nonce);
        self.waiting.push(facts);
        Ok(())
    }

    /// Who leaves for `newcomer`; `None` if it does not get in.
    fn leaving(
        &self,
        newcomer: &Facts,
        replaced: Option<&Facts>,
        signer: SignerView,
        base_fee: Amount,
    ) -> Option<BTreeSet<(AccountId, Nonce)>> {
        let mut leaving = BTreeSet::new();
        let mut staying: Vec<&Facts> = self.waiting.iter().filter(|it| Some(*it) != replaced).collect();
        loop {
            let bytes: usize = staying.iter().map(|it| it.size_bytes).sum();
            let fits =
                staying.len() < BOUNDS.transactions_max && bytes + newcomer.size_bytes <= BOUNDS.bytes_max;
            if fits {
                return Some(leaving);
            }
            if self.next_nonce(&newcomer.signer, signer.nonce) < newcomer.nonce {
                return None;
            }
            let tails = staying.iter().filter(|it| it.signer != newcomer.signer).filter(|it| {
                !staying.iter().any(|other| other.signer == it.signer && other.nonce > it.nonce)
            });
            let (gapped, Reverse(price), nonce, owner) = tails
                .map(|it| {
                    let gapped = it.nonce >= self.next_nonce(&it.signer, self.accounts[&it.signer]);
                    let price = it.offer_above(base_fee).unwrap_or(Amount::ZERO);
                    (gapped, Reverse(price), it.nonce, it.signer)
                })
                .max()?;
            let pays = newcomer.offer_above(base_fee).is_some_and(|own| own >= a_tenth_more(price));
            if !gapped && !pays {
                return None;
            }
            leaving.insert((owner, nonce));
            staying.retain(|it| (it.signer, it.nonce) != (owner, nonce));
        }
    }

    /// Ids in the order in which a block would take them.
    fn ready(&self, base_fee: Amount) -> Vec<Hash> {
        let mut next = self.accounts.clone();
        let mut chosen = Vec::new();
        loop {
            let heads = self.waiting.iter().enumerate().filter(|(_, it)| next[&it.signer] == it.nonce);
            let priced = heads.filter_map(|(at, it)| Some((it.offer_above(base_fee)?, Reverse(at))));
            let Some((_, Reverse(best))) = priced.max() else { return chosen };
            let best = &self.waiting[best];
            chosen.push(best.id);
            next.entry(best.signer).and_modify(|nonce| nonce.0 += 1);
        }
    }

    fn on_block(&mut self, signer: AccountId, nonce: Nonce, next: Height) {
        self.accounts.entry(signer).and_modify(|account| *account = nonce);
        self.waiting.retain(|it| it.valid_until >= next && (it.signer != signer || it.nonce >= nonce));
    }
}

fn draw(dice: &mut Dice, nonces: &[u64], serial: u64, height: Height) -> Facts {
    let account = dice.roll(ACCOUNTS);
    let mut id = [0; 32];
    id[..8].copy_from_slice(&serial.to_le_bytes());
    let tip = u128::from(dice.roll(60));
    Facts {
        id: Hash(id),
        full_hash: Hash(id),
        signer: AccountId([account as u8; 32]),
        nonce: Nonce((nonces[account as usize] + dice.roll(6)).saturating_sub(1)),
        max_fee: Amount(tip + u128::from(dice.roll(60))),
        tip: Amount(tip),
        reservation: Amount(u128::from(dice.roll(40))),
        size_bytes: 5 + dice.roll(25) as usize,
        valid_until: Height((height.0 + dice.roll(12)).saturating_sub(1)),
    }
}

#[test]
fn the_pool_does_what_the_plain_model_does() {
    let mut dice = Dice(7);
    let (mut pool, mut plain) = (Mempool::new(BOUNDS), Plain::default());
    let mut nonces = vec![0u64; ACCOUNTS as usize];
    let (mut height, mut base_fee) = (Height(1), Amount(10));
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut last = draw(&mut dice, &nonces, 0, height);
    for step in 1..=STEPS {
        let facts = if dice.roll(20) == 0 { last.clone() } else { draw(&mut dice, &nonces, step, height) };
        last = facts.clone();
        let nonce = Nonce(nonces[usize::from(facts.signer.0[0])]);
        let view = SignerView { nonce, balance: Amount(60 + u128::from(dice.roll(60))) };
        let id = facts.id;
        let expected = plain.insert(facts.clone(), view, height, base_fee);
        let found = pool.insert(facts, id, view, height, base_fee);
        assert_eq!(found, expected, "step {step}");
        let outcome = found.map_or_else(|refused| format!("{refused:?}"), |()| "taken".to_owned());
        *seen.entry(outcome.split(' ').next().unwrap_or_default().to_owned()).or_default() += 1;

        match dice.roll(8) {
            0 => {
                // A block: some account moves on, and the fee may change.
                let account = dice.roll(ACCOUNTS) as usize;
                nonces[account] += dice.roll(3);
                height.0 += 1;
                let (signer, nonce) = (AccountId([account as u8; 32]), Nonce(nonces[account]));
                pool.on_block([(signer, nonce)], height);
                plain.on_block(signer, nonce, height);
                base_fee = Amount(5 + u128::from(dice.roll(40)));
            }
            1 if !plain.waiting.is_empty() => {
                let at = dice.roll(plain.waiting.len() as u64) as usize;
                let gone = plain.waiting.remove(at);
                pool.discard(&gone.id);
            }
            _ => {}
        }
        let ready: Vec<Hash> = pool.ready(base_fee, 100).iter().map(|id| **id).collect();
        assert_eq!(ready, plain.ready(base_fee), "step {step}");
        assert_eq!(pool.has_ready(base_fee), !ready.is_empty(), "step {step}");
        let bytes: usize = plain.waiting.iter().map(|it| it.size_bytes).sum();
        assert_eq!((pool.len(), pool.size_bytes()), (plain.waiting.len(), bytes), "step {step}");
        for account in 0..ACCOUNTS as u8 {
            let (signer, nonce) = (AccountId([account; 32]), Nonce(nonces[usize::from(account)]));
            assert_eq!(pool.next_nonce(&signer, nonce), plain.next_nonce(&signer, nonce), "step {step}");
        }
    }
    // Every rule was met but the bound of an account's queue, which nonces in the window never reach.
    assert_eq!(seen.len(), 8, "{seen:?}");
    assert!(seen.values().all(|count| *count >= 50), "{seen:?}");
}

/// A full pool of `accounts` accounts, and how long a thousand attempts to get in for too little take.
fn attempts(accounts: u32) -> std::time::Duration {
    let count = usize::try_from(accounts).expect("small");
    let bounds = Bounds { transactions_max: count, bytes_max: usize::MAX, per_account_max: 4 };
    let mut pool = Mempool::new(bounds);
    let rich = SignerView { nonce: Nonce(0), balance: Amount(1_000) };
    let facts = |number: u32, tip: u128| {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&number.to_le_bytes());
        Facts {
            id: Hash(id),
            full_hash: Hash(id),
            signer: AccountId(id),
            nonce: Nonce(0),
            max_fee: Amount(1_000),
            tip: Amount(tip),
            reservation: Amount(1),
            size_bytes: 10,
            valid_until: Height(9),
        }
    };
    for number in 0..accounts {
        pool.insert(facts(number, 100), (), rich, Height(1), Amount(1)).expect("fits");
    }
    let attempt = |pool: &mut Mempool<()>, number: u32| {
        let found = pool.insert(facts(accounts + number, 50), (), rich, Height(1), Amount(1));
        assert_eq!(found, Err(MempoolRefused::Full));
    };
    // The first one ranks the accounts.
    attempt(&mut pool, 0);
    let began = std::time::Instant::now();
    for number in 1..=1_000 {
        attempt(&mut pool, number);
    }
    began.elapsed()
}

#[test]
fn an_attempt_on_a_full_pool_costs_no_walk_over_it() {
    let (small, large) = (attempts(64), attempts(32_768));
    // A walk would take about five hundred times as long; what is left is a few steps deeper into a tree.
    assert!(
        large < small * 50 + std::time::Duration::from_millis(50),
        "{small:?} for 64, {large:?} for 32,768"
    );
}
