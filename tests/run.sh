#!/bin/sh
# Configures, builds and tests: one optimised build (release); with --preset all also with sanitizers
# (dev) and threads under ThreadSanitizer (tsan, the tests of hw and emu only).
set -eu

usage() {
    cat <<'TEXT'
usage: tests/run.sh [--preset dev|tsan|release|all] [-j N] [--no-install | --no-torch] [-h]
  --preset      which build to test (default: release; all is dev, tsan and then release)
  -j N          N compilations and N tests at a time (default: one per core)
  --no-install  leave the system's packages alone
  --no-torch    install what is missing, but not LibTorch (300 MB): its tests are skipped
TEXT
}

fail() { echo "run: $*" >&2; exit 2; }

presets=release
jobs=$(nproc)
install=yes
without_torch=
while [ $# -gt 0 ]; do
    case $1 in
        --preset)
            case ${2-} in
                dev | tsan | release) presets=$2 ;;
                all) presets="dev tsan release" ;;
                *) fail "--preset takes dev, tsan, release or all" ;;
            esac
            shift
            ;;
        -j)
            [ $# -ge 2 ] || fail "-j takes a positive number"
            jobs=$2
            shift
            ;;
        -j*) jobs=${1#-j} ;;
        --no-install) install=no ;;
        --no-torch) without_torch=--no-torch ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; fail "unknown option '$1'" ;;
    esac
    shift
done
case $jobs in '' | *[!0-9]* | 0) fail "-j takes a positive number" ;; esac

cd "$(dirname "$0")/.."
[ "$install" = no ] || tests/install.sh ${without_torch:+"$without_torch"}

for preset in $presets; do
    echo "== $preset: configure"
    cmake --preset "$preset" -DBUILD_TESTING=ON -DSWAPLAB_TORCH=ON
    echo "== $preset: build, $jobs at a time"
    cmake --build --preset "$preset" -j "$jobs"
    echo "== $preset: test"
    ctest --preset "$preset" -j "$jobs"
done
