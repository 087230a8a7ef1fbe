#!/usr/bin/env python3
"""Whatever happens to a sweep, its merged tables are the same bytes.

usage: survives.py SWAPLAB [--seed N] [--kills N] [--million]

One small study is swept undisturbed, then: with 1, 2 and 4 threads; as three shards, merged in any
order; killed (kill -9) at twenty random moments; interrupted by Ctrl-C and SIGTERM; on a file that
may not grow further, and on a file system that is full where one can be mounted. Each time it is
finished by the same command and merged, to CSV and SQLite. The seed of the moments is printed.
--million sweeps a million points instead, goes on with them, and merges them, each in less than 256
MiB, and prints how much that took (a quarter of an hour, 6 GB of disk).
"""
import argparse
import itertools
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

STUDY = """\
schema: swaplab/experiment/1
models: [vgg19, resnet101]
devices: [jetson-xavier-nx, cpu-server]
policies: [direct, on-demand, swapnet, pipeload, {name: demand-layering, pipeline: [async, sync]}]
budgets: [min, 0.2x, 0.5x, 0.8x, 1.1x]
workloads: [{mode: stream, requests: 8}, {requests: 3}]
noise: true
seeds: [3, 4]
replications: 2
"""


class Checks:
    def __init__(self, swaplab, folder):
        self.swaplab = swaplab
        self.folder = folder
        self.study = os.path.join(folder, "study.yaml")
        self.failures = 0
        with open(self.study, "w") as file:
            file.write(STUDY)

    def path(self, name):
        return os.path.join(self.folder, name)

    def command(self, name, *more):
        return [self.swaplab, "sweep", self.study, "-o", self.path(name), "-q", *more]

    def recorded(self, name):
        """Bytes of a sweep's records so far."""
        try:
            return os.path.getsize(os.path.join(self.path(name), "1-of-1.records"))
        except FileNotFoundError:
            return 0

    def sweep(self, name, *more, code=0):
        done = subprocess.run(self.command(name, *more), capture_output=True, text=True)
        self.expect(done.returncode == code, f"{name}: exit code {done.returncode}: {done.stderr}")
        return done

    def merged(self, *names):
        """The bytes of both tables."""
        tables = []
        for ending in ("csv", "sqlite"):
            out = self.path("merged." + ending)
            folders = [self.path(name) for name in names]
            subprocess.run([self.swaplab, "merge", *folders, "-o", out, "-q"], check=True)
            with open(out, "rb") as file:
                tables.append(file.read())
        return tables

    def expect(self, holds, what):
        if not holds:
            self.failures += 1
            print("WRONG:", what)

    def expect_same(self, name, wanted, *folders):
        got = self.merged(*(folders or (name,)))
        self.expect(got[0] == wanted[0], f"{name}: another CSV")
        self.expect(got[1] == wanted[1], f"{name}: another SQLite file")

    # What can happen to a sweep.

    def threads(self, wanted):
        for jobs in (1, 2, 4):
            self.sweep(f"jobs{jobs}", "--jobs", str(jobs))
            self.expect_same(f"jobs{jobs}", wanted)
        print("1, 2 and 4 threads: compared")

    def shards(self, wanted):
        names = [f"shard{k}" for k in (1, 2, 3)]
        for k, name in enumerate(names, 1):
            self.sweep(name, "--shard", f"{k}/3", "--jobs", str(k))
        for order in itertools.permutations(names):
            self.expect_same("+".join(order), wanted, *order)
        print("shards 1/3, 2/3 and 3/3, merged in six orders: compared")

    def killed_at(self, name, size):
        """Whether kill -9 met the sweep at work, once that many bytes were recorded."""
        running = subprocess.Popen(self.command(name, "--jobs", "2"), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        while running.poll() is None and self.recorded(name) < size:
            time.sleep(0.001)
        running.kill()
        return running.wait() == -signal.SIGKILL

    def kills(self, wanted, moments):
        """At each moment, a share of what is to be recorded. A sweep that was quicker than we is
        compared as it is, and another one begun; so no clock decides how many kills there are."""
        whole = self.recorded("whole")
        left = sorted(moments)
        studies = 0
        while left and studies < len(moments):
            studies += 1
            name = f"killed{studies}"
            while left and self.killed_at(name, left[0] * whole):
                left.pop(0)
            self.sweep(name)
            self.expect_same(name, wanted)
        self.expect(not left, f"{len(left)} of {len(moments)} kills found no sweep at work")
        print(f"kill -9, {len(moments)} times in {studies} sweeps: compared")

    def signalled(self, name, sent):
        """The exit code of a sweep that is sent this once it is at work."""
        running = subprocess.Popen(self.command(name), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        while running.poll() is None and self.recorded(name) <= 20000:
            time.sleep(0.001)
        running.send_signal(sent)
        return running.wait()

    def signals(self, wanted):
        for sent in (signal.SIGINT, signal.SIGTERM):
            for attempt in range(5):  # a sweep that was quicker than we says 0
                name = f"{sent.name}{attempt}"
                code = self.signalled(name, sent)
                self.sweep(name)
                self.expect_same(name, wanted)
                if code != 0:
                    break
            self.expect(code == 128 + sent, f"{name}: exit code {code}, not {128 + sent}")
        print("SIGINT and SIGTERM: compared")

    def limited_file(self, wanted):
        limit = 60000
        done = subprocess.run(
            self.command("limited"), capture_output=True, text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.expect(done.returncode == 1, f"file limit: exit code {done.returncode}")
        self.expect("cannot write" in done.stderr and "goes on" in done.stderr,
                    f"file limit: said '{done.stderr}'")
        self.sweep("limited")
        self.expect_same("limited", wanted)
        print("a file that may not grow:", done.stderr.strip().replace(self.folder, "..."))

    def full_disk(self, wanted):
        disk = self.path("disk")
        os.mkdir(disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", disk],
                                 capture_output=True)
        if mounted.returncode != 0:
            print("a full file system: skipped, no tmpfs can be mounted here")
            return
        try:
            done = self.sweep("disk/study", code=1)
            self.expect("No space left" in done.stderr, f"full disk: said '{done.stderr}'")
            subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
            self.sweep("disk/study")
            self.expect_same("disk/study", wanted)
            print("a full file system:", done.stderr.strip().replace(self.folder, "..."))
        finally:
            subprocess.run(["umount", disk], check=True)


MOST_MIB = 256  # of any command on a million points


def measured(command):
    """Its seconds and peak in MiB, of this process alone."""
    began = time.time()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
    return time.time() - began, usage.ru_maxrss / 1024


def million(checks, points):
    """So many points, real ones: few cells under many draws, and many cells under few."""
    budgets = max(1, points // 1000)
    for shape, policy, budget, seeds, replications in (
            ("draws", "direct", "[1x]", max(1, points // 10_000), min(points, 10_000)),
            ("cells", "load-all", f"{{from: 1.01x, to: 1.1x, steps: {budgets}}}", 100, 10)):
        wanted = seeds * replications * (budgets if shape == "cells" else 1)
        experiment = checks.path(shape + ".yaml")
        with open(experiment, "w") as file:
            file.write("schema: swaplab/experiment/1\nmodels: [vgg19]\ndevices: [cpu-server]\n"
                       f"policies: [{policy}]\nbudgets: {budget}\nnoise: true\n"
                       f"seeds: {list(range(seeds))}\nreplications: {replications}\n")
        folder, table = checks.path(shape), checks.path(shape + ".csv")
        sweep = [checks.swaplab, "sweep", experiment, "-o", folder, "-q"]
        print(f"{wanted} points, many {shape}:")
        for name, command in (("sweep", sweep), ("sweep again", sweep),
                              ("status", [checks.swaplab, "status", folder]),
                              ("merge", [checks.swaplab, "merge", folder, "-o", table, "-q"])):
            seconds, peak = measured(command)
            print(f"  {name}: {seconds:.0f} s, at most {peak:.0f} MiB resident", flush=True)
            checks.expect(peak < MOST_MIB, f"{name}: {peak:.0f} MiB, {MOST_MIB} allowed")
        with open(table, "rb") as file:
            rows = sum(1 for _ in file) - 1
        print(f"  {rows} rows, {os.path.getsize(table) / 2**20:.0f} MiB of CSV")
        checks.expect(rows == wanted, f"{rows} rows of {wanted} points")
        shutil.rmtree(folder)
        os.remove(table)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1])
    parser.add_argument("swaplab")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--million", type=int, nargs="?", const=1_000_000)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    folder = tempfile.mkdtemp(prefix="swaplab-sweep-")
    try:
        checks = Checks(os.path.abspath(options.swaplab), folder)
        if options.million:
            million(checks, options.million)
            return checks.failures
        began = time.time()
        checks.sweep("whole", "--jobs", "1")
        took = time.time() - began
        wanted = checks.merged("whole")
        print(f"undisturbed: {wanted[0].count(bytes([10])) - 1} rows, {took:.1f} s")
        generator = random.Random(seed)
        checks.threads(wanted)
        checks.shards(wanted)
        checks.kills(wanted, [generator.uniform(0, 0.9) for _ in range(options.kills)])
        checks.signals(wanted)
        checks.limited_file(wanted)
        checks.full_disk(wanted)
        return checks.failures
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
