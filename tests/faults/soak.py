#!/usr/bin/env python3
"""Long runs of each backend: does memory, do files or threads grow?

usage: tests/faults/soak.py SWAPLAB [--write-model PROGRAM] [--seconds 60] [--only sim|emu|cpu]

Each run is sized by a short one to last so long, one after the other. After its first third,
resident memory may grow by 1 MiB, open files, threads and files on disk not at all. Prints what was
seen.
"""

import argparse
import os
import shutil
import sys
import threading
import time

import sandbox as box

MIB = 1 << 20
MOST_GROWTH = MIB
RUNS = {
    # No model asks for more than it gets: requests that wait are no leak, and take memory.
    "sim": "run -m IN/model.json -m IN/model.json -d IN/device.json -p swapnet -b 2x --mode stream "
           "--json",
    "emu": "run -m IN/pack -d IN/device.json -p swapnet -b 2x --mode stream --backend emu "
           "--time-scale 1 --json",
    # As JSON it would list the outputs of every request.
    "cpu": "run -m IN/real -d IN/device.json -p swapnet -b 64MiB --mode stream --backend cpu "
           "--threads 1",
}
# Tickets have 32 bits: a run takes 4e9 commands at most, and is followed by another one.
MOST_REQUESTS = {"sim": 40_000_000, "emu": 100_000_000, "cpu": 100_000_000}
QUICK = {"sim": 20000, "emu": 200, "cpu": 500}  # requests of the run that says how long it takes


def links(pid):
    """Where the process's descriptors lead."""
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        try:
            yield os.readlink(f"/proc/{pid}/fd/{descriptor}")
        except FileNotFoundError:  # closed meanwhile
            pass


def sample(pid, place):
    # A long run keeps times in one file without a name, from some request on.
    open_files = list(links(pid))
    unnamed = sum(link.endswith(" (deleted)") for link in open_files)
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        fields = dict(line.split(":", 1) for line in status if ":" in line)
    return {"resident": int(fields["VmRSS"].split()[0]) * 1024, "threads": int(fields["Threads"]),
            "descriptors": len(open_files) - min(unnamed, 1),
            "files": sum(len(files) for _, _, files in os.walk(place.root))}


def watch(process, place):
    """Samples until it ends, ten a second."""
    samples = []
    while process.poll() is None:
        try:
            samples.append(sample(process.pid, place))
        except (FileNotFoundError, ProcessLookupError, KeyError):
            break
        time.sleep(0.1)
    return samples


def start(swaplab, place, kind, requests):
    return place.start(swaplab, box.Case(kind, f"{RUNS[kind]} --requests {requests}"))


def requests_for(swaplab, place, kind, seconds):
    took = []
    for requests in (QUICK[kind] // 10, QUICK[kind]):
        begin = time.monotonic()
        process = start(swaplab, place, kind, requests)
        out, err = process.communicate()
        if process.returncode != 0 and not out:
            sys.exit(f"soak: {kind} ends with {process.returncode}: {err.decode()}")
        took.append(time.monotonic() - begin)
    # Starting takes its time, not always the same: at least a tenth of the longer run is work.
    more = max(took[1] - took[0], took[1] / 10)
    per_request = more / (QUICK[kind] - QUICK[kind] // 10)
    return max(QUICK[kind], round(seconds / per_request))


def soak(args, prepared, kind):
    place = box.Sandbox(prepared)
    faults, end = [], time.monotonic() + args.seconds
    requests = requests_for(args.swaplab, place, kind, args.seconds)
    while not faults and requests > 0:
        some = min(requests, MOST_REQUESTS[kind])
        faults = soak_once(args, place, kind, some)
        requests = requests - some if time.monotonic() < end else 0
    place.remove()
    return faults


def soak_once(args, place, kind, requests):
    begin = time.monotonic()
    process = start(args.swaplab, place, kind, requests)
    # Somebody reads what it says: outputs of many requests are more than a pipe holds.
    said = []
    reader = threading.Thread(target=lambda: said.extend(process.communicate()))
    reader.start()
    samples = watch(process, place)
    reader.join()
    if process.returncode != 0 and not said[0]:  # an emulated run may be late, and says so
        print(f"{kind}: {requests} requests: ends with {process.returncode}: {said[1].decode()}")
        return ["exit code"]
    return judged(kind, requests, time.monotonic() - begin, samples)


def judged(kind, requests, took, samples):
    steady = samples[len(samples) // 3:-1] or samples
    grown = {what: max(s[what] for s in steady[len(steady) // 2:]) -
             max(s[what] for s in steady[:len(steady) // 2 + 1]) for what in steady[0]}
    faults = [f"{what} grew by {n}" for what, n in grown.items()
              if n > (MOST_GROWTH if what == "resident" else 0)]
    most = {what: max(s[what] for s in samples) for what in samples[0]}
    print(f"{kind}: {requests} requests in {took:.1f} s, {len(samples)} samples; at most "
          f"{most['resident'] / MIB:.1f} MiB, {most['threads']} threads, {most['descriptors']} "
          f"descriptors, {most['files']} files; memory grew by {grown['resident'] / 1024:.0f} KiB "
          f"({', '.join(faults) or 'flat'})", flush=True)
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("swaplab")
    parser.add_argument("--write-model")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", choices=RUNS)
    args = parser.parse_args()
    prepared = box.prepare(args.swaplab, args.write_model)
    failed = False
    for kind in RUNS:
        if args.only not in (None, kind):
            continue
        if kind == "cpu" and not args.write_model:
            print("cpu: skipped: built without LibTorch")
            continue
        failed |= bool(soak(args, prepared, kind))
    shutil.rmtree(prepared)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
