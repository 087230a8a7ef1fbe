#!/usr/bin/env python3
"""Two emulated DNNs in a third of the memory they need, for a minute: does anything leak or drift?

usage: tests/bench/endurance.py [--seconds 60] [--swaplab build/release/swaplab]

Runs resnet101 and yolov3 side by side (swapnet, a Xavier NX) on the emulator and in simulation, and
watches the process while it runs. Exits 4 if resident memory or open files grow after the first
third, if the emulated makespan is off by 0.1 % or more, or if memory passes budget + 5 % + 8 MiB.
"""

import argparse
import json
import os
import subprocess
import sys
import time

SCENARIO = ["-m", "resnet101", "-m", "yolov3", "-d", "jetson-xavier-nx", "-p", "swapnet",
            "-b", "0.333x", "--mode", "stream", "--json"]
MIB = 1 << 20


def simulate(swaplab, requests):
    output = subprocess.run([swaplab, "run", *SCENARIO, "--requests", str(requests)],
                            check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def sample(pid):
    """Resident bytes and open files."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        resident = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))
    return resident, len(os.listdir(f"/proc/{pid}/fd"))


def watch(command):
    """The result, and (seconds since the begin, resident, files) once per half second."""
    samples = []
    begin = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            try:
                samples.append((time.monotonic() - begin, *sample(process.pid)))
            except (FileNotFoundError, ProcessLookupError, StopIteration):
                break
            time.sleep(0.5)
        output = process.communicate()[0]
    if process.returncode != 0:
        sys.exit(f"endurance: {' '.join(command)} ended with {process.returncode}")
    return json.loads(output), samples


def spread(values):
    return max(values) - min(values)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--time-scale", type=float, default=2.5)
    parser.add_argument("--swaplab", default="build/release/swaplab")
    args = parser.parse_args()

    one = simulate(args.swaplab, 1)["makespan_ns"] * 1e-9
    requests = max(3, round(args.seconds / (one * args.time_scale)) + 3)
    simulated = simulate(args.swaplab, requests)
    emulated, samples = watch([args.swaplab, "run", *SCENARIO, "--backend", "emu", "--time-scale",
                               str(args.time_scale), "--requests", str(requests)])
    # Behind the makespan comes `direct`, which latencies are compared with and which has no budget.
    # Packs that are made and memory that is cleared come before.
    wall = emulated["makespan_ns"] * 1e-9 * args.time_scale
    steady = [s for s in samples if wall / 3 < s[0] < wall - 1]
    drift = emulated["makespan_ns"] / simulated["makespan_ns"] - 1
    grown = emulated["evidence"]["resident_growth_bytes"]
    budget = emulated["budget_bytes"]
    print(f"{requests} requests each, {wall:.1f} s at {args.time_scale} times the device's time; "
          f"budget {budget / MIB:.1f} MiB")
    checks = [
        ("makespan off by", f"{100 * drift:+.5f} %", abs(drift) < 0.001),
        ("bytes swapped in differ by",
         emulated["swapped_in_bytes"] - simulated["swapped_in_bytes"],
         emulated["swapped_in_bytes"] == simulated["swapped_in_bytes"]),
        ("read from storage / swapped in",
         f"{emulated['evidence']['read_from_storage_bytes'] / emulated['swapped_in_bytes']:.4f}",
         abs(emulated["evidence"]["read_from_storage_bytes"] / emulated["swapped_in_bytes"] - 1)
         < 0.01),
        ("accounted peak", f"{emulated['peak_bytes'] / MIB:.1f} MiB",
         emulated["peak_bytes"] <= budget),
        ("resident growth (VmHWM)", f"{grown / MIB:.1f} MiB",
         grown <= budget * 1.05 + 8 * MIB),
        (f"resident memory moves, over {len(steady)} samples, by",
         f"{spread([s[1] for s in steady]) / MIB:.2f} MiB",
         spread([s[1] for s in steady]) <= 4 * MIB),
        ("open files move by", spread([s[2] for s in steady]),
         spread([s[2] for s in steady]) == 0),
        ("valid", emulated["emulation"]["valid"], emulated["emulation"]["valid"]),
    ]
    for what, value, met in checks:
        print(f"  {what:52} {value!s:>14}  {'' if met else 'MISSED'}".rstrip())
    return 0 if all(met for _, _, met in checks) else 4


if __name__ == "__main__":
    sys.exit(main())
