//! Uploads: what is stored, what is refused, and with which code.

use chainstack_host::error::UploadError;
use chainstack_primitives::{codes, manifest::Manifest};

use crate::{
    kit::{self, list, name},
    world::{ALICE, GAS, World},
};

fn plain(body: &str) -> Vec<u8> {
    wat::parse_str(format!("(module (memory (export \"memory\") 1) {body})")).expect("a module")
}

fn manifest_with(methods: &[&str]) -> Manifest {
    let mut manifest = Manifest::empty(name("some"));
    manifest.transitions = list(methods.iter().map(|method| kit::transition(method, vec![], None)).collect());
    manifest
}

/// Embeds whatever bytes.
fn embed_bytes(module: &[u8], section: &[u8]) -> Vec<u8> {
    use wasm_encoder::Encode as _;
    let mut out = module.to_vec();
    out.push(0);
    wasm_encoder::CustomSection { name: "chainstack.manifest".into(), data: section.into() }.encode(&mut out);
    out
}

fn refused(world: &mut World, code: &[u8]) -> u16 {
    let verdict = world.upload(code).expect_err("refused");
    let report = world.executor.check(code).expect("a verdict");
    assert_eq!((report.accepted, report.code), (false, verdict.code));
    assert!(!report.message.is_empty());
    verdict.code
}

#[test]
fn uploads_are_stored_once() {
    let mut world = World::new();
    let code = kit::embed(&plain("(func (export \"go\"))"), &manifest_with(&["go"]));
    let report = world.executor.check(&code).expect("a verdict");
    assert!(report.accepted && report.manifest.is_some(), "{report:?}");
    let hash = world.upload(&code).expect("accepted");
    assert_eq!(hash, chainstack_primitives::tagged(chainstack_primitives::Tag::Code, &code));
    let size = u128::try_from(code.len()).expect("small");
    assert_eq!(world.deposits.locked.0, 1_000_000_000_000_000 + 10_000_000_000_000 * size);
    assert_eq!(*world.store.codes[&hash], code[..]);
    assert_eq!(world.upload(&code).expect_err("again").code, codes::CODE_EXISTS);
}

#[test]
fn bytecode_is_judged_first_then_the_manifest() {
    let mut world = World::new();
    assert_eq!(refused(&mut world, b""), 2000);
    assert_eq!(refused(&mut world, b"\0asm"), 2000);
    let no_memory = wat::parse_str("(module)").expect("a module");
    assert_eq!(refused(&mut world, &embed_bytes(&no_memory, b"nonsense")), 2010, "bytecode first");
    assert_eq!(refused(&mut world, &plain("")), 2150, "no manifest");
    assert_eq!(refused(&mut world, &embed_bytes(&plain(""), b"nonsense")), 2102);
    let missing = kit::embed(&plain(""), &manifest_with(&["go"]));
    assert_eq!(refused(&mut world, &missing), 2151);
    let undeclared = kit::embed(&plain("(func (export \"go\"))"), &manifest_with(&[]));
    assert_eq!(refused(&mut world, &undeclared), 2152);
    for bad in
        ["(func (export \"_initialize\") unreachable)", "(func (export \"_initialize\") (loop (br 0)))"]
    {
        assert_eq!(refused(&mut world, &kit::embed(&plain(bad), &manifest_with(&[]))), 2153, "{bad}");
    }
    assert!(UploadError::CODES.iter().all(|row| (2150..=2162).contains(&row.0)));
}

#[test]
fn initialize_runs_at_upload_and_calls_start_after_it() {
    let mut manifest = manifest_with(&[]);
    manifest.views = list(vec![kit::view("get", vec![], chainstack_primitives::manifest::Type::U32)]);
    let functions = [
        ("_initialize", "(i32.store (i32.const 8) (i32.const 1234))"),
        ("get", "(i32.store (i32.const 12) (i32.const 1)) (call $output (i32.const 8) (i32.const 4))"),
    ];
    let code = kit::module(&functions, "", &manifest);
    let mut world = World::new();
    world.create(crate::world::PROBE, &code, &[]);
    for _ in 0..3 {
        assert_eq!(world.query(crate::world::PROBE, "get", &[]).expect("get"), 1234_u32.to_le_bytes());
    }
    let calling = [("_initialize", "(drop (call $height))")];
    let code = kit::module(&calling, "", &manifest_with(&[]));
    assert_eq!(refused(&mut world, &code), 2153);
}

#[test]
fn an_upload_pays_for_what_initialize_uses() {
    let spin = "(local $n i32) (loop $again (br_if $again
        (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 10000))))";
    let code = kit::module(&[("_initialize", spin)], "", &manifest_with(&[]));
    let mut world = World::new();
    let attempt = |world: &mut World, gas: u64| {
        use chainstack_runtime::ports::ContractExecutor;
        world
            .transact(ALICE, gas, |executor, state, meter, block| {
                executor.upload(state, meter, block, ALICE, &code)
            })
            .map_or_else(|failure| failure.code, |_| 0)
    };
    assert_eq!(attempt(&mut world, 30_000), codes::OUT_OF_GAS);
    assert_eq!(world.gas, 30_000);
    assert_eq!(attempt(&mut world, GAS), 0);
    assert!(world.gas > 50_000, "{}", world.gas);
}
