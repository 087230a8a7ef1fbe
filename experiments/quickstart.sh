#!/bin/sh
# From a fresh clone to the main result: builds swaplab, then compares the swap policies on five DNNs
# over ten memory budgets on a simulated Jetson Xavier NX.
set -eu

usage() {
    cat <<'TEXT'
usage: experiments/quickstart.sh [--out DIR] [--no-install] [-h]
  --out DIR     where tables and plots go (default: build/quickstart)
  --no-install  leave the system's packages alone
TEXT
}

fail() { echo "quickstart: $*" >&2; exit 2; }
say() { echo "quickstart: $*" >&2; }

root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/build/quickstart
install=yes
while [ $# -gt 0 ]; do
    case $1 in
        --out)
            [ -n "${2-}" ] || fail "--out takes a folder"
            out=$2
            shift
            ;;
        --no-install) install=no ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; fail "unknown option '$1'" ;;
    esac
    shift
done

mkdir -p "$out"
out=$(cd "$out" && pwd)
log=$out/build.log
cd "$root"

# quiet WHAT COMMAND...: output goes to the log, whose end is shown if the command fails.
quiet() {
    what=$1
    shift
    "$@" >>"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        say "$what failed; the end of $log is above"
        exit 1
    }
}

: >"$log"
say "1/4 packages (nothing to do, or a minute or two)"
[ "$install" = no ] || tests/install.sh --build-only
say "2/4 configure the release build (seconds)"
# What is simulated needs no LibTorch, whose part takes a minute to build; a build that is there stays
# as it is.
torch=-DSWAPLAB_TORCH=OFF
[ ! -e build/release/CMakeCache.txt ] || torch=
quiet "configuring" cmake --preset release ${torch:+"$torch"}
say "3/4 build the executable (the first time a few minutes, then seconds)"
quiet "the build" cmake --build --preset release --target swaplab

say "4/4 compare the policies on five DNNs (seconds each)"
failed=
for model in resnet101 vit-base yolov3 yolov4 vgg19; do
    echo
    echo "== $model on jetson-xavier-nx"
    build/release/swaplab compare -m "$model" -d jetson-xavier-nx \
        -p direct -p load-all -p standard-swap -p on-demand -p swapnet -p demand-layering \
        -p demand-layering:pipeline=async -p demand-layering:pipeline=sync \
        -p demand-layering:pipeline=sequential \
        -b 0.2x,0.3x,0.4x,0.5x,0.6x,0.7x,0.8x,0.9x,1.0x,1.2x \
        --csv "$out/$model.csv" --plot "$out/$model.svg" || failed="$failed $model"
done

echo
if [ -n "$failed" ]; then
    say "failed for:$failed"
    exit 1
fi
say "tables: $out/*.csv; plots: $out/*.svg"
say "next: build/release/swaplab --help"
