#!/bin/bash
# Instructions per iteration of each benchmark, which are the same on a busy machine:
#   tests/bench/instructions.sh build/release/tests/swaplab_bench [FILTER]
# Each runs twice under callgrind with a fixed number of iterations, and the difference is divided by
# the difference of the numbers: set-up and start-up cancel. start_up/* are whole processes. JOBS=N
# runs N at once (default: 2). Needs valgrind and a shared Google Benchmark.
set -eu
bench=$(realpath "$1")
filter=${2:-.}
swaplab=$(dirname "$(dirname "$bench")")/swaplab
preload=$(dirname "$(realpath "$0")")/programs/fixed_iterations.cpp
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
g++ -std=c++17 -O1 -shared -fPIC "$preload" -o "$work/fixed.so" \
    -Wl,--no-as-needed -lbenchmark -ldl

# What callgrind counted. Whatever differs from run to run is fixed: layout, environment, folder.
instructions() {  # ITERATIONS COMMAND...; no iterations: as it is
    local fix=()
    [ -z "$1" ] || fix=("LD_PRELOAD=$work/fixed.so" "BENCH_ITERATIONS=$1")
    shift
    (cd "$work" && env -i PATH=/usr/bin:/bin "${fix[@]}" setarch -R valgrind --tool=callgrind \
        --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null) | sed -n 's/.*Collected : //p'
}

of_benchmark() {  # NAME: its line
    local name=$1 few=1 many=4 a b pattern
    case $name in
        start_up/version/*) a=$(instructions '' "$swaplab" --version) ;;
        start_up/run/*)
            a=$(instructions '' "$swaplab" run -m yolov4 -d jetson-xavier-nx -p demand-layering \
                -b 0.8x --json) ;;
        *_hold/*) few=16384 many=81920 ;;
        adaptation) few=100 many=2100 ;;
        table_300/* | trace/*) many=2 ;;
    esac
    if [ -n "${a-}" ]; then
        printf '%-36s %15d  whole process\n' "$name" "$a"
        return
    fi
    pattern="^${name%%/manual_time}"
    pattern="${pattern%%/real_time}/iterations:"  # which stands in names once they are fixed
    a=$(instructions "$few" "$bench" --benchmark_filter="$pattern")
    b=$(instructions "$many" "$bench" --benchmark_filter="$pattern")
    if [ -z "$a" ] || [ -z "$b" ]; then
        printf '%-36s failed\n' "$name"
        return
    fi
    printf '%-36s %15s  (%s, %s iterations)\n' "$name" \
        "$(awk "BEGIN { printf \"%.2f\", ($b - $a) / ($many - $few) }")" "$few" "$many"
}

export -f instructions of_benchmark
export bench swaplab work
"$bench" --benchmark_list_tests | grep -E "$filter" |
    xargs -P "${JOBS:-2}" -I{} bash -c 'of_benchmark {}'
