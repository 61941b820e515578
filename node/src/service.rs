//! The chain on a thread of its own, and the door to it.
//!
//! Commands go through a bounded channel: when it is full, the caller waits. Whatever has queued up is taken
//! into the pool before the next block is built, so blocks grow with load; between two blocks commands are looked at
//! again, however much work waits. A fault stops the thread; every later command answers [`Stopped`], and the
//! process ends.

use std::{
    fmt,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use chainstack_consensus::{Input, Timer};
use chainstack_primitives::{AccountId, Amount, Hash, Height, Nonce, TimeMs};
use chainstack_runtime::{ports::Fault, transaction::VerifiedTransaction};
use chainstack_storage::RevertError;
use tokio::sync::broadcast;

use crate::chain::{Announcement, Chain, Known, SubmitRefused};

/// Commands that may wait for the chain.
pub const COMMANDS_MAX: usize = 1_024;
/// Announcements a slow subscriber may fall behind before it loses some.
pub const ANNOUNCEMENTS_MAX: usize = 1_024;

type Reply<T> = SyncSender<T>;
type ChainThread = JoinHandle<Result<(), Fault>>;
type Verdicts = Vec<Result<Hash, SubmitRefused>>;

enum Command {
    Submit(Vec<VerifiedTransaction>, Reply<Verdicts>),
    Known(Hash, Reply<Known>),
    NextNonce(AccountId, Reply<Nonce>),
    Pulse(Reply<Pulse>),
    Seal(Reply<Height>),
    Warp(u64, Reply<TimeMs>),
    Revert(Height, Reply<Result<(), RevertError>>),
    Stop,
}

/// What changes from block to block and is not in the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pulse {
    /// Base fee of the next block.
    pub base_fee: Amount,
    /// Transactions waiting in the pool.
    pub waiting: usize,
}

/// The chain's thread has ended: the process is going down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the chain has stopped; see the node's log")
    }
}

impl std::error::Error for Stopped {}

/// The door to a running chain. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    commands: SyncSender<Command>,
    announcements: broadcast::Sender<Announcement>,
    thread: Arc<Mutex<Option<ChainThread>>>,
    ended: Arc<(Mutex<bool>, Condvar)>,
}

impl Service {
    /// Runs `chain` on a thread of its own.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(chain: Chain) -> std::io::Result<Self> {
        let (commands, received) = sync_channel(COMMANDS_MAX);
        let (announcements, _) = broadcast::channel(ANNOUNCEMENTS_MAX);
        let announce = announcements.clone();
        let ended = Arc::new((Mutex::new(false), Condvar::new()));
        let signal = Arc::clone(&ended);
        let thread = std::thread::Builder::new().name("chain".to_owned()).spawn(move || {
            // Signals in every case, a panic among them.
            let _ended = Ended(signal);
            let result = Worker { chain, announce, deadline: None }.run(&received);
            if let Err(fault) = &result {
                tracing::error!(target: "chainstack::chain", %fault, "the chain has stopped");
            }
            result
        })?;
        Ok(Self { commands, announcements, thread: Arc::new(Mutex::new(Some(thread))), ended })
    }

    fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Stopped> {
        let (reply, answer) = sync_channel(1);
        self.commands.send(command(reply)).map_err(|_| Stopped)?;
        answer.recv().map_err(|_| Stopped)
    }

    /// Takes verified transactions into the pool: the id of each, or why it was not taken. Blocks until the
    /// chain has looked at them, not until they are in a block.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn submit(&self, transactions: Vec<VerifiedTransaction>) -> Result<Verdicts, Stopped> {
        self.ask(|reply| Command::Submit(transactions, reply))
    }

    /// What the pool knows of a transaction.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn known(&self, id: Hash) -> Result<Known, Stopped> {
        self.ask(|reply| Command::Known(id, reply))
    }

    /// The nonce an account uses next, waiting transactions counted.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn next_nonce(&self, account: AccountId) -> Result<Nonce, Stopped> {
        self.ask(|reply| Command::NextNonce(account, reply))
    }

    /// Base fee and pool.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn pulse(&self) -> Result<Pulse, Stopped> {
        self.ask(Command::Pulse)
    }

    /// Seals a block now. The new height.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn seal(&self) -> Result<Height, Stopped> {
        self.ask(Command::Seal)
    }

    /// Moves the chain's clock forward and seals a block. Its time.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn warp(&self, ms: u64) -> Result<TimeMs, Stopped> {
        self.ask(|reply| Command::Warp(ms, reply))
    }

    /// Takes the chain back to a height that history still holds; the answer says if it does not.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn revert(&self, height: Height) -> Result<Result<(), RevertError>, Stopped> {
        self.ask(|reply| Command::Revert(height, reply))
    }

    /// Blocks committed from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Announcement> {
        self.announcements.subscribe()
    }

    /// Whether the thread still runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !*self.ended.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the thread has ended by itself or was stopped.
    pub fn wait(&self) {
        let ended = self.ended.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody panics while holding the lock; if somebody did, there is nothing to wait for.
        let _ended = self.ended.1.wait_while(ended, |ended| !*ended);
    }

    /// Ends the thread after what is queued, and waits for it.
    ///
    /// # Errors
    /// The [`Fault`] that had stopped it before.
    pub fn stop(&self) -> Result<(), Fault> {
        // A closed channel means that it ended already.
        let _ended = self.commands.send(Command::Stop);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread.map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(ended)) => ended,
            Some(Err(_)) => Err(Fault::text("the chain's thread panicked")),
        }
    }
}

/// Says that the thread has ended, however it did.
struct Ended(Arc<(Mutex<bool>, Condvar)>);

impl Drop for Ended {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}

struct Worker {
    chain: Chain,
    announce: broadcast::Sender<Announcement>,
    deadline: Option<(Timer, Instant)>,
}

/// What the chain's thread does next.
enum Next {
    Obey(Command),
    Expire(Timer),
    /// Another block: work waits and nobody asks.
    Work,
    End,
}

impl Worker {
    fn run(mut self, commands: &Receiver<Command>) -> Result<(), Fault> {
        let mut more = false;
        loop {
            self.after_step();
            match self.next(commands, more) {
                Next::End => return Ok(()),
                Next::Expire(timer) => self.chain.step(Input::TimerExpired(timer))?,
                Next::Work => more = self.chain.work()?,
                Next::Obey(first) => {
                    let queued =
                        std::iter::once(first).chain(std::iter::from_fn(|| commands.try_recv().ok()));
                    for command in queued.take(COMMANDS_MAX).collect::<Vec<_>>() {
                        if matches!(command, Command::Stop) {
                            return Ok(());
                        }
                        self.obey(command)?;
                    }
                    more = self.chain.work()?;
                }
            }
        }
    }

    /// Waits for the next thing to do, or looks only, if `more` work is to be done otherwise. A queue that never
    /// empties must not keep the timer waiting.
    fn next(&mut self, commands: &Receiver<Command>, more: bool) -> Next {
        let left = self.deadline.map(|(timer, at)| (timer, at.saturating_duration_since(Instant::now())));
        let received = match left {
            Some((timer, left)) if left.is_zero() => {
                self.deadline = None;
                return Next::Expire(timer);
            }
            _ if more => match commands.try_recv() {
                Err(TryRecvError::Empty) => return Next::Work,
                received => received.ok(),
            },
            None => commands.recv().ok(),
            Some((timer, left)) => match commands.recv_timeout(left) {
                Err(RecvTimeoutError::Timeout) => {
                    self.deadline = None;
                    return Next::Expire(timer);
                }
                received => received.ok(),
            },
        };
        received.map_or(Next::End, Next::Obey)
    }

    fn after_step(&mut self) {
        if let Some((timer, after_ms)) = self.chain.take_timer() {
            let deadline = Instant::now().checked_add(Duration::from_millis(after_ms));
            self.deadline = deadline.map(|deadline| (timer, deadline));
        }
        for announcement in self.chain.take_announcements() {
            // Nobody may be listening.
            let _listeners = self.announce.send(announcement);
        }
    }

    /// Does what was asked. A caller that went away does not hear the answer.
    fn obey(&mut self, command: Command) -> Result<(), Fault> {
        match command {
            Command::Submit(transactions, reply) => answer(&reply, self.chain.submit(transactions)?),
            Command::Known(id, reply) => answer(&reply, self.chain.known(&id)),
            Command::NextNonce(account, reply) => answer(&reply, self.chain.next_nonce(&account)?),
            Command::Pulse(reply) => {
                let pulse = Pulse { base_fee: self.chain.base_fee(), waiting: self.chain.mempool().len() };
                answer(&reply, pulse);
            }
            Command::Seal(reply) => answer(&reply, self.chain.seal_now()?),
            Command::Warp(ms, reply) => answer(&reply, self.chain.warp(ms)?),
            Command::Revert(height, reply) => answer(&reply, self.chain.revert(height)?),
            Command::Stop => {}
        }
        Ok(())
    }
}

fn answer<T>(reply: &Reply<T>, value: T) {
    // The caller may have given up.
    let _heard = reply.send(value);
}
