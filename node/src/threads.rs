//! Threads for independent work.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chainstack_runtime::ports::Parallel;
use chainstack_trie::Join;

use crate::bench::cost::thread_cpu;

/// Runs jobs on a number of threads, this one among them, and counts what the others cost.
#[derive(Clone, Debug)]
pub struct Threads {
    count: NonZeroUsize,
    others_nanos: Arc<AtomicU64>,
}

impl Threads {
    /// As many threads as the machine runs at once.
    #[must_use]
    pub fn all() -> Self {
        Self::of(std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
    }

    /// `count` threads; at least one.
    #[must_use]
    pub fn of(count: usize) -> Self {
        Self { count: NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN), others_nanos: Arc::default() }
    }

    /// How many threads.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count.get()
    }

    /// CPU time that threads besides the callers' have used for jobs so far.
    #[must_use]
    pub fn others_cpu(&self) -> Duration {
        Duration::from_nanos(self.others_nanos.load(Ordering::Relaxed))
    }
}

impl Parallel for Threads {
    fn for_each(&self, count: usize, job: &(dyn Fn(usize) + Sync)) {
        let threads = self.count.get().min(count);
        if threads <= 1 {
            return (0..count).for_each(job);
        }
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    return;
                }
                job(index);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| {
                    work();
                    let nanos = u64::try_from(thread_cpu().as_nanos()).unwrap_or(u64::MAX);
                    self.others_nanos.fetch_add(nanos, Ordering::Relaxed);
                });
            }
            work();
        });
    }
}

impl Join for Threads {
    fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        let items: Vec<Mutex<Option<T>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
        let done: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
        self.for_each(items.len(), &|index| {
            let item = items.get(index).and_then(|slot| lock(slot).take());
            if let (Some(item), Some(slot)) = (item, done.get(index)) {
                let result = work(item);
                *lock(slot) = Some(result);
            }
        });
        // Every index was done once, so no slot is empty.
        done.into_iter()
            .filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect()
    }
}

fn lock<T>(slot: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_runs_once_at_any_thread_count() {
        for threads in [1, 2, 7] {
            for count in [0, 1, 2, 100] {
                let seen = Mutex::new(Vec::new());
                Threads::of(threads).for_each(count, &|index| lock(&seen).push(index));
                let mut seen = seen.into_inner().expect("no job panics");
                seen.sort_unstable();
                assert_eq!(seen, (0..count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        let squares = Threads::of(3).map((0..50u64).collect(), |item| item * item);
        assert_eq!(squares, (0..50u64).map(|item| item * item).collect::<Vec<_>>());
    }
}
