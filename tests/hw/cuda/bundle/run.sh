#!/bin/sh
# Builds the CUDA tests here and runs them; under compute-sanitizer, too, with --sanitize. What is
# skipped is said: without a GPU, all that takes one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-$here/build}
command -v nvcc >/dev/null || PATH=$PATH:/usr/local/cuda/bin
for tool in nvcc cmake g++; do
    command -v "$tool" >/dev/null || { echo "run.sh: needs $tool" >&2; exit 2; }
done
cmake -S "$here" -B "$build" >"$here/configure.log" || { cat "$here/configure.log"; exit 1; }
cmake --build "$build" --parallel "$(nproc)"
if [ "${1-}" = --sanitize ]; then
    compute-sanitizer --error-exitcode 1 "$build/swaplab_cuda_tests" --gtest_filter='*gpu*'
fi
"$build/swaplab_cuda_tests"
