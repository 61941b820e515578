//! Blocks by height and hash, receipts, transactions, events: against the script.

use chainstack_primitives::{AccountId, Hash, Height};

use super::chain::{Script, Step};
use crate::{
    EventFilter, EventRecord, Inclusion, MemoryDisk, QueryBounds, ROWS_PER_QUERY_MIN, Store, StoreOptions,
};

fn run(script: &Script) -> Store {
    let backend = MemoryDisk::new().open().expect("free");
    let store = Store::create(backend, &script.genesis.commit(), &StoreOptions::default()).expect("created");
    for step in &script.steps {
        step.run(&store).expect("a step that fits");
    }
    store
}

#[test]
fn blocks_receipts_and_transactions_are_found() {
    // Up to 600 transactions: several chunks of receipts, and one that is full.
    let script = Script::new(31, 6, 0, 600);
    let store = run(&script);
    let mut found = 0;
    for (height, step) in (1..).map(Height).zip(&script.steps) {
        let Step::Commit(prepared) = step else { unreachable!("no reverts") };
        let hash = prepared.block.header.hash();
        assert_eq!(store.block(height).expect("readable").as_ref(), Some(&prepared.block));
        assert_eq!(store.block_by_hash(&hash).expect("readable").as_ref(), Some(&prepared.block));
        assert_eq!(store.header(height).expect("readable").as_ref(), Some(&prepared.block.header));
        assert_eq!(store.height_of(&hash), Ok(Some(height)));
        assert_eq!(store.receipts(height).expect("readable").as_ref(), Some(&prepared.receipts));
        for (index, receipt) in (0u32..).zip(&prepared.receipts) {
            let at = Inclusion { height, index };
            assert_eq!(store.transaction(&receipt.id), Ok(vec![at]));
            if index % 50 == 0 || index + 1 == prepared.receipts.len() as u32 {
                assert_eq!(store.receipt(at).expect("readable").as_ref(), Some(receipt));
                let transaction = store.transaction_at(at).expect("readable").expect("there");
                assert_eq!(transaction.id(), receipt.id);
            }
            found += 1;
        }
        let past = Inclusion { height, index: prepared.receipts.len() as u32 };
        assert_eq!(store.receipt(past), Ok(None));
        assert_eq!(store.transaction_at(past), Ok(None));
    }
    assert!(found > 500, "{found}");
    let (ahead, unknown) = (Height(7), Hash([1; 32]));
    assert_eq!(
        (store.block(ahead), store.header(ahead), store.receipts(ahead)),
        (Ok(None), Ok(None), Ok(None))
    );
    assert_eq!((store.block_by_hash(&unknown), store.transaction(&unknown)), (Ok(None), Ok(vec![])));
}

/// Every event of a script, in the order of the chain.
fn all_events(script: &Script) -> Vec<EventRecord> {
    let mut all = Vec::new();
    for (height, step) in (1..).map(Height).zip(&script.steps) {
        let Step::Commit(prepared) = step else { unreachable!("no reverts") };
        let ids = prepared.receipts.iter().map(|receipt| receipt.id);
        for ((transaction, events), id) in (0..).zip(&prepared.events).zip(ids) {
            for (index, event) in (0..).zip(events) {
                all.push(EventRecord { height, id, transaction, index, event: event.clone() });
            }
        }
    }
    all
}

#[test]
fn events_are_found_by_contract_and_event_page_by_page() {
    let script = Script::new(32, 12, 0, 150);
    let store = run(&script);
    let all = all_events(&script);
    assert!(all.len() > 300);
    let contracts: Vec<Option<AccountId>> = all
        .iter()
        .take(5)
        .map(|found| Some(found.event.contract))
        .chain([None, Some(AccountId([1; 32]))])
        .collect();
    for contract in contracts {
        for event in [None, Some(0), Some(2), Some(9)] {
            for (first, last) in [(0, 12), (3, 7), (5, 5), (9, 2), (0, 100), (13, 100)] {
                let filter = EventFilter { contract, event };
                let expected: Vec<&EventRecord> = all
                    .iter()
                    .filter(|found| (first..=last).contains(&found.height.0))
                    .filter(|found| contract.is_none_or(|wanted| wanted == found.event.contract))
                    .filter(|found| event.is_none_or(|wanted| wanted == found.event.event))
                    .collect();
                for limit in [1, 7, 64, 100_000] {
                    if limit == 1 && expected.len() > 200 {
                        continue;
                    }
                    let bounds = QueryBounds { events: limit, rows: 10_000 };
                    let mut found = Vec::new();
                    let mut from = Some((Height(first), 0, 0));
                    while let Some(place) = from {
                        let page = store.events(&filter, place, Height(last), bounds).expect("readable");
                        assert!(page.events.len() <= limit);
                        assert!(page.next.is_none() || page.events.len() == limit);
                        found.extend(page.events);
                        from = page.next;
                    }
                    assert_eq!(
                        found.iter().collect::<Vec<_>>(),
                        expected,
                        "{filter:?} {first}..={last} by {limit}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_query_reads_no_more_rows_than_it_may_and_its_cursor_leads_to_all() {
    let script = Script::new(34, 20, 0, 300);
    let store = run(&script);
    let all = all_events(&script);
    let spoke = all.first().expect("events").event.contract;
    for contract in [None, Some(spoke)] {
        for event in [None, Some(1), Some(9)] {
            let filter = EventFilter { contract, event };
            let wanted = |found: &&EventRecord| {
                contract.is_none_or(|wanted| wanted == found.event.contract)
                    && event.is_none_or(|wanted| wanted == found.event.event)
            };
            let expected: Vec<&EventRecord> = all.iter().filter(wanted).collect();
            for rows in [0, ROWS_PER_QUERY_MIN, 5, 10_000] {
                let bounds = QueryBounds { events: 10_000, rows };
                let (mut found, mut pages) = (Vec::new(), 0);
                let mut from = Some((Height(0), 0, 0));
                while let Some(place) = from {
                    let page = store.events(&filter, place, Height(99), bounds).expect("readable");
                    assert!(page.next.is_none_or(|next| next > place), "{place:?} leads to {page:?}");
                    found.extend(page.events);
                    pages += 1;
                    from = page.next;
                }
                assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?} by {rows} rows");
                // Twenty blocks of up to five chunks: a query that finds nothing stops as well.
                assert_eq!(pages > 1, rows < 10_000, "{filter:?} by {rows} rows: {pages} pages");
            }
        }
    }
}

#[test]
fn a_revert_takes_blocks_and_indexes_back() {
    let script = Script::new(33, 10, 0, 40);
    let store = run(&script);
    store.revert_to(Height(4)).expect("in the window");
    for (height, step) in (1..).map(Height).zip(&script.steps) {
        let Step::Commit(prepared) = step else { unreachable!("no reverts") };
        let kept = height <= Height(4);
        assert_eq!(store.block(height).expect("readable").is_some(), kept);
        assert_eq!(store.height_of(&prepared.block.header.hash()).expect("readable").is_some(), kept);
        for receipt in &prepared.receipts {
            assert_eq!(store.transaction(&receipt.id).expect("readable").len(), usize::from(kept));
        }
    }
    let bounds = QueryBounds { events: 10_000, rows: 10_000 };
    let page =
        store.events(&EventFilter::default(), (Height(0), 0, 0), Height(99), bounds).expect("readable");
    let expected: Vec<_> =
        all_events(&script).into_iter().filter(|found| found.height <= Height(4)).collect();
    assert_eq!(page.events, expected);
    store.verify().expect("whole");
}
