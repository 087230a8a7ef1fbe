#!/usr/bin/env python3
"""How planning grows with the units of a model: tests/bench/planning.py build/release/swaplab

For models of 500 to 8000 layers it prints the CPU time and the greatest memory of `swaplab plan`,
`swaplab plan --table` and, of the other policies, `swaplab run`, each a process of its own; and the
exponent of the units that fits the times best. Layers are
uneven by default, equal ones with --equal (very many plans are as good as the best).
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

SIZES = [500, 1000, 2000, 4000, 8000]


def layer(number, equal):
    size = 3_000_000 if equal else 1_000_000 + number * 7919 % 13 * 300_000
    return {
        "name": f"layer{number}",
        "op": "linear",
        "inputs": ["input" if number == 0 else f"layer{number - 1}"],
        "parameter_bytes": size,
        "parameter_tensors": 3 if equal else 2 + number % 3,
        "macs": 30_000_000 if equal else 10_000_000 + number * 104_729 % 17 * 3_000_000,
        "output_bytes": 100_000,
    }


def write_model(folder, units, equal):
    path = os.path.join(folder, f"{units}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"schema": "swaplab/model/1", "name": f"layers{units}", "input_bytes": 100_000,
                   "layers": [layer(number, equal) for number in range(units)]}, file)
    return path


def measure(command):
    """CPU seconds and MiB of a process."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def exponent(points):
    """The slope of log(time) over log(units), by least squares."""
    logs = [(math.log(units), math.log(max(seconds, 1e-4))) for units, seconds in points]
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    return (sum((x - mean_x) * (y - mean_y) for x, y in logs)
            / sum((x - mean_x) ** 2 for x, _ in logs))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("swaplab")
    parser.add_argument("-d", "--device", default="jetson-xavier-nx")
    parser.add_argument("-b", "--budget", default="0.25x")
    parser.add_argument("-p", "--policy", action="append",
                        help="other policies that run (default: on-demand, pipeload)")
    parser.add_argument("--equal", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    args = parser.parse_args()
    common = ["-d", args.device, "--account", "parameters"]
    budget = ["-b", args.budget]
    rows = {"plan": ["plan", "-p", "swapnet", *budget],
            "plan --table": ["plan", "--table", "-p", "swapnet"]}
    for policy in args.policy or ["on-demand", "pipeload"]:
        rows[f"run -p {policy}"] = ["run", "-p", policy, *budget]
    with tempfile.TemporaryDirectory() as folder:
        models = {units: write_model(folder, units, args.equal) for units in args.sizes}
        print(f"{'':20}" + "".join(f"{units:>16}" for units in args.sizes) + "  exponent")
        for name, command in rows.items():
            command = [args.swaplab, *command, *common, "-m"]
            points, cells = [], []
            for units in args.sizes:
                seconds, mib = measure([*command, models[units]])
                points.append((units, seconds))
                cells.append(f"{seconds:8.2f} s {mib:4.0f} M")
            print(f"{name:20}" + "".join(f"{cell:>16}" for cell in cells)
                  + f"  {exponent(points):.2f}", flush=True)


if __name__ == "__main__":
    main()
