#!/bin/sh
# Installs the packages that building (and testing) swaplab needs, where they are missing.
# Debian 12, Ubuntu 22.04 and 24.04, JetPack 6; as root or with sudo. Run it as often as you like.
set -eu

usage() {
    cat <<'TEXT'
usage: tests/install.sh [--build-only] [--torch | --no-torch] [--export] [--render] [--peers]
                        [--aarch64] [-h]
  --build-only   only what building the executable needs: no library for tests, no LibTorch
  --torch        LibTorch also with --build-only: pack, profile, run and validate on this machine
  --no-torch     without LibTorch (300 MB)
  --export       also PyTorch and torchvision, for experiments/export.py
  --render       also rsvg-convert, for tests that render a plot
  --peers        also SimGrid and fio, to compare with in tests/bench/peers.py and reads.py
  --aarch64      also a cross compiler and qemu, for tests/aarch64.sh
liburing and LibTorch are installed where there are packages of them; the build works without, as it
does without CUDA, which is never installed here.
TEXT
}

for_tests=yes
torch=  # yes, no, or as --build-only says
export=no
render=no
peers=no
aarch64=no
while [ $# -gt 0 ]; do
    case $1 in
        --build-only) for_tests=no ;;
        --torch) torch=yes ;;
        --no-torch) torch=no ;;
        --export) export=yes ;;
        --render) render=yes ;;
        --peers) peers=yes ;;
        --aarch64) aarch64=yes ;;
        -h | --help) usage; exit 0 ;;
        *) echo "install: unknown option '$1'" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

torch=${torch:-$for_tests}

say() { echo "install: $*" >&2; }

# A tool counts as there wherever it came from; a library only as a package.
missing=
optional=  # likewise, but a release without them is no failure
is_installed() {
    status=$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) || status=absent
    [ "$status" = installed ]
}
need_tool() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need_package() { is_installed "$1" || missing="$missing $1"; }
want_package() { is_installed "$1" || optional="$optional $1"; }

in_this_release() { apt-cache show "$1" >/dev/null 2>&1; }
lists_are_there() {
    set -- /var/lib/apt/lists/*_Packages*
    [ -e "$1" ]
}
# Moves the optional packages that this release has to the missing ones.
choose_optional() {
    for package in $optional; do
        if in_this_release "$package"; then
            missing="$missing $package"
            continue
        fi
        case $package in
            python3-jsonschema | python3-yaml)
                say "there is no $package here: the test of the file formats is skipped" ;;
            liburing-dev) say "there is no liburing-dev here: reads will use threads" ;;
            libtorch-dev)
                say "there is no libtorch-dev here: no pack, profile and --backend cpu, unless you"
                say "unpack a LibTorch and configure with -DCMAKE_PREFIX_PATH=DIR"
                break  # and of no use is what would come after it
                ;;
        esac
    done
    optional=
}

# at_least HAVE WANT: true if version HAVE is not below WANT.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

check_versions() {
    if ! command -v g++ >/dev/null 2>&1 || ! command -v cmake >/dev/null 2>&1; then
        say "a C++ compiler (g++ 11 or newer) and cmake (3.22 or newer) are needed"
        exit 1
    fi
    cmake_version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')
    at_least "$cmake_version" 3.22 || { say "cmake $cmake_version is too old: 3.22 is needed"; exit 1; }
    compiler_version=$(g++ -dumpfullversion 2>/dev/null || g++ -dumpversion)
    at_least "$compiler_version" 11 ||
        say "note: g++ $compiler_version is older than 11; set CXX to a newer C++20 compiler"
}

if ! command -v apt-get >/dev/null 2>&1; then
    say "no apt-get here: nothing installed. Needed: g++ >= 11, cmake >= 3.22, ninja, and the"
    say "development files of Boost, Eigen 3, CLI11, protozero, fmt, RapidJSON, yaml-cpp, xxHash,"
    say "Random123, zlib, SQLite (optional: liburing, LibTorch 1.13 or newer; tests: GoogleTest)"
    check_versions
    exit 0
fi

need_tool g++ g++
need_tool cmake cmake
need_tool ninja ninja-build
need_tool ccache ccache
for package in libboost-dev libeigen3-dev libcli11-dev libprotozero-dev libfmt-dev rapidjson-dev \
    libyaml-cpp-dev libxxhash-dev librandom123-dev zlib1g-dev libsqlite3-dev; do
    need_package "$package"
done
if [ "$for_tests" = yes ]; then
    need_package libgtest-dev
    need_package libbenchmark-dev
    want_package python3-jsonschema  # tests/formats; skipped with less than version 4
    want_package python3-yaml
fi
[ "$render" = no ] || need_tool rsvg-convert librsvg2-bin
if [ "$peers" = yes ]; then
    need_package libsimgrid-dev
    need_tool fio fio
fi
if [ "$aarch64" = yes ]; then
    need_tool aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
    need_tool qemu-aarch64-static qemu-user-static
    need_tool python3 python3  # tests/digests
fi
if [ "$export" = yes ]; then
    need_package python3-torch
    need_package python3-torchvision
fi
want_package liburing-dev
if [ "$torch" = yes ]; then
    want_package libtorch-dev
    want_package libopenblas0-pthread  # with the reference BLAS, products take ten times as long
fi

# Where only optional ones are missing and known not to exist, there is nothing to update for.
[ -n "$missing" ] || ! lists_are_there || choose_optional
if [ -z "$missing$optional" ]; then
    say "all packages are there already"
    check_versions
    exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        say "missing:$missing$optional"
        say "neither root nor sudo here; as root: apt-get install --no-install-recommends$missing$optional"
        exit 1
    fi
    as_root=sudo
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >"$log" 2>&1
}

say "missing:$missing$optional"
say "apt-get update, then apt-get install (a minute or two)${as_root:+, with sudo}"
apt update || { tail -n 15 "$log" >&2; say "apt-get update failed; trying to install all the same"; }
choose_optional  # which is known for sure only now
if [ -z "$missing" ]; then
    say "nothing else is missing"
    check_versions
    exit 0
fi
# shellcheck disable=SC2086  # a list of words on purpose
apt install --no-install-recommends $missing || {
    tail -n 30 "$log" >&2
    say "apt-get install failed (the end of its output is above)"
    exit 1
}
say "done"
check_versions
