#!/bin/sh
# Packs the CUDA tests with all that they take into one file, for a machine with nvcc, CMake and g++
# and no network: unpack it there and call run.sh. Which files of ours that are, the compiler says.
set -eu

usage() { echo "usage: tests/hw/cuda/bundle/pack_bundle.sh FILE.tar.gz" >&2; exit 2; }
fail() { echo "pack_bundle: $*" >&2; exit 1; }

[ $# -eq 1 ] || usage
output=$(realpath "$1")
cd "$(dirname "$0")/../../../.."
most_bytes=67108864
googletest=${GOOGLETEST:-/usr/src/googletest/googletest}
fmt=${FMT:-/usr/include/fmt}
cuda=${CUDA_INCLUDE:-/usr/local/cuda/include}
[ -d "$googletest/src" ] || fail "needs GoogleTest's sources in $googletest (Debian: googletest)"
[ -f "$fmt/format.h" ] || fail "needs fmt's headers in $fmt (Debian: libfmt-dev)"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bundle=$folder/swaplab-cuda-tests
mkdir -p "$bundle/swaplab" "$bundle/googletest" "$bundle/fmt"

sources="$(echo hw/cuda/runtime/*.cpp hw/cuda/memory/*.cpp hw/cuda/execute/*.cpp) \
    hw/cuda/plugin/entry.cpp profiles/base/error.cpp profiles/base/printable.cpp \
    profiles/base/utf8.cpp profiles/device/memory_kind.cpp \
    $(echo tests/hw/cuda/fake/*.cpp) tests/hw/cuda/kinds_test.cpp \
    tests/hw/cuda/planted_bugs_test.cpp tests/hw/cuda/runtimes_test.cpp \
    tests/hw/cuda/bundle/linked_cuda.cpp"
# shellcheck disable=SC2086  # names of our own sources have no spaces
needed=$(g++ -std=c++20 -I. -isystem "$cuda" -MM $sources | tr -s ' \\\n' '\n' |
    grep -E '^(hw|policies|profiles|tests)/' | sort -u)
for file in $needed hw/cuda/kernels/*.cu; do
    mkdir -p "$bundle/swaplab/$(dirname "$file")"
    cp "$file" "$bundle/swaplab/$file"
done
cp -r "$googletest/include" "$googletest/src" "$bundle/googletest/"
cp -r "$fmt" "$bundle/fmt/"
cp tests/hw/cuda/bundle/CMakeLists.txt tests/hw/cuda/bundle/run.sh LICENSE "$bundle/"

tar -C "$folder" -czf "$output" swaplab-cuda-tests
bytes=$(stat -c %s "$output")
[ "$bytes" -le "$most_bytes" ] || fail "$output has $bytes bytes, more than $most_bytes"
echo "$output: $bytes bytes, $(echo "$needed" | wc -l) files of ours"
