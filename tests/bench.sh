#!/usr/bin/env bash
# Runs the four workloads of `chainstack bench` three times each (RUNS) on one thread and prints best and median. With
# CHAINSTACK_PEERS naming a folder of built peers (p-revm, p-trie-parity, p-sig), runs those in between, prints the
# ratios, and keeps them in tests/campaign/peers.json with the commit. SCALE=100 makes everything 100 times smaller.
# usage: tests/bench.sh BIN
set -euo pipefail
bin=$(realpath "${1:?usage: tests/bench.sh BIN}")
runs=${RUNS:-3} peers=${CHAINSTACK_PEERS:-} scale=${SCALE:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# values FILE FIELD: the numbers of a field, ascending
values() { [ -f "$1" ] && grep -o "\"$2\":[0-9.eE+-]*" "$1" | cut -d: -f2 | sort -g || true; }
best() { values "$1" "$2" | tail -1; }
median() { values "$1" "$2" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="${1:-0}" -v b="${2:-0}" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "not run" }'; }

ours() { # WORKLOAD ACCOUNTS TXS BLOCK_TXS
    local line
    line=$("$bin" bench "$1" --accounts $(($2 / scale)) --txs $(($3 / scale)) --block-txs $(($4 / scale)) --threads 1 --seed 1)
    echo "$line" | tee -a "$work/$1"
}
theirs() { # NAME PEER OPTIONS…
    local name=$1 peer=$2
    shift 2
    if [ -z "$peers" ] || [ ! -x "$peers/$peer" ]; then return 0; fi
    "$peers/$peer" "$@" >>"$work/$name"
}

for _ in $(seq "$runs"); do
    ours transfer 100000 100000 10000
    ours erc20 100000 100000 10000
    theirs revm p-revm --kind erc20 --root none --sig off
    ours trie 1000000 100000 10000
    theirs trie-db p-trie-parity --blocks 10 --hash keccak
    ours signature 4096 65536 1024
    theirs sig p-sig --n 4096 --only schnorrkel
done
for name in transfer erc20 trie signature; do
    echo "$name: best $(best "$work/$name" tps_total)/s, median $(median "$work/$name" tps_total)/s;" \
        "execution alone $(best "$work/$name" tps_exec)/s, median $(median "$work/$name" tps_exec)/s" >&2
done
if [ ! -s "$work/revm" ] && [ ! -s "$work/trie-db" ]; then
    echo "peers: not run; name their folder with CHAINSTACK_PEERS" >&2
    exit 0
fi
erc20=$(ratio "$(best "$work/erc20" tps_exec)" "$(best "$work/revm" tps_exec)")
trie=$(ratio "$(best "$work/trie" tps_total)" "$(best "$work/trie-db" tps_total)")
floor=$(ratio "$(best "$work/transfer" tps_total)" "$(best "$work/sig" tps_exec)")
passed=$(awk -v e="$erc20" -v t="$trie" 'BEGIN { print (e >= 0.5 && t >= 1) ? "true" : "false" }')
observed="ERC20 execution $erc20 x revm (0.5 asked), trie $trie x trie-db (1 asked), end to end $floor of the signature floor"
echo "$observed" >&2
[ "$scale" = 1 ] || exit 0
cd "$(dirname "$0")/.."
printf '{\n  "name": "peers",\n  "commit": "%s",\n  "passed": %s,\n  "observed": "%s",\n  "paths": ["runtime", "host", "node/src", "node/storage", "Cargo.lock"]\n}\n' \
    "$(git rev-parse HEAD)" "$passed" "$observed" >tests/campaign/peers.json
