#!/usr/bin/env python3
"""Commands that write are killed, at random instants, by every signal that may come.

usage: tests/faults/kill.py SWAPLAB [--write-model PROGRAM] [--count N] [--seed S] [--only CASE]
                            [-j N]

Afterwards every output is whole or absent, inputs and foreign files are as they were, and only a
SIGKILL leaves something half-written, under a temporary name. The same command then works. Prints
the seed and counts.
"""

import argparse
import collections
import concurrent.futures
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import sandbox as box
from cases import cases

SIGNALS = [signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM, signal.SIGXCPU,
           signal.SIGKILL]
UNDISTURBED = 3  # runs that say how long it takes


def allowed(number, whole):
    """As a shell reports a death by that signal, or as if nothing had been."""
    return {whole.code, -number, 128 + number} | ({1} if number == signal.SIGPIPE else set())


def killed(swaplab, case, place, number, delay):
    process = place.start(swaplab, case)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        pass
    if process.poll() is None:
        process.send_signal(number)
    return place.ended(process, case.seconds)


def fault_of(case, number, ended, whole, place):
    if ended.hung:
        return "does not end"
    if ended.code not in allowed(number, whole):
        return f"ends with {ended.code}"
    fault = box.touched(place, ended) or box.broken_files(case, ended, whole)
    if fault:
        return fault
    left = box.partials(list(ended.outputs) + list(ended.inputs))
    return f"leaves {left[0]} behind" if left and number != signal.SIGKILL else None


class Tally:
    def __init__(self):
        self.signals, self.codes = collections.Counter(), collections.Counter()
        self.ran_on = 0  # ended before the signal came, or did not mind it
        self.partials = 0
        self.faults = []

    def count(self, number, ended, whole):
        self.signals[number.name] += 1
        self.codes[ended.code] += 1
        self.ran_on += ended.code == whole.code
        self.partials += bool(box.partials(list(ended.outputs)))


def undisturbed(swaplab, case, place):
    """How it ends, and how long that takes."""
    times = []
    for _ in range(UNDISTURBED):
        place.clear()
        begin = time.monotonic()
        whole = place.run(swaplab, case)
        times.append(time.monotonic() - begin)
    return whole, max(times)


def works_again(swaplab, case, place, whole):
    """Whether what a SIGKILL left is in nobody's way."""
    for name in os.listdir(place.outputs):
        if not box.partials([name]):
            box.remove(place.outputs / name)
    again = place.run(swaplab, case)
    if again.code != whole.code:
        return f"then ends with {again.code}: {again.err.strip()[-160:]}"
    return None


def disturb(args, case, prepared, count, rng):
    tally, place = Tally(), box.Sandbox(prepared)
    whole, longest = undisturbed(args.swaplab, case, place)
    for i in range(count):
        number, delay = SIGNALS[i % len(SIGNALS)], rng.uniform(0, 1.1 * longest)
        place.clear()
        ended = killed(args.swaplab, case, place, number, delay)
        fault = fault_of(case, number, ended, whole, place)
        if number == signal.SIGKILL and not fault:
            fault = works_again(args.swaplab, case, place, whole)
        tally.count(number, ended, whole)
        if fault:
            tally.faults.append(f"{case.name}: {number.name} after {1000 * delay:.1f} ms: {fault}")
            place.remove()
            place = box.Sandbox(prepared)
            whole, longest = undisturbed(args.swaplab, case, place)
    place.remove()
    return case, tally


def report(results):
    signals = collections.Counter()
    faults = []
    for case, tally in results:
        signals.update(tally.signals)
        faults += tally.faults
        print(f"{case.name:12} {sum(tally.signals.values()):5}  {tally.ran_on} ran on, "
              f"{tally.partials} left partials; " +
              "  ".join(f"{code}: {n}" for code, n in sorted(tally.codes.items(), key=str)))
    print("by signal:", ", ".join(f"{name} {n}" for name, n in sorted(signals.items())))
    for fault in faults:
        print(f"FAULT {fault}")
    print(f"{sum(signals.values())} kills, {len(faults)} faults")
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("swaplab")
    parser.add_argument("--write-model")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--only")
    parser.add_argument("-j", type=int, default=2)
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    prepared = box.prepare(args.swaplab, args.write_model)
    chosen = [case for case in cases(args.write_model)
              if case.outputs and args.only in (None, case.name)]
    each = -(-args.count // len(chosen))
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        jobs = [pool.submit(disturb, args, case, prepared, each,
                            random.Random(f"{args.seed}{case.name}")) for case in chosen]
        results = [job.result() for job in jobs]
    shutil.rmtree(prepared)
    return report(results)


if __name__ == "__main__":
    sys.exit(main())
