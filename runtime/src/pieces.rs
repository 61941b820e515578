//! Independent pieces of work over the parallel port, each with a result.

use std::sync::{Mutex, PoisonError};

use chainstack_trie::Join;

use crate::ports::Parallel;

/// Lends our parallel port to whoever has a list of independent pieces, the trie among them.
pub(crate) struct Pieces<'a>(pub(crate) &'a dyn Parallel);

impl Join for Pieces<'_> {
    fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        let count = items.len();
        let slots: Vec<Mutex<Piece<T, R>>> =
            items.into_iter().map(|item| Mutex::new(Piece::Waiting(item))).collect();
        self.0.for_each(count, &|index| {
            let Some(slot) = slots.get(index) else { return };
            let mut piece = slot.lock().unwrap_or_else(PoisonError::into_inner);
            if let Piece::Waiting(item) = std::mem::replace(&mut *piece, Piece::Taken) {
                *piece = Piece::Done(work(item));
            }
        });
        let pieces = slots.into_iter().map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner));
        let results = pieces.map(|piece| match piece {
            Piece::Done(result) => result,
            // A port that left a job out: done here, so that the result is whole in any case.
            Piece::Waiting(item) => work(item),
            Piece::Taken => unreachable!("a piece of work is taken only to be replaced by its result"),
        });
        results.collect()
    }
}

enum Piece<T, R> {
    Waiting(T),
    Taken,
    Done(R),
}
