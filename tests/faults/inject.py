#!/usr/bin/env python3
"""Calls of the system fail, one at a time, under real commands.

usage: tests/faults/inject.py SWAPLAB INJECTOR.so [--write-model PROGRAM] [--count N] [--seed S]
                              [--only CASE] [-j N]

Counts the calls that a command makes, then runs it again and again with one of them failing. It
must end in less than 10 s (30 s with LibTorch) with an exit code of FORMATS, say why, leave inputs
and foreign files alone and no output half-written or half-made behind. Prints the seed, counts, and
a command for each fault.
"""

import argparse
import collections
import concurrent.futures
import errno
import random
import re
import shlex
import shutil
import sys

import sandbox as box
from cases import cases

ALLOWED = {0, 1, 2, 3, 77}
ACTIONS = {
    "open": [errno.EACCES, errno.EMFILE, errno.ENOENT], "read": [errno.EIO, errno.EINTR, "short"],
    "write": [errno.ENOSPC, errno.EIO, errno.EINTR, "short"], "sync": [errno.EIO, errno.ENOSPC],
    "rename": [errno.EXDEV, errno.ENOSPC], "make": [errno.ENOSPC, errno.EACCES],
    "remove": [errno.EACCES], "stat": [errno.EACCES], "truncate": [errno.ENOSPC],
    "map": [errno.ENOMEM], "advise": [errno.EINVAL], "thread": [errno.EAGAIN],
    "memory": [errno.ENOMEM], "large": [errno.ENOMEM], "ring": [errno.ENOSYS, errno.EAGAIN],
    "completion": [errno.EIO, errno.EAGAIN, errno.EINTR, "short"]}
UNNOTICED = {str(errno.EINTR), "short"}  # calls that are asked again
GOES_ON = {"read", "write", "open", "map", "thread", "memory", "large", "ring",
           "completion"}  # also: all calls that follow


def counted(swaplab, injector, case, place):
    """The undisturbed run, and how many calls of each kind it makes."""
    log = place.root / "calls"
    whole = place.run(swaplab, case, {"LD_PRELOAD": injector, "FAULTS_LOG": str(log)}.items())
    if whole.hung:
        sys.exit(f"inject: {case.name} takes longer than {case.seconds} s undisturbed")
    calls = dict(line.split() for line in log.read_text().splitlines())
    return whole, {kind: int(number) for kind, number in calls.items() if kind in ACTIONS}


def plans_of(calls, count, rng):
    """At most `count` plans, spread over kinds and actions: the first call, the last, others."""
    lists = []
    for kind, number in calls.items():
        for action in ACTIONS[kind] if number else []:
            numbers = {1, number, *(rng.randint(1, number) for _ in range(count))}
            order = sorted(numbers)
            rng.shuffle(order)
            some = [f"{kind}:{at}:{at}:{action}" for at in order]
            if kind in GOES_ON and action not in ("short", errno.EINTR):
                some.insert(1, f"{kind}:{rng.randint(1, number)}:0:{action}")
            lists.append(some)
    rng.shuffle(lists)
    plans = []
    while len(plans) < count and any(lists):
        plans += [some.pop(0) for some in lists if some]
    return plans[:count]


# Frames that say nothing of who did it: the C and C++ runtimes, the loader, the injector.
RUNTIME = re.compile(r"^(libc|libm|libstdc\+\+|libgcc_s|ld-linux.*|libpthread|libdl|linux-vdso|"
                     r"libswaplab_injector|\?)(\.so.*|-.*)?(:throws)?$")
OURS = re.compile(r"^swaplab")


def innermost(line):
    """The first file on the stack that is no runtime's."""
    return next((file for file in line.split()[1:] if not RUNTIME.match(file)), None)


def library_that_died(ended, trace):
    """The library in which the process died of a signal, if the call that failed (the last one) had
    been made by a library, too: neither frame is ours, and nobody could have caught it."""
    if ended.code is None or ended.code >= 0 or not trace.exists():
        return None
    lines = trace.read_text().splitlines()
    if [line.split()[0] for line in lines] != ["failed", "died"]:
        return None
    called, died = map(innermost, lines)
    if ":throws" in lines[1] and any(OURS.match(file) for file in lines[1].split()[1:]):
        return None  # nobody caught it, and we could have
    if called is None or died is None or OURS.match(called) or OURS.match(died):
        return None
    return died


def fault_of(case, plan, ended, whole, place, library):
    if library:  # as after SIGKILL: something may be left, nothing half-made
        return box.touched(place, ended) or box.broken_files(case, ended, whole)
    if ended.hung:
        return f"takes longer than {case.seconds:.0f} s"
    if ended.code not in ALLOWED:
        return f"ends with {ended.code}"
    if plan.split(":")[3] in UNNOTICED and ended.code != whole.code:
        return f"ends with {ended.code} where a call is only to be asked again"
    fault = box.touched(place, ended) or box.badly_said(ended)
    fault = fault or box.broken_files(case, ended, whole)
    if fault:
        return fault
    left = box.partials(list(ended.outputs))
    if left and not plan.startswith("remove"):
        return f"leaves {left[0]} behind"
    if ended.code == whole.code and case.exact and ended.out != whole.out:
        return "prints something else and says that all is well"
    if ended.code == 0 and any(name not in ended.outputs for name in whole.outputs):
        return "lacks an output and says that all is well"
    return None


class Tally:
    def __init__(self):
        self.codes = collections.Counter()
        self.kinds = collections.Counter()
        self.libraries = collections.defaultdict(list)  # that died, and of what kind of call: plans
        self.environments = 0  # packs that name another one
        self.faults = []


def disturb(args, case, prepared, count, rng):
    """All injections into one command."""
    tally, place = Tally(), box.Sandbox(prepared)
    whole, calls = counted(args.swaplab, args.injector, case, place)
    if whole.code not in (0, 1, 77):
        tally.faults.append((case, "-", f"undisturbed it ends with {whole.code}: {whole.err}"))
        return case, tally
    for plan in plans_of(calls, count, rng):
        place.clear()
        trace = place.root / "trace"
        trace.unlink(missing_ok=True)
        ended = place.run(args.swaplab, case,
                          {"LD_PRELOAD": args.injector, "FAULTS_PLAN": plan,
                           "FAULTS_TRACE": str(trace)}.items())
        library = library_that_died(ended, trace)
        fault = fault_of(case, plan, ended, whole, place, library)
        tally.codes["fault" if fault else "library" if library else ended.code] += 1
        tally.environments += box.elsewhere_computed(ended, whole)
        if library and not fault:
            tally.libraries[f"{library} ({plan.split(':')[0]})"].append(f"{case.name} {plan}")
        tally.kinds[plan.split(":")[0]] += 1
        if fault:
            last = ended.err.strip().splitlines()[-1:] or [""]
            stacks = trace.read_text() if trace.exists() else ""
            tally.faults.append((case, plan, f"{fault} [{last[0][:160]}]\n{stacks[:1000]}"))
            place.remove()
            place = box.Sandbox(prepared)
            whole, _ = counted(args.swaplab, args.injector, case, place)
    place.remove()
    return case, tally


def report(results, args):
    kinds, libraries = collections.Counter(), collections.defaultdict(list)
    for case, tally in results:
        kinds.update(tally.kinds)
        for library, plans in tally.libraries.items():
            libraries[library] += plans
        print(f"{case.name:12} {sum(tally.codes.values()):6}  " +
              "  ".join(f"{code}: {n}" for code, n in sorted(tally.codes.items(), key=str)))
    print("by kind:", ", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items())))
    for library, plans in sorted(libraries.items()):
        print(f"died inside of {library}: {len(plans)}, as in {plans[0]}")
    if environments := sum(tally.environments for _, tally in results):
        print(f"packs that name the other environment that LibTorch found: {environments}")
    faults = [fault for _, tally in results for fault in tally.faults]
    for case, plan, what in faults:
        print(f"FAULT {case.name}: {plan}: {what}\n  FAULTS_PLAN={plan} LD_PRELOAD={args.injector} "
              f"{args.swaplab} {shlex.join(case.words)}")
    print(f"{sum(kinds.values())} injections, {len(faults)} faults, "
          f"{sum(map(len, libraries.values()))} deaths inside of libraries")
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("swaplab")
    parser.add_argument("injector")
    parser.add_argument("--write-model")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--only")
    parser.add_argument("-j", type=int, default=2)
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    prepared = box.prepare(args.swaplab, args.write_model)
    chosen = [case for case in cases(args.write_model) if args.only in (None, case.name)]
    each = -(-args.count // len(chosen))
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        jobs = [pool.submit(disturb, args, case, prepared, each,
                            random.Random(f"{args.seed}{case.name}")) for case in chosen]
        results = [job.result() for job in jobs]
    shutil.rmtree(prepared)
    return report(results, args)


if __name__ == "__main__":
    sys.exit(main())
