#!/usr/bin/env python3
"""TorchScript files, damaged: whole bytes, and what lies inside the archive.

usage: tests/faults/scripts.py SWAPLAB --write-model PROGRAM [--count N] [--seed S] [-j N]

Each is packed. The program must end in 10 s, with an exit code of FORMATS and a sentence, and leave
the file, foreign files and half-made folders alone. Prints the seed, counts, and keeps what failed.
"""

import argparse
import collections
import concurrent.futures
import io
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile

import sandbox as box

ALLOWED = {0, 1, 2, 77}
PACK = box.Case("script", "pack IN/model.pt -o OUT/pack --json", ["pack"], exact=False)
WORDS = [b"\x00", b"\xff\xff\xff\xff", b"aten::", b"return", b"self", b"torch.", b"-1", b"[", b")",
         b"9223372036854775807", b"1e308", b"while True:\n", b"None"]


def edited(content, rng):
    """Bytes cut, doubled, replaced; words put between them."""
    content = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        at, size = rng.randint(0, len(content)), rng.randint(1, 40)
        edit = rng.randrange(5)
        if edit == 0:
            content[at:at + size] = b""
        elif edit == 1:
            content[at:at] = content[at:at + size]
        elif edit == 2:
            content[at:at] = rng.choice(WORDS)
        elif edit == 3 and at < len(content):
            content[at] = rng.randrange(256)
        elif edit == 4 and rng.random() < 0.3:
            content = content[:at]
    return bytes(content)


def with_edited_entry(script, rng):
    """The archive with one of its files changed; checksums hold, so that readers are reached."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(script)) as old, zipfile.ZipFile(result, "w") as new:
        names = old.namelist()
        code = [name for name in names if "/code/" in name or name.endswith((".pkl", "/version"))]
        chosen = rng.choice(code if rng.random() < 0.8 else names)
        for name in names:
            if name == chosen and rng.random() < 0.1:
                continue
            content = old.read(name)
            new.writestr(name, edited(content, rng) if name == chosen else content)
    return result.getvalue()


def fault_of(ended, place):
    if ended.hung:
        return "takes longer than 10 s"
    if ended.code not in ALLOWED:
        return f"ends with {ended.code}"
    if ended.code and ended.outputs:
        return f"fails and leaves {sorted(ended.outputs)[0]}"
    return box.touched(place, ended) or box.badly_said(ended)


def damage(args, scripts, kept, number):
    rng = random.Random(f"{args.seed}-{number}")
    script = rng.choice(scripts)
    inputs = pathlib.Path(tempfile.mkdtemp(prefix="swaplab-script-"))
    mutate = edited if rng.random() < 0.25 else with_edited_entry
    (inputs / "model.pt").write_bytes(mutate(script, rng))
    place = box.Sandbox(inputs)
    ended = place.run(args.swaplab, PACK)
    fault = fault_of(ended, place)
    if fault:
        target = kept / f"{args.seed}-{number}.pt"
        shutil.copy(inputs / "model.pt", target)
        last = (ended.err.strip().splitlines() or [""])[-1][:200]
        print(f"FAULT {fault} [{last}]\n  {args.swaplab} pack {target} -o somewhere", flush=True)
    place.remove()
    shutil.rmtree(inputs)
    return "hung" if ended.hung else ended.code, bool(fault)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("swaplab")
    parser.add_argument("--write-model", required=True)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--keep", default="swaplab-scripts")
    parser.add_argument("-j", type=int, default=2)
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    kept = pathlib.Path(args.keep).absolute()
    kept.mkdir(exist_ok=True)
    scripts = []
    for name in ("cnn", "transformer", "tied", "branch"):
        path = kept / f"{name}.pt"
        if subprocess.run([args.write_model, name, str(path)], capture_output=True).returncode == 0:
            scripts.append(path.read_bytes())
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        ended = list(pool.map(lambda n: damage(args, scripts, kept, n), range(args.count)))
    codes = collections.Counter(code for code, _ in ended)
    faults = sum(fault for _, fault in ended)
    print(f"{len(ended)} scripts, of which {codes[0]} were packed; " +
          ", ".join(f"{code}: {n}" for code, n in sorted(codes.items(), key=str)))
    print(f"{faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
