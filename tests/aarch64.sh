#!/bin/sh
# Cross-compiles for aarch64, as Jetsons are, and tests what comes out under qemu: profiles,
# policies and sim, and the digests, which are those of every machine.
set -eu

usage() {
    cat <<'TEXT'
usage: tests/aarch64.sh [-j N] [--no-install] [-h]
  -j N          N compilations and N tests at a time (default: one per core)
  --no-install  leave the system's packages alone, and fetch none for arm64
Debian only: the arm64 packages come from where this machine's own do. They are unpacked below
build/aarch64, not installed.
TEXT
}

fail() { echo "aarch64: $*" >&2; exit 2; }

jobs=$(nproc)
install=yes
while [ $# -gt 0 ]; do
    case $1 in
        -j)
            [ $# -ge 2 ] || fail "-j takes a positive number"
            jobs=$2
            shift
            ;;
        -j*) jobs=${1#-j} ;;
        --no-install) install=no ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; fail "unknown option '$1'" ;;
    esac
    shift
done
case $jobs in '' | *[!0-9]* | 0) fail "-j takes a positive number" ;; esac

cd "$(dirname "$0")/.."
[ "$(uname -m)" != aarch64 ] || fail "this is an aarch64 machine: tests/run.sh tests it as it is"
[ "$install" = no ] || tests/install.sh --build-only --aarch64

root=build/aarch64/root

# apt with a memory of its own, in which this is an arm64 machine with nothing installed: adding the
# architecture to the system would upgrade packages to versions that are there for both, and remove
# libyaml-cpp-dev, which is there for one architecture at a time only.
arm64_apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o APT::Architecture=arm64 \
        -o APT::Architectures::=arm64 -o Acquire::Retries=3 -o Dir::Cache="$fetched" \
        -o Dir::State="$fetched" -o Dir::State::status="$fetched/status" "$@" \
        >"$fetched/log" 2>&1 || {
        tail -n 15 "$fetched/log" >&2
        return 1
    }
}

# The libraries of tests/install.sh, but those that are optional and large, with all they depend on.
unpack_packages() {
    echo "== aarch64: fetch arm64 packages"
    fetched=$PWD/build/aarch64/apt
    rm -rf "$root.part" "$fetched"
    mkdir -p "$root.part" "$fetched/lists/partial" "$fetched/archives/partial"
    : >"$fetched/status"
    arm64_apt update ||
        echo "aarch64: apt-get update failed; trying to fetch packages all the same" >&2
    arm64_apt install --download-only --no-install-recommends libstdc++6 libc6-dev libboost-dev \
        libeigen3-dev libcli11-dev libprotozero-dev libfmt-dev rapidjson-dev libyaml-cpp-dev \
        libxxhash-dev librandom123-dev zlib1g-dev libsqlite3-dev liburing-dev \
        libgtest-dev ||
        fail "apt-get cannot fetch arm64 packages (the end of its output is above)"
    for package in "$fetched"/archives/*.deb; do
        dpkg-deb -x "$package" "$root.part"
    done
    [ -e "$root.part/lib" ] || ln -s usr/lib "$root.part/lib"  # where packages know /usr/lib only
    mv "$root.part" "$root"
    rm -rf "$fetched"
}

if [ ! -d "$root" ]; then
    [ "$install" = yes ] || fail "there are no arm64 packages in $root, and none are to be fetched"
    command -v apt-get >/dev/null 2>&1 || fail "no apt-get here to fetch arm64 packages with"
    unpack_packages
fi

echo "== aarch64: configure"
cmake --preset aarch64 -DBUILD_TESTING=ON
echo "== aarch64: build, $jobs at a time"
cmake --build --preset aarch64 -j "$jobs"
echo "== aarch64: test under qemu"
ctest --preset aarch64 -j "$jobs"
