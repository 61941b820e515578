//! Compiled code in a folder, so that a restart does not compile again.
//!
//! **Format.** One file an entry, `<64 hex digits of the key>.code`, whose bytes are the engine's sealed entry: a checksum
//! over key and code stands in front. A file that is being written has another ending and is renamed when it is whole;
//! what a crash leaves of it is removed at the next start.
//!
//! **Promise.** None but bounds. Nothing is synced: what a power loss tears does not open, is compiled again and
//! replaced. The files take at most [`CODE_CACHE_BYTES_MAX`] together and are at most [`CODE_CACHE_ENTRIES_MAX`]; the
//! least recently used goes first. A disk that fails costs time and never a call.
//!
//! **Trust.** The entries are native code and their checksum is no signature. So the folder is for its owner alone, and a
//! file is read only if this user wrote it and nobody else can.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use chainstack_engine::{CodeCache, CodeKey};
use chainstack_primitives::Hash;

/// Most bytes of compiled code that a node keeps on disk.
pub const CODE_CACHE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Most entries of compiled code that a node keeps on disk.
pub const CODE_CACHE_ENTRIES_MAX: usize = 16_384;
/// Largest entry, in bytes: several times what the largest code compiles to.
pub const CODE_CACHE_ENTRY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Ending of a whole entry.
const WHOLE: &str = "code";
/// Name of the entry that is being written. There is one at a time.
const UNFINISHED: &str = "entry.unfinished";

/// What a folder of compiled code may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeFolderLimits {
    /// Bytes of all entries together.
    pub bytes_max: u64,
    /// Number of entries.
    pub entries_max: usize,
    /// Bytes of one entry.
    pub entry_bytes_max: u64,
}

impl Default for CodeFolderLimits {
    /// The published limits.
    fn default() -> Self {
        Self {
            bytes_max: CODE_CACHE_BYTES_MAX,
            entries_max: CODE_CACHE_ENTRIES_MAX,
            entry_bytes_max: CODE_CACHE_ENTRY_BYTES_MAX,
        }
    }
}

/// A folder of compiled code. It is of one process; what another one puts there is not found.
pub struct CodeFolder {
    folder: PathBuf,
    limits: CodeFolderLimits,
    /// The user whose files are read.
    owner: u32,
    /// Held while an entry is written, so that the bounds hold on the disk and not only in the index.
    writing: Mutex<()>,
    /// Held for moments: no disk is touched under it.
    index: Mutex<Index>,
    /// Whether a failure was told; one line is enough.
    told: AtomicBool,
}

#[derive(Default)]
struct Index {
    entries: BTreeMap<CodeKey, Entry>,
    bytes: u64,
    uses: u64,
}

struct Entry {
    bytes: u64,
    used: u64,
}

/// The folder of compiled code in a data folder. A node runs without one, slower, if it cannot be had.
#[must_use]
pub fn in_data_folder(data: &Path) -> Option<Arc<dyn CodeCache>> {
    let folder = data.join("code");
    match CodeFolder::open(&folder, CodeFolderLimits::default()) {
        Ok(opened) => Some(Arc::new(opened)),
        Err(error) => {
            let folder = folder.display();
            tracing::warn!(target: "chainstack::code", %folder, %error, "no compiled code is kept on disk");
            None
        }
    }
}

impl CodeFolder {
    /// Opens `folder`, or makes it, for this user alone, and drops what is past the limits, oldest first.
    ///
    /// # Errors
    /// If it cannot be made, read or closed to others, or is another user's.
    pub fn open(folder: &Path, limits: CodeFolderLimits) -> io::Result<Self> {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let found = fs::symlink_metadata(folder)?;
        if !found.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                "compiled code needs a folder of its own",
            ));
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        let owner = this_user(folder)?;
        if found.uid() != owner {
            let text = "the folder of compiled code is another user's";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        let opened = Self {
            folder: folder.to_path_buf(),
            limits,
            owner,
            writing: Mutex::new(()),
            index: Mutex::new(Index::default()),
            told: AtomicBool::new(false),
        };
        opened.read_index()?;
        opened.make_room(0);
        Ok(opened)
    }

    /// Number of entries, and the bytes that they take.
    #[must_use]
    pub fn size(&self) -> (usize, u64) {
        let index = self.index();
        (index.entries.len(), index.bytes)
    }

    /// Finds the entries that are there, oldest first; removes ours that are not whole, and leaves strangers alone.
    fn read_index(&self) -> io::Result<()> {
        let mut found: Vec<(SystemTime, CodeKey, u64)> = Vec::new();
        for file in fs::read_dir(&self.folder)? {
            let file = file?;
            let Some(key) = key_of(&file.path()) else { continue };
            let metadata = file.metadata()?;
            if self.is_ours(&metadata) {
                found.push((metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), key, metadata.len()));
            } else {
                self.note(fs::remove_file(file.path()));
            }
        }
        found.sort_unstable();
        let mut index = self.index();
        for (_, key, bytes) in found {
            index.insert(key, bytes);
        }
        Ok(())
    }

    /// Whether a file is one that this node wrote and nobody else can change, of a size that it writes.
    fn is_ours(&self, metadata: &fs::Metadata) -> bool {
        let private = metadata.mode() & 0o022 == 0;
        metadata.is_file()
            && metadata.uid() == self.owner
            && private
            && metadata.len() <= self.limits.entry_bytes_max
    }

    fn path(&self, key: &CodeKey) -> PathBuf {
        self.folder.join(format!("{}.{WHOLE}", hex::encode(key.0.0)))
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        // Nothing panics while the lock is held; the index is whole in any case.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the least recently used entries until one more of `bytes` fits. Whether it fits.
    fn make_room(&self, bytes: u64) -> bool {
        let more = usize::from(bytes > 0);
        loop {
            let oldest = {
                let index = self.index();
                let fits = index.bytes.saturating_add(bytes) <= self.limits.bytes_max
                    && index.entries.len().saturating_add(more) <= self.limits.entries_max;
                if fits {
                    return true;
                }
                match index.oldest() {
                    Some(key) => key,
                    None => return false,
                }
            };
            if !self.remove(&oldest) {
                return false;
            }
        }
    }

    /// Removes an entry from disk, then from the index. `false` if the disk will not.
    fn remove(&self, key: &CodeKey) -> bool {
        let removed = match fs::remove_file(self.path(key)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        };
        let gone = self.note(removed).is_some();
        if gone {
            self.index().remove(key);
        }
        gone
    }

    fn read(&self, key: &CodeKey) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.path(key))?;
        let metadata = file.metadata()?;
        if !self.is_ours(&metadata) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "not a file that this node wrote"));
        }
        let length = usize::try_from(metadata.len()).map_err(io::Error::other)?;
        let mut bytes = Vec::with_capacity(length);
        // Never more than was checked, whatever happens to the file meanwhile.
        (&mut file).take(metadata.len()).read_to_end(&mut bytes)?;
        // The order of last use survives a restart. It is a hint, and its failure no news.
        let _hint = file.set_modified(SystemTime::now());
        Ok(bytes)
    }

    fn write(&self, key: &CodeKey, bytes: &[u8]) -> io::Result<()> {
        let unfinished = self.folder.join(UNFINISHED);
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&unfinished, self.path(key)));
        if written.is_err() {
            // Best effort: the next entry, or the next start, removes it otherwise.
            let _left = fs::remove_file(&unfinished);
        }
        written
    }

    /// Tells of a failure of the disk: the first in a warning, the others to who looks closer.
    fn note<T>(&self, result: io::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let folder = self.folder.display();
                if self.told.swap(true, Ordering::Relaxed) {
                    tracing::debug!(target: "chainstack::code", %folder, %error, "compiled code could not be kept");
                } else {
                    tracing::warn!(target: "chainstack::code", %folder, %error, "compiled code could not be kept");
                }
                None
            }
        }
    }
}

impl CodeCache for CodeFolder {
    fn get(&self, key: &CodeKey) -> Option<Vec<u8>> {
        if !self.index().use_again(key) {
            return None;
        }
        let read = self.note(self.read(key));
        if read.is_none() {
            let _writes_wait = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            self.remove(key);
        }
        read
    }

    fn put(&self, key: &CodeKey, entry: &[u8]) {
        let bytes = u64::try_from(entry.len()).unwrap_or(u64::MAX);
        if entry.is_empty() || bytes > self.limits.entry_bytes_max || bytes > self.limits.bytes_max {
            return;
        }
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // What is replaced did not open; it goes first, so that the two are never there together.
        let held = self.index().entries.contains_key(key);
        if (held && !self.remove(key)) || !self.make_room(bytes) {
            return;
        }
        if self.note(self.write(key, entry)).is_some() {
            self.index().insert(*key, bytes);
        }
    }
}

impl Index {
    fn insert(&mut self, key: CodeKey, bytes: u64) {
        self.remove(&key);
        self.uses = self.uses.wrapping_add(1); // never reached; order is only a hint
        self.bytes = self.bytes.saturating_add(bytes);
        self.entries.insert(key, Entry { bytes, used: self.uses });
    }

    fn remove(&mut self, key: &CodeKey) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes = self.bytes.saturating_sub(entry.bytes);
        }
    }

    /// Notes that the entry is used. Whether there is one.
    fn use_again(&mut self, key: &CodeKey) -> bool {
        self.uses = self.uses.wrapping_add(1);
        let now = self.uses;
        self.entries.get_mut(key).map(|entry| entry.used = now).is_some()
    }

    fn oldest(&self) -> Option<CodeKey> {
        self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key)
    }
}

/// The key in a file's name; `None` for any other file.
fn key_of(path: &Path) -> Option<CodeKey> {
    if path.extension()? != WHOLE {
        return None;
    }
    let name = path.file_stem()?.to_str()?;
    let mut key = [0; 32];
    hex::decode_to_slice(name, &mut key).ok()?;
    // One name a key: upper-case digits are another file.
    (hex::encode(key) == name).then_some(CodeKey(Hash(key)))
}

/// The user that this process makes files as. Removes what a crash left unfinished.
fn this_user(folder: &Path) -> io::Result<u32> {
    let unfinished = folder.join(UNFINISHED);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let owner = file.metadata()?.uid();
    fs::remove_file(&unfinished)?;
    Ok(owner)
}

#[cfg(test)]
mod tests;
