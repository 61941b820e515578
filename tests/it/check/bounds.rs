//! The bounds of `check`, from outside: time and memory on the hardest files, and `_initialize` under upload's limit.
#![expect(clippy::print_stdout, reason = "times, peaks and seeds are part of what a test says")]

use std::{fs, io::Write as _, process::Command, thread};

use chainstack_client::{manifest::from_toml, module::embed_manifest};
use chainstack_tests::{
    campaign::Draw,
    measure::{Spent, run_measured},
    node::Output,
    vectors::project,
    wasm::{BODY_BYTES, MODULE_BYTES, Module, body, hardest, op, padded},
};
use parity_scale_codec::Encode as _;
use serde_json::Value;
use tempfile::TempDir;

use super::{artifact, check, judged};

/// Changed files that the mass test checks; `CHAINSTACK_CHECK_FILES` names another count.
const FILES: u64 = 240;
/// Seed of the mass test; `CHAINSTACK_SEED` names another.
const SEED: u64 = 20_261_126;
/// Commands that run at a time.
const LANES: u64 = 4;

/// A bound of the limits page.
fn published(name: &str) -> u64 {
    let page = fs::read_to_string(project().join("node/docs/limits.md")).expect("the limits page");
    let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
    let value = row.and_then(|row| row.split('|').nth(2)).and_then(|cell| cell.trim().parse().ok());
    value.unwrap_or_else(|| panic!("the limits page has no {name}"))
}

/// Checks a file and holds what it takes to the published bounds.
fn bounded(home: &TempDir, what: &str, path: &str) -> (Output, Value) {
    let (output, spent) = run_measured(home.path(), &["check", path, "--output", "json"]);
    let json = judged(&output);
    let Spent { elapsed, cpu, peak_bytes } = spent;
    if cfg!(target_os = "linux") {
        let (cpu, peak) = (cpu.expect("the system says"), peak_bytes.expect("the system says"));
        let (ms, cpu_ms, mib) = (elapsed.as_millis(), cpu.as_millis(), peak / 1_048_576);
        println!("{ms:>6} ms {cpu_ms:>6} ms of processors {mib:>4} MiB {:>5}  {what}", json["code"]);
        let (ms_max, peak_max) = (published("CHECK_MS_MAX"), published("CHECK_MEMORY_MAX"));
        assert!(cpu_ms <= u128::from(ms_max), "{what}: {cpu_ms} ms, at most {ms_max} published");
        assert!(peak <= peak_max, "{what}: {peak} bytes, at most {peak_max} published");
    }
    (output, json)
}

/// `module` with a manifest that declares nothing.
fn declared(module: &[u8]) -> Vec<u8> {
    let manifest = from_toml("[contract]\nname = \"probe\"\n").expect("a manifest");
    embed_manifest(module, &manifest.encode()).expect("a module")
}

fn with_initialize(code: &[u8]) -> Vec<u8> {
    let initialize = Module { bodies: vec![body(1, code)], exports: vec![("_initialize", 0)] };
    declared(&initialize.encode())
}

#[test]
fn files_without_end_are_read_to_the_limit_and_no_further() {
    let home = TempDir::new().expect("a folder");
    let (_, zeros) = bounded(&home, "an endless device", "/dev/zero");
    assert_eq!(zeros["code"], 2_002, "longer than a module may be: {zeros}");

    let sparse = home.path().join("sparse.wasm");
    let file = fs::File::create(&sparse).expect("a file");
    file.set_len(2 * 1_024 * 1_024 * 1_024).expect("a sparse file");
    let (_, sparse) = bounded(&home, "a sparse file of 2 GB", &sparse.to_string_lossy());
    assert_eq!(sparse["code"], 2_002, "{sparse}");

    // A pipe whose writer never ends: whoever reads it to its end waits for ever.
    let pipe = home.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is part of every such system");
    assert!(made.success());
    let writer = pipe.clone();
    let writer = thread::spawn(move || {
        let mut into = fs::File::options().write(true).open(writer).expect("a reader came");
        let chunk = [&b"\0asm\x01\0\0\0"[..], &[0x55; 65_528]].concat();
        let mut total = 0;
        while into.write_all(&chunk).is_ok() {
            total += u64::try_from(chunk.len()).expect("a length");
        }
        total
    });
    let (_, endless) = bounded(&home, "a pipe that never ends", &pipe.to_string_lossy());
    assert_eq!(endless["accepted"], false, "{endless}");
    let total = writer.join().expect("the writer ends when its reader has gone");
    let read_max = published("CHECK_BYTES_MAX");
    println!("{total} bytes went into the pipe");
    // What was read, what the pipe holds, what the last write tried.
    assert!(total <= read_max + 2 * 65_536 + 1_048_576, "{total} bytes were taken, {read_max} are read");
}

#[test]
fn the_hardest_modules_that_the_limits_admit_are_bounded() {
    let home = TempDir::new().expect("a folder");
    for (what, module) in hardest() {
        let module = declared(&module);
        let size = MODULE_BYTES.min(module.len() + 120_000);
        for (bytes, shape) in
            [(padded(module.clone(), size), "whole"), (module[..module.len() * 2 / 3].to_vec(), "cut")]
        {
            let path = home.path().join("hard.wasm");
            fs::write(&path, &bytes).expect("written");
            let what = format!("{what}, {shape}, {} bytes", bytes.len());
            let (_, json) = bounded(&home, &what, &path.to_string_lossy());
            assert_eq!(json["accepted"], shape == "whole", "{what}: {json}");
        }
    }
}

#[test]
fn initialize_runs_under_uploads_limit() {
    let home = TempDir::new().expect("a folder");
    let path = home.path().join("initialize.wasm");
    let path_text = path.to_string_lossy().into_owned();
    let judge = |what: &str, module: &[u8]| {
        fs::write(&path, module).expect("written");
        bounded(&home, what, &path_text).1
    };
    let endless = [&op::LOOP[..], &op::BR_0, &[op::END]].concat();
    let refused = judge("an endless `_initialize`", &with_initialize(&endless));
    assert_eq!(refused["code"], 2_153, "a code of its own: {refused}");
    let trap = judge("an `_initialize` that stops", &with_initialize(&[0x00]));
    assert_eq!(trap["code"], 2_153, "{trap}");

    // The longest straight body.
    let longest = vec![op::NOP; BODY_BYTES - 4];
    let accepted = judge("the longest `_initialize`", &with_initialize(&longest));
    assert_eq!(accepted["accepted"], true, "{accepted}");

    // The most rounds of a loop that end within the limit, found by halving; one more does not.
    let rounds = |count: u32| {
        // local.get 0, i32.const 1, i32.add, local.tee 0, i32.const COUNT, i32.lt_u, br_if 0
        let mut code = [&op::LOOP[..], &[0x20, 0, 0x41, 1, 0x6a, 0x22, 0, 0x41]].concat();
        code.extend(signed_leb(count));
        code.extend([0x49, op::BR_IF, 0, op::END]);
        with_initialize(&code)
    };
    let ends = |count: u32| {
        let (_, json) = check(&home, &rounds(count));
        assert!(json["accepted"] == true || json["code"] == 2_153, "{count} rounds: {json}");
        json["accepted"] == true
    };
    let (mut least, mut past) = (1, 1_000_000);
    assert!(ends(least) && !ends(past), "the limit lies between");
    while past - least > 1 {
        let middle = least + (past - least) / 2;
        if ends(middle) {
            least = middle;
        } else {
            past = middle;
        }
    }
    println!("{least} rounds end, {past} do not");
    assert!(least > 10_000, "a million gas is worth more than {least} rounds");
    assert_eq!(judge("the most rounds", &rounds(least))["accepted"], true);
    assert_eq!(judge("one round more", &rounds(past))["code"], 2_153);
}

/// A positive number as `i32.const` takes it.
fn signed_leb(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        if value == 0 && low & 0x40 == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A file drawn from `draw`: changed, cut, extended or made up.
fn drawn(draw: &mut Draw, whole: &[Vec<u8>]) -> Vec<u8> {
    let pick = |draw: &mut Draw, count: usize| {
        usize::try_from(draw.between(0, u64::try_from(count).expect("a length") - 1)).expect("an index")
    };
    let byte = |draw: &mut Draw| draw.next().to_le_bytes()[0];
    let mut bytes = whole[pick(draw, whole.len())].clone();
    match draw.between(0, 5) {
        0 => bytes.truncate(pick(draw, bytes.len())),
        1 => {
            let from = pick(draw, bytes.len());
            let part = bytes[from..].to_vec();
            bytes.splice(from..from, part);
        }
        2 => {
            let count = pick(draw, 4_096);
            bytes = (0..count).map(|_| byte(draw)).collect();
        }
        3 => {
            let count = pick(draw, 4_096);
            bytes.truncate(8);
            bytes.extend((0..count).map(|_| byte(draw)));
        }
        _ => {
            for _ in 0..draw.between(1, 6) {
                let at = pick(draw, bytes.len());
                bytes[at] =
                    if draw.between(0, 1) == 0 { bytes[at] ^ (1 << draw.between(0, 7)) } else { byte(draw) };
            }
        }
    }
    bytes
}

#[test]
fn any_changed_file_gets_a_whole_verdict() {
    let (files, seed) =
        (from_environment("CHAINSTACK_CHECK_FILES", FILES), from_environment("CHAINSTACK_SEED", SEED));
    println!("seed {seed}, {files} files");
    let endless = with_initialize(&[&op::LOOP[..], &op::BR_0, &[op::END]].concat());
    let whole = [fs::read(artifact()).expect("the artifact is committed"), super::PLAIN.to_vec(), endless];
    let accepted: u64 = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                let whole = &whole;
                scope.spawn(move || {
                    let home = TempDir::new().expect("a folder");
                    let mut draw = Draw::new(seed.wrapping_add(lane));
                    let mut accepted = 0;
                    for _ in 0..files / LANES {
                        let (_, json) = check(&home, &drawn(&mut draw, whole));
                        accepted += u64::from(json["accepted"] == true);
                    }
                    accepted
                })
            })
            .collect();
        lanes.into_iter().map(|lane| lane.join().expect("every verdict is whole")).sum()
    });
    println!("{accepted} of {files} accepted");
    assert!(accepted < files / 2, "most changes are not taken");
}
