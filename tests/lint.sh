#!/bin/sh
# clang-tidy (.clang-tidy) and cppcheck (tests/cppcheck.txt) over all files of the product: prints what
# they find and exits 1 if that is anything. Takes long: some seconds a file. Style (readability,
# modernize) is left to editors.
set -eu

usage() {
    cat <<'TEXT'
usage: tests/lint.sh [-j N] [FILE...]
  -j N   N at a time (default: one per core)
  FILE   instead of all *.cpp of profiles, policies, sim, emu, hw and experiments
TEXT
}

fail() { echo "lint: $*" >&2; exit 2; }

jobs=$(nproc)
while [ $# -gt 0 ]; do
    case $1 in
        -j)
            case ${2-} in '' | *[!0-9]* | 0) fail "-j takes a positive number" ;; esac
            jobs=$2
            shift 2
            ;;
        -h | --help) usage; exit 0 ;;
        -*) usage >&2; fail "unknown option '$1'" ;;
        *) break ;;
    esac
done
for tool in clang-tidy cppcheck; do
    command -v "$tool" >/dev/null || fail "needs $tool: install it"
done

cd "$(dirname "$0")/.."
# shellcheck disable=SC2046  # names of our own sources have no spaces
[ $# -gt 0 ] || set -- $(find profiles policies sim emu hw experiments -name '*.cpp' | sort)
# Precompiled headers are GCC's, which clang does not read.
cmake -S . -B build/lint -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
    -DSWAPLAB_PCH=OFF -DSWAPLAB_TORCH=ON -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >/dev/null

found=
echo "== cppcheck"
cppcheck --std=c++20 --language=c++ --enable=warning,performance,portability --inline-suppr \
    --quiet -I . -j "$jobs" --suppressions-list=tests/cppcheck.txt --error-exitcode=1 \
    --template='{file}:{line}: {id}: {message}' "$@" || found=yes
echo "== clang-tidy"
printf '%s\n' "$@" | xargs -n 1 -P "$jobs" clang-tidy -p build/lint --quiet \
    --checks='-readability-*,-modernize-*' --warnings-as-errors='*' 2>/dev/null || found=yes
[ -z "$found" ]
