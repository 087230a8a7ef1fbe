#!/usr/bin/env python3
"""Swapping against memory-mapped weights under a cgroup limit of the same budget.

    tests/bench/mmap.py PACK DEVICE.json [-b 0.25x,0.5x,1.1x] [-p swapnet] [--requests 5]
                        [--mode stream]   blocks that are kept stay from request to request

After each measured run the same one is simulated: the bytes that it read must be those predicted.

Runs both in turn, round after round, and prints the median latency of each and who wins where.
Needs root for the cgroup. Budgets are shares of the pack's parameters.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

BUILD = os.path.join(os.path.dirname(__file__), "..", "..", "build", "release")


def run(args, policy, budget, backend):
    """What `swaplab run` says, or None where the policy does not fit."""
    command = [os.path.join(args.build, "swaplab"), "run", "-m", args.pack, "-d", args.device,
               "-p", policy, "-b", str(budget), "--mode", args.mode, "--requests",
               str(args.requests), "--json", *backend]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 3:
        return None
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def swapped(args, policy, budget):
    """(median latency in ms, bytes read a request), or None where the policy does not fit."""
    measured = run(args, policy, budget, ["--backend", "cpu", "--threads", str(args.threads)])
    if measured is None:
        return None
    read = measured["swapped_in_bytes"]
    predicted = run(args, policy, budget, [])["swapped_in_bytes"]
    if read != predicted:
        sys.exit(f"{policy} at {budget}: {predicted} bytes to be read were predicted, {read} were")
    if not measured["evidence"]["outputs_equal"]:
        sys.exit(f"{policy} at {budget}: outputs are not those of direct")
    return measured["latency_ns"]["p50"] * 1e-6, read / args.requests


def mapped(args, budget):
    """(first, median of the rest) in ms."""
    command = [os.path.join(args.build, "tests", "swaplab_mmap_weights"), args.pack, str(budget),
               str(args.requests + 1), str(args.threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode < 0:
        return None  # killed: its activations alone are more than the limit
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
        sys.exit(done.returncode)
    ms = [float(line) for line in done.stdout.split()]
    return ms[0], statistics.median(ms[1:])


def parameter_bytes(pack):
    with open(os.path.join(pack, "model.json"), encoding="utf-8") as file:
        return sum(layer["parameter_bytes"] for layer in json.load(file)["layers"])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack")
    parser.add_argument("device")
    parser.add_argument("-b", "--budgets", default="0.25x,0.5x,0.75x,1.1x,1.3x")
    parser.add_argument("-p", "--policies", default="swapnet,demand-layering,pipeload")
    parser.add_argument("--requests", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--mode", choices=["cold", "stream"], default="cold")
    parser.add_argument("--build", default=BUILD, help="build folder")
    args = parser.parse_args()
    policies = args.policies.split(",")
    print(f"{'budget':>14} {'mmap cold':>10} {'mmap':>10} "
          + " ".join(f"{p[:16]:>16}" for p in policies) + "  fastest")
    for share in args.budgets.split(","):
        budget = int(float(share.rstrip("x")) * parameter_bytes(args.pack)) // 4096 * 4096
        cold, warm, ours, read = [], [], {p: [] for p in policies}, {}
        for _ in range(args.rounds):
            if (pair := mapped(args, budget)) is not None:
                cold.append(pair[0])
                warm.append(pair[1])
            for policy in policies:
                if (pair := swapped(args, policy, budget)) is not None:
                    ours[policy].append(pair[0])
                    read[policy] = pair[1]
        medians = {"mmap": statistics.median(warm)} if warm else {}
        medians |= {p: statistics.median(v) for p, v in ours.items() if v}
        fastest = min(medians, key=medians.get) if medians else "-"

        def shown(values):
            return f"{statistics.median(values):.1f}" if values else "-"
        print(f"{share:>6} {budget / 2**20:5.0f}MiB {shown(cold):>10} {shown(warm):>10} "
              + " ".join(f"{shown(ours[p]):>16}" for p in policies) + f"  {fastest}", flush=True)
        if read:
            print(f"{'':>14} MiB read a request, as predicted: "
                  + ", ".join(f"{p} {b / 2**20:.1f}" for p, b in read.items()), flush=True)


if __name__ == "__main__":
    main()
