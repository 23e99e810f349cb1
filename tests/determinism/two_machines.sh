#!/usr/bin/env bash
# Goal: the digest chains are equal on every machine and in every build.
# Method: rubus-sim digest of each binary that is given, compared with the first one's output.
# An aarch64 binary runs under qemu-aarch64. Called by ./dev cross, or by hand:
#   tests/determinism/two_machines.sh build/release/rubus-sim build/dev/rubus-sim \
#       build/aarch64/rubus-sim
set -euo pipefail

seeds=${SEEDS:-300}
if [ $# -lt 2 ]; then
  echo "usage: $0 RUBUS-SIM RUBUS-SIM..." >&2
  exit 2
fi

run_digest() {
  local binary=$1
  if file -b "$binary" | grep -q aarch64 && [ "$(uname -m)" != aarch64 ]; then
    qemu-aarch64 -L /usr/aarch64-linux-gnu "$binary" digest --seeds "$seeds"
  else
    "$binary" digest --seeds "$seeds"
  fi
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
first=$1
run_digest "$first" >"$scratch/first"
status=0
shift
for binary in "$@"; do
  run_digest "$binary" >"$scratch/other"
  if cmp -s "$scratch/first" "$scratch/other"; then
    echo "equal: $first and $binary, $seeds seeds"
  else
    echo "DIFFERENT: $first and $binary; first seed that differs:"
    diff "$scratch/first" "$scratch/other" | head -4 || true
    status=1
  fi
done
exit $status
