#!/usr/bin/env bash
# Runs the long counts, each resumable, into tests/campaign/<name>.json. Names choose some; SEED chooses the seed.
# What passed and exercises nothing that changed since is not run again. Run without names leaves out the gate
# itself and the peers (`make campaign ARGS=ci-cold`, `make bench`). `make` says where RocksDB is: run it by `make`.
set -euo pipefail
: "${ROCKSDB_LIB_DIR:?run this by \`make campaign\`}"
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-${CHAINSTACK_TARGET:-${XDG_CACHE_HOME:-$HOME/.cache}/chainstack/target}}"
export CARGO_TARGET_DIR="$target" CHAINSTACK_BIN="${CHAINSTACK_BIN:-$target/debug/chainstack}"
# The example makes cargo resolve features as for tests: see the Makefile.
cargo build --locked --quiet --workspace --bin chainstack --bin campaign --example keccak_speed
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(kill memory-calls memory-deploys transitions trie wasm rooms)
failed=0
for name in "${names[@]}"; do
    "$target/debug/campaign" "$name" ${SEED:+"$SEED"} || failed=1
done
exit $failed
