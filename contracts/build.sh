#!/usr/bin/env bash
# Builds every contract to artifacts/NAME.wasm, manifest embedded, and writes artifacts/BUILD.toml: how, from what, and
# the hashes. With --check (or CHECK=1): builds a copy of the sources in another folder and fails unless the bytes are the
# committed ones.
#
# The bytes depend on the sources, the pinned compiler and the flags below, and on nothing else: paths are remapped,
# flags and profiles from outside are dropped.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd .. && pwd)

# Contracts, in order; each is a package of this workspace, its manifest in its code or in a manifest.toml.
contracts=(erc20 escrow deed auction custody)

check=${CHECK:-0}
for argument in "$@"; do
    case "$argument" in
    --check) check=1 ;;
    *)
        echo "usage: build.sh [--check]" >&2
        exit 2
        ;;
    esac
done

unset RUSTFLAGS CARGO_BUILD_RUSTFLAGS CARGO_INCREMENTAL RUSTC_WRAPPER CARGO_BUILD_TARGET
for name in $(compgen -e CARGO_PROFILE_ || true); do unset "$name"; done
base=${CARGO_TARGET_DIR:-${CHAINSTACK_TARGET:-${XDG_CACHE_HOME:-$HOME/.cache}/chainstack/target}}
target=wasm32v1-none
# One page of memory holds stack, data and heap; an overflowing stack traps because it lies first.
flags=(-C link-arg=-zstack-size=8192 -C link-arg=--stack-first)

from=$root
out=artifacts
if [ "$check" = 1 ]; then
    from="$base/contracts/elsewhere"
    out="$base/contracts/artifacts"
    rm -rf "$from" "$out"
    mkdir -p "$from/sdk"
    cp -r "$root/contracts" "$root/rust-toolchain.toml" "$from/"
    cp -r "$root/sdk/Cargo.toml" "$root/sdk/src" "$root/sdk/tests" "$root/sdk/macros" "$from/sdk/"
fi
mkdir -p "$out"

remap=(
    "--remap-path-prefix=$from=/chainstack"
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    "--remap-path-prefix=$(rustc --print sysroot)=/rust"
)
encoded=$(printf '%s\x1f' "${flags[@]}" "${remap[@]}")
packages=()
for name in "${contracts[@]}"; do packages+=(--package "$name"); done
CARGO_TARGET_DIR="$base/contracts" CARGO_ENCODED_RUSTFLAGS="${encoded%$'\x1f'}" \
    cargo build --quiet --locked --release --target "$target" --manifest-path "$from/contracts/Cargo.toml" "${packages[@]}"

# What the bytes come from, tests apart, hashed in a fixed order under their paths from the root of the house.
sources() {
    (
        cd "$root"
        LC_ALL=C find sdk/src sdk/macros contracts/Cargo.toml contracts/Cargo.lock sdk/Cargo.toml rust-toolchain.toml \
            "${contracts[@]/#/contracts/}" -type f \
            \( -path '*/src/*' -o -name Cargo.toml -o -name Cargo.lock -o -name manifest.toml -o -name rust-toolchain.toml \) \
            ! -name tests.rs ! -path '*/testing/*' |
            LC_ALL=C sort | xargs sha256sum | sha256sum | cut -d' ' -f1
    )
}

quoted=$(printf '"%s", ' "${flags[@]}")
{
    cat <<HEAD
# Written by contracts/build.sh; \`make contracts ARGS=--check\` rebuilds and compares.

[build]
rustc = "$(rustc --version | cut -d' ' -f2)"
commit = "$(rustc --version --verbose | sed -n 's/^commit-hash: //p')"
llvm = "$(rustc --version --verbose | sed -n 's/^LLVM version: //p')"
target = "$target"
flags = [${quoted%, }]
sources_sha256 = "$(sources)"
HEAD
    for name in "${contracts[@]}"; do
        file=()
        if [ -f "$name/manifest.toml" ]; then file=("$name/manifest.toml"); fi
        # Prints the two hashes by which the chain knows the result.
        hashes=$(cargo run --quiet --locked --manifest-path "$root/Cargo.toml" --package chainstack-client \
            --example embed_manifest -- "$base/contracts/$target/release/$name.wasm" "$out/$name.wasm" "${file[@]}")
        cat <<ARTIFACT

[artifacts.$name]
file = "$name.wasm"
size_bytes = $(stat -c %s "$out/$name.wasm")
sha256 = "$(sha256sum "$out/$name.wasm" | cut -d' ' -f1)"
$hashes
ARTIFACT
    done
} >"$out/BUILD.toml.new"
mv "$out/BUILD.toml.new" "$out/BUILD.toml"

if [ "$check" = 1 ]; then
    for file in BUILD.toml "${contracts[@]/%/.wasm}"; do
        if ! cmp --silent "$out/$file" "artifacts/$file"; then
            echo "contracts: artifacts/$file is not what its sources give; rebuild with \`make contracts\` and commit" >&2
            diff "artifacts/$file" "$out/$file" >&2 || true
            exit 1
        fi
    done
    echo "contracts: ${#contracts[@]} rebuilt, the same bytes"
fi
