#!/usr/bin/env python3
"""swaplab against SimGrid and SimPy on one pipeline, in one run: tests/bench/peers.py

Builds what is needed (preset release), lets the three simulate the same pipeline in turn, several
times, and prints events per second of CPU time (the best round of each) and whether they agree on
the makespan. A peer that is not installed is named, with how to install it. Exit code 1: the
makespans differ. Python 3.8 or newer.

--study sweeps the standard study (TARGETS: Simulation speed) on two threads, and lets the others
simulate one point in a hundred: of Demand Layering in two stages, with the blocks, the arena and the
mean durations of its plan, without the noise, contention, reference and metrics that the sweep has.
"""
import argparse
import os
import json
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "release")
VENV = os.path.join(ROOT, "build", "peers")
SIMPY_PEER = os.path.join(ROOT, "tests", "bench", "peer_simpy.py")
STUDY = os.path.join(ROOT, "experiments", "standard_study.yaml")
MOST_CPU_SECONDS = 120  # of the standard study: 60 s of two cores
SKIPPED = 77

# SimPy shares reads by swaplab's integers: equal. SimGrid computes in seconds: a ns of rounding up
# per read and the rate of a third of 2^20 make about 1e-6.
TOLERANCE = {"SimPy": 0.0, "SimGrid": 1e-5}
TARGET = {"SimPy": 60, "SimGrid": 20}
INSTALL = {
    "SimPy": "python3 -m venv build/peers && build/peers/bin/pip install simpy",
    "SimGrid": "apt-get install libsimgrid-dev, then run this again",
}


def figures(output):
    """'events 5 seconds 0.1 ...' as a dict of numbers."""
    words = output.split()
    return {key: float(value) for key, value in zip(words[::2], words[1::2])}


def simulate(command, description=None):
    done = subprocess.run(command, input=description, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"peers: {' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return figures(done.stdout)


def built(target):
    return os.path.join(BUILD, "tests", target)


def build(*targets):
    def cmake(*arguments):
        done = subprocess.run(["cmake", *arguments], cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"peers: cmake {' '.join(arguments)} failed\n{done.stdout}{done.stderr}")

    print("peers: building (preset release)", file=sys.stderr)
    cmake("--preset", "release", "-DBUILD_TESTING=ON")
    cmake("--build", BUILD, "--target", *targets)
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        has_simgrid = re.search(r"^SIMGRID_LIBRARY:\w+=(?!.*NOTFOUND)", cache.read(), re.MULTILINE)
    if has_simgrid:
        cmake("--build", BUILD, "--target", "swaplab_peer_simgrid")
    return bool(has_simgrid)


def python_with_simpy():
    for python in (sys.executable, os.path.join(VENV, "bin", "python")):
        check = [python, "-c", "import simpy"]
        if os.path.exists(python) and subprocess.run(check, capture_output=True).returncode == 0:
            return python
    return None


def disagreement(name, expected, found):
    """'' if `found` is what swaplab says, within the peer's tolerance."""
    off = abs(found - expected) / expected
    return "" if off <= TOLERANCE[name] else f"{name}: {found:.0f} ns, swaplab: {expected:.0f} ns"


def smoke(program):
    """A tiny pipeline in swaplab and in SimPy, for ctest."""
    python = python_with_simpy()
    if python is None:
        print(f"skipped: no SimPy here ({INSTALL['SimPy']})")
        return SKIPPED
    description = subprocess.run([program, "describe", "2"], capture_output=True, text=True,
                                 check=True).stdout
    expected = simulate([program, "run", "2"])["makespan_ns"]
    found = simulate([python, SIMPY_PEER], description)["makespan_ns"]
    wrong = disagreement("SimPy", expected, found)
    print(wrong or f"both take {expected:.0f} ns")
    return 1 if wrong else 0


def rounds(commands, description, count):
    """The best of several rounds by name; within a round, all run one after another."""
    best = {}
    for _ in range(count):
        for name, (command, described) in commands.items():
            result = simulate(command, description if described else None)
            if name not in best or result["seconds"] < best[name]["seconds"]:
                best[name] = result
    return best


def rate(result):
    return result["events"] / result["seconds"] / 1e6


def report(best, missing):
    plain = best["swaplab"]
    print(f"{'simulator':<22}{'events':>10}{'CPU s':>9}{'M events/s':>12}"
          f"{'swaplab is':>12}{'target':>8}  makespan")
    wrong = []
    for name, result in best.items():
        line = f"{name:<22}{result['events']:>10.0f}{result['seconds']:>9.3f}{rate(result):>12.3f}"
        if name in TARGET:
            off = result["makespan_ns"] / plain["makespan_ns"] - 1
            line += f"{rate(plain) / rate(result):>11.1f}x{TARGET[name]:>7}x"
            line += "  equal" if off == 0 else f"  {off:+.1e}"
            wrong.append(disagreement(name, plain["makespan_ns"], result["makespan_ns"]))
        elif result is plain:
            line += f"{'':>20}  {result['makespan_ns']:.0f} ns"
        print(line)
    for name in missing:
        print(f"{name:<22} not found: {INSTALL[name]}")
    print("\nwhole model: contention on, other rings. All others simulate one and the same pipeline.")
    wrong = [line for line in wrong if line]
    for line in wrong:
        print(f"the makespans differ: {line}")
    return 1 if wrong else 0


def sweep(experiment, folder, *more):
    """Its points, wall seconds and CPU seconds."""
    command = [os.path.join(BUILD, "swaplab"), "sweep", experiment, "-o", folder, "-q", "--json"]
    began = time.time()
    process = subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True)
    status = json.loads(process.stdout.read())
    _, code, usage = os.wait4(process.pid, 0)
    if code != 0:
        sys.exit(f"peers: {' '.join(command)}: failed")
    return status, time.time() - began, usage.ru_utime + usage.ru_stime


def points_in(command, folder, count):
    """What a peer says of each point that was written."""
    found = []
    for number in range(count):
        with open(os.path.join(folder, f"{number}.txt"), encoding="utf-8") as file:
            found.append(simulate(command, file.read()))
    return found


def study(experiment, share):
    peers, missing = {}, []
    if build("swaplab", "swaplab_study_points"):
        subprocess.run(["cmake", "--build", BUILD, "--target", "swaplab_peer_simgrid"], check=True,
                       stdout=subprocess.DEVNULL)
        peers["SimGrid"] = [built("swaplab_peer_simgrid")]
    else:
        missing.append("SimGrid")
    python = python_with_simpy()
    if python:
        peers["SimPy"] = [python, SIMPY_PEER]
    else:
        missing.append("SimPy")
    with tempfile.TemporaryDirectory(prefix="swaplab-peers-") as folder:
        status, wall, cpu = sweep(experiment, os.path.join(folder, "whole"), "--jobs", "2")
        done = subprocess.run([built("swaplab_study_points"), experiment, str(share), folder],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"peers: {done.stderr}")
        plain = [figures(line) for line in done.stdout.splitlines()]
        _, _, swept = sweep(experiment, os.path.join(folder, "some"), "--jobs", "1", "--points",
                            os.path.join(folder, "points.csv"))
        found = {name: points_in(command, folder, len(plain)) for name, command in peers.items()}
    return report_study(status, wall, cpu, plain, swept, found, missing)


def report_study(status, wall, cpu, plain, swept, found, missing):
    points = status["points"]
    print(f"{points} points ({status['ran']} ran, {status['infeasible']} infeasible) on two threads: "
          f"{wall:.1f} s, {points / wall:.0f} points/s; {cpu:.1f} s of CPU time, "
          f"{MOST_CPU_SECONDS} allowed for the standard study; {points / cpu:.0f} points/s of it")
    count = len(plain)

    def line(name, seconds, what):
        print(f"{name:<24}{count:>7}{seconds:>10.3f}{1000 * seconds / count:>12.3f}  {what}")

    print(f"{'simulator':<24}{'points':>7}{'CPU s':>10}{'ms a point':>12}")
    alone = sum(point["seconds"] for point in plain)
    line("swaplab, swept", swept, "noise, contention, metrics, direct, records; start-up included")
    line("swaplab, plain", alone, "the pipeline that the others simulate")
    wrong = []
    for name, results in found.items():
        seconds = sum(point["seconds"] for point in results)
        line(name, seconds, f"swaplab is {seconds / alone:.1f}x, as a sweep {seconds / swept:.1f}x; "
                            f"target {TARGET[name]}x")
        wrong += [off for mine, other in zip(plain, results)
                  if (off := disagreement(name, mine["makespan_ns"], other["makespan_ns"]))]
    for name in missing:
        print(f"{name:<24} not found: {INSTALL[name]}")
    for line_of in wrong[:5]:
        print(f"the makespans differ: {line_of}")
    if found and not wrong:
        print(f"all agree on the makespans of these {count} points")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=200, help="of each of the ten DNNs (200)")
    parser.add_argument("--rounds", type=int, default=5, help="the best of how many (5)")
    parser.add_argument("--smoke", metavar="PROGRAM",
                        help="only check a built swaplab_pipeline against SimPy")
    parser.add_argument("--study", metavar="EXPERIMENT", nargs="?", const=STUDY,
                        help="sweep it (the standard study), and some of its points in the others")
    parser.add_argument("--share", type=float, default=0.01, help="how many of them (0.01)")
    given = parser.parse_args()
    if given.smoke:
        return smoke(given.smoke)

    if given.study:
        return study(given.study, given.share)
    has_simgrid = build("swaplab_pipeline")
    pipeline, requests = built("swaplab_pipeline"), str(given.requests)
    description = subprocess.run([pipeline, "describe", requests], capture_output=True, text=True,
                                 check=True).stdout
    commands = {
        "swaplab, whole model": ([pipeline, "whole-model", requests], False),
        "swaplab": ([pipeline, "run", requests], False),
    }
    missing = []
    if has_simgrid:
        commands["SimGrid"] = ([built("swaplab_peer_simgrid")], True)
    else:
        missing.append("SimGrid")
    python = python_with_simpy()
    if python:
        commands["SimPy"] = ([python, SIMPY_PEER], True)
    else:
        missing.append("SimPy")
    return report(rounds(commands, description, given.rounds), missing)


if __name__ == "__main__":
    sys.exit(main())
