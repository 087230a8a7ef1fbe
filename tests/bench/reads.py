#!/usr/bin/env python3
"""The reader against fio, on one file: tests/bench/reads.py

Builds what is needed (preset release), makes a file, and for each request size and depth lets fio
and the reader read it in turn (A B B A), with direct I/O. Prints the medians in MB/s (10^6 bytes),
and the median over the rounds of reader / fio of the same round, since a shared disk is not the
same from one second to the next; "spread" is half the distance between the quartiles of that ratio,
"best" the reader's best round / fio's best. The reader fills huge pages, as arenas are; fio has
4 KiB pages, and so has the reader with --small-pages: like with like.
Python 3.8 or newer; fio: tests/install.sh --peers.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "release")
PROGRAM = os.path.join(BUILD, "tests", "swaplab_read_bench")
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
TARGET = 0.95
SKIPPED = 77


def size(text):
    for unit, factor in UNITS.items():
        if text.endswith(unit):
            return int(float(text[: -len(unit)]) * factor)
    return int(text)


def output(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"reads: {' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def build():
    print("reads: building (preset release)", file=sys.stderr)
    output(["cmake", "-S", ROOT, "--preset", "release", "-DBUILD_TESTING=ON"])
    output(["cmake", "--build", BUILD, "--target", "swaplab_read_bench"])


def fio(file, total, request, depth, engine):
    report = output([
        "fio", "--name=r", f"--filename={file}", "--rw=read", f"--bs={request}",
        f"--iodepth={depth}", "--direct=1", f"--ioengine={engine}", f"--size={total}",
        "--output-format=json"])
    return json.loads(report)["jobs"][0]["read"]["bw_bytes"] / 1e6


def reader(file, request, depth, options):
    line = output([PROGRAM, file, "--requests", str(request), "--depths", str(depth), "--rounds",
                   "1", "--extent", str(options.extent), "--backend", options.backend]
                  + ["--small-pages"] * options.small_pages)
    return float(line.split()[2])


def ratio_row(file, total, request, depth, options):
    def of_fio():
        return fio(file, total, request, depth, options.engine)

    def of_reader():
        return reader(file, request, depth, options)

    theirs, ours = [], []
    for number in range(options.rounds):
        turns = [(theirs, of_fio), (ours, of_reader)]
        for rates, measure in turns if number % 2 == 0 else reversed(turns):
            rates.append(measure())
    ratios = [b / a for a, b in zip(theirs, ours)]
    quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return (statistics.median(theirs), statistics.median(ours), statistics.median(ratios),
            (quartiles[2] - quartiles[0]) / 2, max(ours) / max(theirs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", default=os.path.join(BUILD, "read_bench.bin"))
    parser.add_argument("--size", type=size, default="512MiB", help="of the file, if it is made")
    parser.add_argument("--extent", type=size, default="64MiB", help="bytes of one read")
    parser.add_argument("--requests", default="256KiB,1MiB,4MiB")
    parser.add_argument("--depths", default="1,4,8,16")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--backend", choices=["uring", "pread"], default="uring")
    parser.add_argument("--small-pages", action="store_true", help="4 KiB pages for the reader too")
    parser.add_argument("--engine", default="io_uring", help="fio's")
    options = parser.parse_args()
    if shutil.which("fio") is None:
        print("reads: fio is not here: tests/install.sh --peers", file=sys.stderr)
        return SKIPPED
    build()
    made = not os.path.exists(options.file)
    output([PROGRAM, options.file, "--make", str(options.size), "--depths", "1", "--rounds", "1"])
    total = os.path.getsize(options.file)
    print(f"{total >> 20} MiB, reads of {options.extent >> 10} KiB, {options.rounds} rounds, "
          f"{options.backend}, {'small' if options.small_pages else 'huge'} pages; MB/s")
    print(f"{'request':>10}{'depth':>7}{'fio':>10}{'reader':>10}{'of fio':>10}{'spread':>9}"
          f"{'best':>9}")
    reached = []
    for request in map(size, options.requests.split(",")):
        for depth in map(int, options.depths.split(",")):
            theirs, ours, ratio, spread, best = ratio_row(options.file, total, request, depth, options)
            reached.append(ratio)
            print(f"{request >> 10:>6} KiB{depth:>7}{theirs:>10.0f}{ours:>10.0f}{ratio:>10.3f}"
                  f"{spread:>9.3f}{best:>9.3f}", flush=True)
    print(f"median of the ratios {statistics.median(reached):.3f}, target {TARGET}")
    if made:
        os.remove(options.file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
