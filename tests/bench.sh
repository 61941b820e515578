#!/usr/bin/env bash
# Runs the four workloads of `chainstack bench` three times each and prints best and median. With CHAINSTACK_PEERS
# naming a folder of built peers (p-revm, p-trie-parity, p-sig), runs those beside it and prints the ratios.
# usage: tests/bench.sh BIN
set -euo pipefail
bin=${1:?usage: tests/bench.sh BIN}
runs=${RUNS:-3} peers=${CHAINSTACK_PEERS:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# field FILE NAME: a number of each line of JSON, ascending
field() { grep -o "\"$2\":[0-9.eE+-]*" "$1" | cut -d: -f2 | sort -g; }
best() { field "$1" "$2" | tail -1; }
median() { field "$1" "$2" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
ratio() { awk -v ours="$1" -v theirs="$2" 'BEGIN { if (theirs > 0) printf "%.2f", ours / theirs; else print "not run" }'; }

ours() { # NAME WORKLOAD OPTIONS…
    local name=$1 workload=$2
    shift 2
    for _ in $(seq "$runs"); do "$bin" bench "$workload" --seed 1 "$@" | tee -a "$work/$name"; done
    echo "$name: best $(best "$work/$name" tps_exec)/s executed, $(best "$work/$name" tps_total)/s in all;" \
        "median $(median "$work/$name" tps_exec)/s and $(median "$work/$name" tps_total)/s" >&2
}
theirs() { # NAME PEER OPTIONS…
    local name=$1 peer=$2
    shift 2
    if [ -z "$peers" ] || [ ! -x "$peers/$peer" ]; then echo "not run: $peer" >&2; return 0; fi
    for _ in $(seq "$runs"); do "$peers/$peer" "$@" >>"$work/$name"; done
}
# user_tps FILE SECONDS: transactions per user second, the best run
user_tps() { [ -s "$1" ] && paste <(grep -o '"txs":[0-9]*' "$1" | cut -d: -f2) <(grep -o "\"$2\":[0-9.eE+-]*" "$1" | cut -d: -f2) |
    awk '$2 > 0 { print $1 / $2 }' | sort -g | tail -1 || echo 0; }

ours transfer transfer --accounts 100000 --txs 100000 --block-txs 10000 --threads 1
ours erc20 erc20 --accounts 100000 --txs 100000 --block-txs 10000 --threads 1
ours trie trie --accounts 1000000 --txs 100000 --block-txs 10000 --threads 1
ours signature signature --accounts 4096 --txs 65536 --block-txs 1024 --threads 1
theirs revm p-revm --kind erc20 --root none --sig off
theirs trie-db p-trie-parity --blocks 10 --hash keccak
theirs sig p-sig --n 4096
if [ -n "$peers" ]; then
    cat "$work/revm" "$work/trie-db" "$work/sig" 2>/dev/null || true
fi
