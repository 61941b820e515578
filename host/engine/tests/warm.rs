//! A warm call of an empty method costs at most 5 microseconds of its thread's time. Other ways to end are measured.
#![expect(clippy::print_stdout, reason = "seeds and counts are part of what a test says")]
#![expect(unsafe_code, reason = "the thread's own clock is a C function")]

use chainstack_engine::{
    Compiler, Engine, EngineConfig, Guest, Host, HostFunctionSignature, HostFunctions, HostTrap,
    InitializeLimits, Module, Outcome, ValueKind,
};
use chainstack_primitives::keccak256;

const TABLE: HostFunctions = HostFunctions {
    module: "chainstack",
    functions: &[
        HostFunctionSignature {
            name: "add",
            params: &[ValueKind::I32, ValueKind::I64],
            result: Some(ValueKind::I64),
        },
        HostFunctionSignature { name: "stop", params: &[], result: None },
    ],
};

struct Adder;

impl Host for Adder {
    fn call(&mut self, function: u32, args: &[u64], _: &mut Guest<'_>) -> Result<u64, HostTrap> {
        if function == 0 { Ok(args[0] + args[1]) } else { Err(HostTrap(1)) }
    }
}

fn module(engine: &Engine, pages: u32, compiler: Compiler) -> Module {
    let code = wat::parse_str(format!(
        r#"(module (import "chainstack" "add" (func $add (param i32 i64) (result i64)))
        (import "chainstack" "stop" (func $stop))
        (memory (export "$memory") {pages}) (data (i32.const 1024) "some constants of a contract")
        (global $gas (export "$gas") (mut i64) (i64.const 0)) (global $stack (export "$stack") (mut i32) (i32.const 0))
        (global $trap (export "$trap") (mut i32) (i32.const 0))
        (func (export "empty"))
        (func (export "trap") unreachable)
        (func (export "stop") (call $stop))
        (func (export "grow") (drop (memory.grow (i32.const 1))))
        (func (export "thousand") (local $i i32) (local $sum i64)
          (loop (local.set $sum (call $add (local.get $i) (local.get $sum)))
            (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))))"#
    ))
    .unwrap();
    engine.load(&keccak256(&code), &code, compiler, InitializeLimits { gas: 1, stack: 1 }).unwrap()
}

/// Time of this thread in nanoseconds.
fn thread_time() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the answer.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) }, 0);
    u64::try_from(time.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap()
}

/// Median over batches of the nanoseconds of one run.
fn median(rounds: u32, mut run: impl FnMut()) -> u64 {
    let mut times: Vec<u64> = (0..21)
        .map(|_| {
            let start = thread_time();
            (0..rounds).for_each(|_| run());
            (thread_time() - start) / u64::from(rounds)
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

#[test]
fn warm_calls_are_quick() {
    let engine = Engine::new(EngineConfig::DEFAULT, TABLE, None).unwrap();
    for (pages, compiler) in [
        (1, Compiler::Singlepass),
        (1, Compiler::Cranelift),
        (2, Compiler::Singlepass),
        (17, Compiler::Singlepass),
    ] {
        let module = module(&engine, pages, compiler);
        let call = |method: &str, expected: Outcome| {
            assert_eq!(engine.call(&module, method, 100, 100, &mut Adder).unwrap().outcome, expected);
        };
        let empty = median(2_000, || call("empty", Outcome::Return));
        let thousand = median(50, || call("thousand", Outcome::Return));
        let trap = median(50, || call("trap", Outcome::Trap(chainstack_engine::TrapKind::Unreachable)));
        let stop = median(500, || call("stop", Outcome::Host(HostTrap(1))));
        let grow = median(50, || call("grow", Outcome::Return));
        println!(
            "{}, {pages} pages: empty call {empty} ns, host call {} ns, call that the host ends {stop} ns, call that \
             traps {trap} ns, that grows memory {grow} ns",
            compiler.name(),
            thousand.saturating_sub(empty) / 1_000
        );
        // What ends by the host's word keeps its instance: far from what a lost one costs.
        assert!(pages > 1 || stop <= trap, "{compiler:?}: stopped {stop} ns, trapped {trap} ns");
        // Larger memories take longer to reset; what they take is printed.
        assert!(pages > 1 || empty <= 5_000, "{compiler:?}: {empty} ns");
    }
}
