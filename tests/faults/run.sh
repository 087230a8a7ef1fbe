#!/bin/sh
# Breaks things on purpose (README.md): short by default, long before a release.
set -eu

usage() {
    cat <<'TEXT'
usage: tests/faults/run.sh [--short | --long | --fuzz SECONDS] [-j N] [--seed S] [-h]
  --short       what ctest runs, on build/release (minutes; builds what is missing)
  --long        50 000 mutants under sanitizers (build/dev), 2 000 injections, 600 kills, soaks of
                ten minutes
  --fuzz N      every libFuzzer target for N seconds, under sanitizers (build/fuzz; needs clang)
  -j N          N at a time (default: one per core)
  --seed S      of mutants, injections and kills (default: another one every time; it is printed)
TEXT
}

fail() { echo "faults: $*" >&2; exit 2; }

mode=short
seconds=60
jobs=$(nproc)
seed=$(date +%s)
while [ $# -gt 0 ]; do
    case $1 in
        --short | --long) mode=${1#--} ;;
        --fuzz | -j | --seed)
            case ${2-} in '' | *[!0-9]*) fail "$1 takes a number" ;; esac
            case $1 in
                --fuzz) mode=fuzz seconds=$2 ;;
                -j) jobs=$2 ;;
                *) seed=$2 ;;
            esac
            shift
            ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; fail "unknown option '$1'" ;;
    esac
    shift
done

cd "$(dirname "$0")/../.."
failed=
# step COMMAND...: says what it does; a failure does not keep the others from being seen.
step() {
    echo "== $*"
    "$@" || failed="$failed
  $*"
}

# build PRESET TARGETS...
build() {
    preset=$1
    shift
    cmake --preset "$preset" -DBUILD_TESTING=ON >/dev/null
    cmake --build --preset "$preset" -j "$jobs" --target "$@"
}

if [ "$mode" = fuzz ]; then
    command -v clang++ >/dev/null || fail "libFuzzer comes with clang: install it"
    build release swaplab_fuzz_corpus
    targets=$(sed -n 's/^ *foreach(target IN ITEMS \(.*\))$/\1/p' tests/faults/CMakeLists.txt)
    cmake -S . -B build/fuzz -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug \
        -DCMAKE_CXX_FLAGS_DEBUG='-g -O1' -DBUILD_TESTING=ON -DSWAPLAB_TORCH=OFF -DSWAPLAB_PCH=OFF \
        -DSWAPLAB_FUZZ=ON -DSWAPLAB_SANITIZE=fuzzer-no-link,address,undefined >/dev/null
    build/release/tests/faults/swaplab_fuzz_corpus write build/fuzz/corpus 300
    for target in $targets; do
        cmake --build build/fuzz -j "$jobs" --target "swaplab_fuzz_$target"
        step "build/fuzz/tests/faults/swaplab_fuzz_$target" -max_total_time="$seconds" \
            -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
            -artifact_prefix="build/fuzz/$target-" "build/fuzz/corpus/$target"
    done
elif [ "$mode" = short ]; then
    build release swaplab swaplab_mutants swaplab_fuzz_corpus swaplab_injector
    step ctest --test-dir build/release -L faults --output-on-failure
else
    build dev swaplab_mutants
    build release swaplab swaplab_injector
    write_model=build/release/tests/swaplab_write_model
    if cmake --build --preset release -j "$jobs" --target swaplab_write_model 2>/dev/null; then
        set -- --write-model "$PWD/$write_model"
    else
        set --  # built without LibTorch
    fi
    swaplab=$PWD/build/release/swaplab
    step build/dev/tests/faults/swaplab_mutants --count 50000 --seed "$seed" --workers "$jobs" \
        --seconds 30 --failures build/dev/mutants
    step python3 tests/faults/inject.py "$swaplab" \
        "$PWD/build/release/tests/faults/libswaplab_injector.so" --count 2000 --seed "$seed" \
        -j "$jobs" "$@"
    step python3 tests/faults/kill.py "$swaplab" --count 600 --seed "$seed" -j "$jobs" "$@"
    [ $# -eq 0 ] || step python3 tests/faults/scripts.py "$swaplab" --count 500 --seed "$seed" \
        -j "$jobs" --keep build/release/scripts "$@"
    step python3 tests/faults/soak.py "$swaplab" --seconds 600 "$@"
fi

[ -z "$failed" ] || { echo "faults: failed:$failed" >&2; exit 1; }
