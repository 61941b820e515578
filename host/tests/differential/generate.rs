//! Modules from a seed.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What the modules may import, as `TABLE` has it.
const IMPORTS: &str = r#"(module
    (import "chainstack" "mix" (func (param i32 i64) (result i64)))
    (import "chainstack" "note" (func (param i64)))
    (import "chainstack" "next" (func (result i32)))
    (import "chainstack" "write" (func (param i32 i32 i32) (result i32))))"#;

/// Empty if the random bytes were too few.
pub(crate) fn generate(seed: u64) -> Vec<u8> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut bytes = vec![0_u8; random.random_range(2_000..12_000)];
    random.fill_bytes(&mut bytes);
    let imports = Some(wat::parse_str(IMPORTS).unwrap());
    let mut config = wasm_smith::Config { available_imports: imports, ..wasm_smith::Config::default() };
    config.allow_start_export = false;
    // Operators on tables are taken out again by `body`.
    config.bulk_memory_enabled = true;
    config.multi_value_enabled = false;
    config.reference_types_enabled = false;
    config.simd_enabled = false;
    config.relaxed_simd_enabled = false;
    config.tail_call_enabled = false;
    config.threads_enabled = false;
    config.exceptions_enabled = false;
    config.gc_enabled = false;
    config.memory64_enabled = false;
    config.extended_const_enabled = false;
    config.custom_page_sizes_enabled = false;
    config.compact_imports_enabled = false;
    config.wide_arithmetic_enabled = false;
    config.min_memories = 1;
    config.max_memories = 1;
    config.max_tables = 1;
    config.max_memory32_bytes = 32 * 65_536;
    config.max_table_elements = 100;
    config.min_funcs = 3;
    config.max_funcs = 12;
    config.min_types = 3;
    config.max_type_size = 200;
    config.max_instructions = 300;
    config.max_imports = 4;
    config.export_everything = true;
    config.disallow_traps = !seed.is_multiple_of(3);
    let mut input = arbitrary::Unstructured::new(&bytes);
    wasm_smith::Module::new(config, &mut input).map(|module| module.to_bytes()).unwrap_or_default()
}
