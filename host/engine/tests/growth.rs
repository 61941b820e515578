//! What the system refuses to one instance concerns no later call. Alone in its process: it lowers a limit of the process.
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "the limits of a process are set by a C function")]

use chainstack_engine::{Compiler, EngineFault, HostFunctions, Instance, Module, NoHost, Outcome};

const TABLE: HostFunctions = HostFunctions { module: "chainstack", functions: &[] };

fn module(body: &str) -> Module {
    let code = wat::parse_str(format!(
        r#"(module (memory (export "$memory") 1 200)
        (global $gas (export "$gas") (mut i64) (i64.const 0)) (global $stack (export "$stack") (mut i32) (i32.const 0))
        (global $trap (export "$trap") (mut i32) (i32.const 0)) {body})"#
    ))
    .unwrap();
    let module = Module::compile(&code, Compiler::Singlepass, TABLE, None).unwrap();
    module.initialize(1_000, 1_000).unwrap();
    module
}

/// Bytes of writable memory that this process has.
fn data_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Runs `job` while the process may have at most `bytes` of writable memory.
fn with_data_limit<T>(bytes: u64, job: impl FnOnce() -> T) -> T {
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `before` is a valid place for the answer.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_DATA, &mut before) }, 0);
    let set = |limit: libc::rlimit| {
        // SAFETY: the limit is read from a valid place.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_DATA, &limit) }, 0);
    };
    set(libc::rlimit { rlim_cur: bytes, rlim_max: before.rlim_max });
    let done = job();
    set(before);
    done
}

#[test]
fn memory_refused_while_an_instance_is_made_fails_no_later_call() {
    // An image of 101 pages, which is more than the limit leaves.
    let large = module(r#"(func (export "_initialize") (drop (memory.grow (i32.const 100))))"#);
    let plain = module(r#"(func (export "go"))"#);
    let mut instance = Instance::new(&plain).unwrap();
    let refused = with_data_limit(data_bytes() + 3 * 1024 * 1024, || Instance::new(&large));
    assert!(matches!(refused, Err(EngineFault::MemoryGrowth)), "{refused:?}");
    let report = instance.invoke("go", &[], &mut [], 1_000, 1_000, &mut NoHost).unwrap();
    assert_eq!(report.outcome, Outcome::Return);
    assert!(Instance::new(&large).is_ok(), "the limit is gone");
}
