#!/usr/bin/env python3
"""Digests of what swaplab prints and writes: tests/digests/digests.py build/release/swaplab

Runs the commands of commands.txt on frozen models and devices (tests/frozen) and compares exit
codes, outputs and files with numbers.txt and texts.txt. Exit code 1: something is different; which
command, and what of it, is printed. README.md says what to do then. Python 3.8 or newer.
"""
import argparse
import concurrent.futures
import difflib
import fnmatch
import hashlib
import math
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
KINDS = ("numbers", "texts")
MOST_SECONDS = 120  # of one command, under sanitizers too
MOST_LINES = 40  # of one difference
LOCAL = ("noise", "fit")  # groups whose numbers depend on the math library or on Eigen's products

# Of the caller's environment only what a sanitizer or an unusual library path needs.
PASSED_ON = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH")


class Case:
    """One line of the list: its name, and the steps that share a folder."""

    def __init__(self, line):
        self.name, *text = line.strip().split(None, 1)
        self.text = "".join(text)
        steps = re.split(r"\s&&\s", re.sub(r"@([md])/([\w.-]+)", expanded, self.text))
        self.steps = [shlex.split(step.replace("@f/", "tests/frozen/")) for step in steps]

    def group(self):
        return self.name.split(".")[0]


def expanded(match):
    folder = {"m": "models", "d": "devices"}[match.group(1)]
    return f"tests/frozen/{folder}/{match.group(2)}.json"


def cases():
    """The list in its order; a name stands once."""
    listed = {}
    with open(os.path.join(HERE, "commands.txt"), encoding="utf-8") as lines:
        for line in lines:
            if not line.strip() or line.startswith("#"):
                continue
            case = Case(line)
            if case.name in listed:
                sys.exit(f"digests: commands.txt: {case.name} stands twice")
            listed[case.name] = case
    return list(listed.values())


def run_step(program, words, folder):
    """(exit code, standard output, standard error) of one command, or of `copy FROM TO`.

    `program` is the executable, behind the words of its emulator if it has one.
    """
    if words[:1] == ["copy"]:
        shutil.copyfile(os.path.join(folder, words[1]), os.path.join(folder, words[2]))
        return 0, b"", b""
    environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
    environment.update({"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": folder, "TMPDIR": folder})
    try:
        done = subprocess.run(["swaplab", *program[1:], *words], executable=program[0],
                              cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        return "timeout", b"", b""
    return done.returncode, done.stdout, done.stderr


def outputs_of(program, case):
    """(exit codes, parts by name): each part is ("numbers" or "texts", its bytes).

    A folder of its own, in which tests/ leads to the repository, is where the steps run: paths in
    messages are the same everywhere, and files land in out/.
    """
    with tempfile.TemporaryDirectory(prefix="swaplab-digests-") as folder:
        os.symlink(os.path.join(ROOT, "tests"), os.path.join(folder, "tests"))
        out = os.path.join(folder, "out")
        os.mkdir(out)
        codes, parts = [], {}
        for number, words in enumerate(case.steps, 1):
            code, printed, messages = run_step(program, words, folder)
            if words[:1] != ["copy"]:
                codes.append(str(code))
            mark = f".{number}" if number > 1 else ""
            kind = "numbers" if printed.startswith(b"{") else "texts"
            parts["stdout" + mark] = (kind, printed)
            parts["stderr" + mark] = ("texts", messages)
        for name in sorted(os.listdir(out)):
            with open(os.path.join(out, name), "rb") as file:
                parts[name] = ("texts" if name.endswith(".svg") else "numbers", file.read())
    return "+".join(codes), {name: (kind, compared(name, content))
                             for name, (kind, content) in parts.items() if content}


def without_certificates(document):
    """The bytes of a JSON document but for the values of its members named "certificate"."""
    kept, begin = [], 0
    for member in re.finditer(rb'"certificate": \{', document):
        if member.start() < begin:
            continue
        kept.append(document[begin:member.end() - 1])
        begin = end_of_object(document, member.end() - 1)
    return b"".join(kept) + document[begin:]


def end_of_object(document, begin):
    """Where the object that begins there has ended."""
    depth = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[{}]', document[begin:]):
        depth += {b"{": 1, b"}": -1}.get(token.group(), 0)
        if depth == 0:
            return begin + token.end()
    return len(document)


def blanked(members, document):
    pattern = rb'"(%s)": "(?:[^"\\]|\\.)*"' % b"|".join(members)
    return re.sub(pattern, rb'"\1": ""', document)


def compared(name, content):
    """What is compared of a part: not who made it with which version from which files."""
    if name.startswith("stdout") and content.startswith(b"{"):
        return blanked([b"command", b"version"], without_certificates(content))
    if name.endswith(".jsonl"):
        return blanked([b"version", b"hash", b"digest"], content)
    return content


def digest(content):
    return hashlib.sha256(content).hexdigest()[:16]


def entries(result):
    """The line of one command in numbers.txt, and that in texts.txt, without its name."""
    code, parts = result
    lines = {}
    for kind in KINDS:
        digests = [f"{name}:{digest(content)}" for name, (of, content) in parts.items()
                   if of == kind]
        lines[kind] = " ".join([code, *digests])
    return lines


def probe():
    """Where this is the same, so are noisy runs: they draw with log1p, exp, log, cos and sqrt."""
    results = [float(i).hex() for i in range(2)]
    for i in range(1, 4001):
        x = math.fmod(i * math.pi * 1e-3, 1.0) + i * 1e-9
        for f in (math.log1p, math.exp, math.log, math.sqrt):
            results.append(f(x).hex())
        results.append(math.cos(2 * math.pi * x).hex())
    return f"{platform.machine()} {digest(' '.join(results).encode())}"


def path_of(kind):
    return os.path.join(HERE, f"{kind}.txt")


def recorded(kind):
    """(the probe, lines by name) of numbers.txt or texts.txt."""
    known, of_probe = {}, None
    if os.path.exists(path_of(kind)):
        with open(path_of(kind), encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("# probe: "):
                    of_probe = line[len("# probe: "):].strip()
                elif not line.startswith("#"):
                    name, entry = line.rstrip("\n").split(" ", 1)
                    known[name] = entry
    return of_probe, known


def write(kind, why, lines):
    with open(path_of(kind), "w", encoding="utf-8") as file:
        file.write(f"# ID EXIT-CODES PART:DIGEST... of {kind}; made by digests.py --update\n")
        file.write(f"# why: {why}\n")
        if kind == "numbers":
            file.write(f"# probe: {probe()}\n")
        for name, entry in lines.items():
            file.write(f"{name} {entry}\n")


def everything(program, chosen, jobs):
    """(results by name, seconds by name)."""
    def timed(case):
        begin = time.monotonic()
        result = outputs_of(program, case)
        return result, time.monotonic() - begin

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        done = list(pool.map(timed, chosen))
    return ({case.name: result for case, (result, _) in zip(chosen, done)},
            {case.name: seconds for case, (_, seconds) in zip(chosen, done)})


def differing(before, now):
    """The words of two entries that differ, by what they are of: {"exit code": ("0", "1")}."""
    def by_part(entry):
        code, *digests = entry.split(" ")
        parts = dict(word.split(":") for word in digests)
        return {"exit code": code, **parts}

    old, new = by_part(before), by_part(now)
    return {part: (old.get(part, "nothing"), new.get(part, "nothing"))
            for part in [*old, *(p for p in new if p not in old)] if old.get(part) != new.get(part)}


def check(chosen, results):
    """Prints what is not as recorded; the number of commands of which that is so."""
    wrong = set()
    for kind in KINDS:
        known = recorded(kind)[1]
        for case in chosen:
            entry = entries(results[case.name])[kind]
            if case.name not in known:
                wrong.add(case.name)
                print(f"{kind}  {case.name}: not recorded")
                continue
            for part, (old, new) in differing(known[case.name], entry).items():
                wrong.add(case.name)
                print(f"{kind}  {case.name}: {part}: {old} -> {new}")
        for name in known.keys() - {case.name for case in cases()}:
            wrong.add(name)
            print(f"{kind}  {name}: recorded, but not in the list")
    return len(wrong)


def update(results, why):
    for kind in KINDS:
        known = recorded(kind)[1]
        lines = {name: entries(result)[kind] for name, result in results.items()}
        changed = sum(known.get(name) != entry for name, entry in lines.items())
        gone = len(known.keys() - lines.keys())
        print(f"{kind}: {changed} of {len(lines)} are new or different, {gone} are gone")
        if changed or gone:
            write(kind, why, lines)


def shown_lines(content):
    try:
        return content.decode().splitlines()
    except UnicodeDecodeError:
        return [f"{len(content)} bytes, not text: sha256 {digest(content)}"]


def show(program, case):
    print(f"{case.name}: {case.text}")
    code, parts = outputs_of(program, case)
    print(f"exit code {code}")
    for name, (kind, content) in parts.items():
        print(f"--- {name} ({kind}, {digest(content)})")
        print("\n".join(shown_lines(content)))
    return 0


def against(chosen, results, other_results):
    """Prints what two executables do differently; the number of commands."""
    count = 0
    for case in chosen:
        (code, parts), (other_code, others) = results[case.name], other_results[case.name]
        if (code, parts) == (other_code, others):
            continue
        count += 1
        print(f"=== {case.name}: {case.text}")
        if code != other_code:
            print(f"exit code {other_code} -> {code}")
        for name in [*others, *(part for part in parts if part not in others)]:
            _, old = others.get(name, ("", b""))
            _, new = parts.get(name, ("", b""))
            lines = list(difflib.unified_diff(shown_lines(old), shown_lines(new), f"other {name}",
                                              name, lineterm="", n=1))
            print("\n".join(lines[:MOST_LINES]))
            if len(lines) > MOST_LINES:
                print(f"... {len(lines) - MOST_LINES} more lines")
            elif not lines and old != new:
                print(f"{name}: only the ends of lines differ")
    return count


def without_local_ones(chosen, emulated):
    """The commands whose digests mean something here; of an emulated machine there is no probe."""
    known = recorded("numbers")[0]
    here = "an emulator" if emulated else probe()
    if known is None or known == here:
        return chosen
    left = [case for case in chosen if case.group() not in LOCAL]
    if len(left) < len(chosen):
        print(f"{len(chosen) - len(left)} commands of {' and '.join(LOCAL)} are skipped: another "
              f"math library or machine ({known} recorded, {here} here)")
    return left


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("executable", help="the swaplab to run")
    parser.add_argument("only", nargs="*", metavar="PATTERN",
                        help="only commands with such a name: 'swapnet.*' (default: all)")
    parser.add_argument("-j", type=int, default=os.cpu_count(), metavar="N",
                        help="so many at once (default: one per core)")
    parser.add_argument("--update", action="store_true",
                        help="take what comes out now as what has to come out; needs --why")
    parser.add_argument("--why", help="the reason, which stands in the files from then on")
    parser.add_argument("--show", metavar="ID", help="what is compared of one command")
    parser.add_argument("--against", metavar="EXECUTABLE",
                        help="instead of the digests, another swaplab: prints how they differ")
    parser.add_argument("--with", dest="emulator", type=shlex.split, default=[], metavar="WORDS",
                        help="what runs the executable (not that of --against): "
                             "'qemu-aarch64-static -L ROOT'")
    parser.add_argument("--times", action="store_true", help="print the slowest commands, too")
    given = parser.parse_intermixed_args()
    if given.update and (not given.why or given.only or given.against or given.emulator):
        parser.error("--update is of all commands, of this machine, and says --why")
    return given


def selected(patterns):
    chosen = [case for case in cases()
              if not patterns or any(fnmatch.fnmatch(case.name, p) for p in patterns)]
    if not chosen:
        sys.exit("digests: no such command in commands.txt")
    return chosen


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `--show ID | head` is no error
    given = arguments()
    program = [*given.emulator, os.path.abspath(given.executable)]
    if given.show:
        return show(program, selected([given.show])[0])
    chosen = selected(given.only)
    if not given.update and not given.against:
        chosen = without_local_ones(chosen, given.emulator)
    begin = time.monotonic()
    results, seconds = everything(program, chosen, given.j)
    taken = time.monotonic() - begin
    if given.times:
        for name in sorted(seconds, key=seconds.get, reverse=True)[:25]:
            print(f"{seconds[name]:7.2f} s  {name}")
    if given.update:
        update(results, given.why)
        return 0
    if given.against:
        other = everything([os.path.abspath(given.against)], chosen, given.j)[0]
        wrong = against(chosen, results, other)
    else:
        wrong = check(chosen, results)
    verdict = f"{wrong} differ (README.md beside this says what to do)" if wrong else "all the same"
    print(f"{len(chosen)} commands in {taken:.1f} s: {verdict}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
