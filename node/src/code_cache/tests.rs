//! The folder under damage, at its limits, across restarts, and on a disk that fails.

use chainstack_engine::{
    Compiler, Engine, EngineConfig, Guest, Host, HostFunctionSignature, HostFunctions, HostTrap,
    InitializeLimits, Origin, Outcome, ValueKind,
};
use chainstack_primitives::keccak256;

use super::*;

const SMALL: CodeFolderLimits = CodeFolderLimits { bytes_max: 100, entries_max: 4, entry_bytes_max: 60 };

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn key(number: u8) -> CodeKey {
    CodeKey(Hash([number; 32]))
}

fn open(folder: &tempfile::TempDir, limits: CodeFolderLimits) -> CodeFolder {
    CodeFolder::open(&folder.path().join("code"), limits).expect("a folder of compiled code")
}

/// Bytes that the entries really take.
fn on_disk(cache: &CodeFolder) -> u64 {
    fs::read_dir(&cache.folder)
        .expect("there")
        .map(|file| file.expect("there").metadata().expect("there").len())
        .sum()
}

#[test]
fn entries_are_found_again_also_after_a_restart() {
    let folder = folder();
    let cache = open(&folder, CodeFolderLimits::default());
    assert_eq!(cache.get(&key(1)), None);
    cache.put(&key(1), b"one");
    cache.put(&key(2), b"two");
    assert_eq!((cache.get(&key(1)), cache.get(&key(2))), (Some(b"one".to_vec()), Some(b"two".to_vec())));
    cache.put(&key(1), b"another one");
    assert_eq!(cache.size(), (2, 14));
    drop(cache);
    let cache = open(&folder, CodeFolderLimits::default());
    assert_eq!(cache.size(), (2, 14));
    assert_eq!(cache.get(&key(1)), Some(b"another one".to_vec()));
    assert_eq!(cache.get(&key(3)), None);
}

#[test]
fn the_limits_hold_at_and_past_and_the_least_recently_used_goes() {
    let folder = folder();
    let cache = open(&folder, SMALL);
    cache.put(&key(9), &[0; 61]);
    assert_eq!(cache.size(), (0, 0), "one past the greatest entry");
    cache.put(&key(1), &[1; 60]);
    cache.put(&key(2), &[2; 40]);
    assert_eq!((cache.size(), on_disk(&cache)), ((2, 100), 100), "at the limit");
    assert!(cache.get(&key(1)).is_some());
    cache.put(&key(3), &[3; 1]);
    assert_eq!((cache.size(), on_disk(&cache)), ((2, 61), 61), "one byte past it the oldest goes");
    assert!(cache.get(&key(2)).is_none() && cache.get(&key(1)).is_some());
    for number in 4..20 {
        cache.put(&key(number), &[number; 5]);
        assert!(cache.size().0 <= 4 && on_disk(&cache) == cache.size().1, "{:?}", cache.size());
    }
    assert_eq!(cache.size(), (4, 20), "at most four entries");
    // A smaller limit after a restart drops the oldest by their last use on disk.
    for (number, age) in [(16, 30), (17, 40), (18, 10), (19, 20)] {
        let file = File::open(cache.path(&key(number))).expect("there");
        file.set_modified(SystemTime::now() - std::time::Duration::from_secs(age)).expect("dated");
    }
    drop(cache);
    let cache = open(&folder, CodeFolderLimits { bytes_max: 10, ..SMALL });
    assert_eq!((cache.size(), on_disk(&cache)), ((2, 10), 10));
    assert!(cache.get(&key(18)).is_some() && cache.get(&key(19)).is_some());
}

#[test]
fn only_this_user_can_read_the_folder_and_only_private_files_are_read() {
    let folder = folder();
    let cache = open(&folder, CodeFolderLimits::default());
    cache.put(&key(1), b"one");
    let mode = |path: &Path| fs::metadata(path).expect("there").mode() & 0o777;
    assert_eq!((mode(&cache.folder), mode(&cache.path(&key(1)))), (0o700, 0o600));
    // A file that others can write is not read: neither now nor after a restart.
    fs::set_permissions(cache.path(&key(1)), fs::Permissions::from_mode(0o666)).expect("ours");
    assert_eq!((cache.get(&key(1)), cache.size()), (None, (0, 0)));
    cache.put(&key(1), b"one");
    fs::set_permissions(cache.path(&key(1)), fs::Permissions::from_mode(0o620)).expect("ours");
    fs::set_permissions(&cache.folder, fs::Permissions::from_mode(0o777)).expect("ours");
    drop(cache);
    let cache = open(&folder, CodeFolderLimits::default());
    assert_eq!((cache.size(), mode(&cache.folder)), ((0, 0), 0o700));
    // Nor is a link, and a link is no folder.
    fs::write(folder.path().join("elsewhere"), b"code").expect("written");
    let target = folder.path().join("elsewhere");
    std::os::unix::fs::symlink(&target, cache.path(&key(2))).expect("linked");
    let again = open(&folder, CodeFolderLimits::default());
    assert_eq!((again.get(&key(2)), again.size()), (None, (0, 0)));
    assert!(target.exists(), "what the link names is left alone");
    std::os::unix::fs::symlink(&cache.folder, folder.path().join("linked")).expect("linked");
    assert!(CodeFolder::open(&folder.path().join("linked"), SMALL).is_err());
}

#[test]
fn what_a_crash_left_and_what_strangers_put_is_not_taken_for_code() {
    let folder = folder();
    let cache = open(&folder, CodeFolderLimits::default());
    cache.put(&key(0xab), b"one");
    let upper = cache.folder.join(format!("{}.code", "AB".repeat(32)));
    for (path, bytes) in [
        (cache.folder.join(UNFINISHED), &b"half"[..]),
        (cache.folder.join("notes.txt"), b"mine"),
        (cache.folder.join("abc.code"), b"short"),
        (upper, b"upper"),
    ] {
        fs::write(path, bytes).expect("written");
    }
    fs::create_dir(cache.path(&key(7))).expect("a folder where a file should be");
    let cache = open(&folder, CodeFolderLimits::default());
    assert_eq!(cache.size(), (1, 3));
    assert!(!cache.folder.join(UNFINISHED).exists() && cache.folder.join("notes.txt").exists());
    cache.put(&key(7), b"seven");
    assert_eq!(cache.get(&key(7)), None, "its place is taken");
}

#[test]
fn a_disk_that_fails_costs_nothing_but_time() {
    let folder = folder();
    let cache = open(&folder, CodeFolderLimits::default());
    cache.put(&key(1), b"one");
    fs::remove_dir_all(&cache.folder).expect("gone");
    assert_eq!(cache.get(&key(1)), None);
    cache.put(&key(2), b"two");
    assert_eq!((cache.get(&key(2)), cache.size()), (None, (0, 0)));
    // It comes back: so does the cache.
    fs::create_dir(&cache.folder).expect("back");
    cache.put(&key(2), b"two");
    assert_eq!(cache.get(&key(2)), Some(b"two".to_vec()));
    assert!(CodeFolder::open(Path::new("/dev/null/code"), SMALL).is_err());
}

#[test]
fn threads_write_and_read_within_the_limits() {
    let folder = folder();
    let cache = open(&folder, CodeFolderLimits { bytes_max: 1_000, entries_max: 16, entry_bytes_max: 100 });
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let cache = &cache;
            scope.spawn(move || {
                for round in 0..100_u8 {
                    let number = round.wrapping_mul(7).wrapping_add(thread) % 32;
                    cache.put(&key(number), &[number; 90]);
                    if let Some(found) = cache.get(&key(number)) {
                        assert_eq!(found, [number; 90]);
                    }
                }
            });
        }
    });
    assert_eq!(on_disk(&cache), cache.size().1);
    assert!(cache.size().1 <= 1_000);
}

const TABLE: HostFunctions = HostFunctions {
    module: "chainstack",
    functions: &[HostFunctionSignature { name: "say", params: &[ValueKind::I32], result: None }],
};

struct Hears;

impl Host for Hears {
    fn call(&mut self, _: u32, args: &[u64], _: &mut Guest<'_>) -> Result<u64, HostTrap> {
        Err(HostTrap(u32::try_from(args[0]).expect("32 bits")))
    }
}

/// Loads two programs in a new engine over the folder, as after a restart: what they say, and whence they came.
fn run_both(folder: &tempfile::TempDir) -> [(Outcome, Origin); 2] {
    [4711, 815].map(|word| {
        let cache: Arc<dyn CodeCache> = Arc::new(open(folder, CodeFolderLimits::default()));
        let engine = Engine::new(EngineConfig::DEFAULT, TABLE, Some(cache)).expect("an engine");
        let code = wat::parse_str(format!(
            r#"(module (import "chainstack" "say" (func $say (param i32)))
            (global (export "$gas") (mut i64) (i64.const 0)) (global (export "$stack") (mut i32) (i32.const 0))
            (global (export "$trap") (mut i32) (i32.const 0)) (func (export "go") (call $say (i32.const {word}))))"#
        ))
        .expect("a module");
        let limits = InitializeLimits { gas: 100, stack: 100 };
        let module = engine.load(&keccak256(&code), &code, Compiler::Singlepass, limits).expect("loaded");
        let report = engine.call(&module, "go", 100, 100, &mut Hears).expect("called");
        (report.outcome, module.origin())
    })
}

#[test]
fn damaged_files_are_compiled_again_never_run_and_replaced() {
    let folder = folder();
    let said = |word| Outcome::Host(HostTrap(word));
    let fresh = [(said(4711), Origin::Compiled), (said(815), Origin::Compiled)];
    let warm = [(said(4711), Origin::Cached), (said(815), Origin::Cached)];
    assert_eq!(run_both(&folder), fresh);
    assert_eq!(run_both(&folder), warm);
    let mut files: Vec<PathBuf> = fs::read_dir(folder.path().join("code"))
        .expect("there")
        .map(|file| file.expect("there").path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 2);
    let each = |damage: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        for file in &files {
            fs::write(file, damage(fs::read(file).expect("there"))).expect("written");
        }
    };
    let damages: [(&str, &dyn Fn()); 7] = [
        ("flipped at the start", &|| {
            each(&|mut bytes: Vec<u8>| {
                bytes[0] ^= 1;
                bytes
            })
        }),
        ("flipped in the middle", &|| {
            each(&|mut bytes: Vec<u8>| {
                let at = bytes.len() / 2;
                bytes[at] ^= 64;
                bytes
            })
        }),
        ("flipped at the end", &|| {
            each(&|mut bytes: Vec<u8>| {
                let at = bytes.len() - 1;
                bytes[at] ^= 128;
                bytes
            })
        }),
        ("truncated", &|| {
            each(&|mut bytes: Vec<u8>| {
                bytes.truncate(bytes.len() / 3);
                bytes
            })
        }),
        ("longer", &|| {
            each(&|mut bytes: Vec<u8>| {
                bytes.push(0);
                bytes
            })
        }),
        ("empty", &|| each(&|_| Vec::new())),
        ("swapped", &|| {
            let spare = folder.path().join("spare");
            fs::rename(&files[0], &spare).expect("renamed");
            fs::rename(&files[1], &files[0]).expect("renamed");
            fs::rename(&spare, &files[1]).expect("renamed");
        }),
    ];
    for (what, damage) in damages {
        damage();
        assert_eq!(run_both(&folder), fresh, "{what}");
        assert_eq!(run_both(&folder), warm, "{what}, and replaced");
    }
}
