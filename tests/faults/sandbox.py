"""A folder in which a command runs, and what must hold of it afterwards."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

HANG_SECONDS = 10.0
PARTIAL = re.compile(r"\.swaplab-partial$|\.partial-")
NEVER_SAID = ("internal error", "std::", "terminate called", "Assertion", "AddressSanitizer",
              "runtime error", "check failed")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def snapshot(folder):
    """Digests of all files below the folder, and None for whatever else lies there."""
    return {str(path.relative_to(folder)): digest(path) if path.is_file() else None
            for path in sorted(folder.rglob("*")) if not path.is_dir()}


def index_of_pack(content):
    """What LibTorch executed with, as an index.json says it; and the rest, without the digests of
    what it computed, which belong to that."""
    index = json.loads(content)
    environment = index.pop("environment", None)
    for output in index.get("expected", []):
        output.pop("digest", None)
    return environment, json.dumps(index)


class Case:
    """A command: words in which IN/ and OUT/ stand for folders, and the outputs that it makes.

    exact: the same bytes every time, so that what was made under a fault can be compared; but for
    `index`, an index.json that may name another environment (what LibTorch finds out about the
    machine can fail) and then has other digests.
    """

    def __init__(self, name, words, outputs=(), exact=True, seconds=HANG_SECONDS, index=None):
        self.name, self.words, self.outputs = name, words.split(), tuple(outputs)
        self.exact, self.seconds, self.index = exact, seconds, index


class Ended:
    """How a command ended, and what lies in its folders."""

    def __init__(self, code, out, err, sandbox, index=None):
        self.code, self.out, self.err = code, out, err
        self.hung = code is None
        index = sandbox.outputs / index if index else None
        self.index = index_of_pack(index.read_text()) if index and index.is_file() else None
        self.inputs = snapshot(sandbox.inputs)
        self.outputs = snapshot(sandbox.outputs)
        self.elsewhere = snapshot(sandbox.elsewhere)


class Sandbox:
    """Inputs, an empty folder for outputs, and one that nothing should be written to."""

    def __init__(self, prepared):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="swaplab-faults-"))
        self.inputs, self.outputs = self.root / "in", self.root / "out"
        self.elsewhere = self.root / "elsewhere"
        shutil.copytree(prepared, self.inputs)
        self.elsewhere.mkdir()
        (self.elsewhere / "foreign.json").write_text("{}\n")
        self.clear()
        self.before = snapshot(self.inputs)
        self.untouched = snapshot(self.elsewhere)

    def clear(self):
        shutil.rmtree(self.outputs, ignore_errors=True)
        self.outputs.mkdir()

    def command(self, swaplab, case):
        places = (("IN/", f"{self.inputs}/"), ("OUT/", f"{self.outputs}/"))
        words = []
        for word in case.words:
            for sign, place in places:
                word = word.replace(sign, place)
            words.append(word)
        return [swaplab, *words]

    def environment(self, extra=()):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("SWAPLAB_")}
        return {**kept, "HOME": str(self.elsewhere), "TMPDIR": str(self.elsewhere),
                "XDG_CACHE_HOME": str(self.inputs / "cache"), **dict(extra)}

    def start(self, swaplab, case, extra=()):
        return subprocess.Popen(self.command(swaplab, case), cwd=self.elsewhere,
                                env=self.environment(extra), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                start_new_session=True)

    def run(self, swaplab, case, extra=()):
        with self.start(swaplab, case, extra) as process:
            return self.ended(process, case.seconds, case.index)

    def ended(self, process, seconds, index=None):
        code = None
        try:
            out, err = process.communicate(timeout=seconds)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
        return Ended(code, out, err.decode("utf-8", "replace"), self, index)

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)


def remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def partials(names):
    return [name for name in names if PARTIAL.search(name) or any(
        PARTIAL.search(part) for part in pathlib.PurePath(name).parts)]


def elsewhere_computed(ended, whole):
    """The index of the pack names another environment, and differs in what belongs to it only."""
    return (ended.index is not None and whole.index is not None and
            ended.index[0] != whole.index[0] and ended.index[1] == whole.index[1])


def broken_files(case, ended, whole):
    """What is wrong with the files: `whole` is the Ended of an undisturbed run."""
    for name, content in ended.outputs.items():
        if partials([name]):
            continue
        if name not in whole.outputs:
            return f"{name} was made and is no output"
        if case.exact and content != whole.outputs[name]:
            if name == case.index and elsewhere_computed(ended, whole):
                continue
            return f"{name} is half-written"
    made = {pathlib.PurePath(name).parts[0] for name in ended.outputs if not partials([name])}
    for top in made:  # of a folder all or nothing
        lacking = [name for name in whole.outputs
                   if pathlib.PurePath(name).parts[0] == top and name not in ended.outputs]
        if lacking:
            return f"{lacking[0]} is missing in what was put in place"
    return None


def touched(sandbox, ended):
    if {name: value for name, value in ended.inputs.items() if not name.startswith("cache/")} != {
            name: value for name, value in sandbox.before.items() if not name.startswith("cache/")}:
        changed = {name for name in set(ended.inputs) ^ set(sandbox.before)} or {
            name for name in ended.inputs if ended.inputs[name] != sandbox.before.get(name)}
        return f"an input changed: {sorted(changed)[:3]}"
    if ended.elsewhere != sandbox.untouched:
        return f"touched elsewhere: {sorted(set(ended.elsewhere) ^ set(sandbox.untouched))[:3]}"
    return None


def badly_said(ended):
    """A failure says why, in a sentence of its own."""
    for word in NEVER_SAID:
        if word in ended.err:
            return f"says '{word}'"
    if ended.code in (1, 2, 77) and not (ended.err.strip() or ended.out.strip()):
        return f"ends with {ended.code} and says nothing"
    return None


MODEL = {"schema": "swaplab/model/1", "name": "small", "input_bytes": 4096, "layers": [
    {"name": f"l{i}", "op": "linear", "parameter_bytes": 49152 + 4096 * i, "parameter_tensors": 2,
     "macs": 100000, "output_bytes": 4096} for i in range(8)]}
DEVICE = {"schema": "swaplab/device/1", "name": "plain", "compute": "cpu",
          "memory": {"capacity_bytes": 1 << 30, "unified": True},
          "read": {"ns_per_byte": 1.0, "ns_per_request": 2000, "request_bytes": 65536,
                   "concurrency": [1.0, 1.5]},
          "assemble": {"ns_per_tensor": 2000}, "release": {"ns_per_tensor": 500},
          "execute": {"*": {"ns_per_flop": 0.5, "ns_per_layer": 2000}},
          "power": {"idle_w": 2.0, "execute_w": 3.0}}


def prepare(swaplab, write_model=None):
    """A folder of inputs: a model, a device, measurements, a log, a pack, a pack that executes."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="swaplab-inputs-"))
    (folder / "model.json").write_text(json.dumps(MODEL))
    (folder / "device.json").write_text(json.dumps(DEVICE))

    def run(*words):
        subprocess.run([swaplab, *words], cwd=folder, check=True, capture_output=True,
                       env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")})
    run("pack", "model.json", "--synthetic", "-o", "pack")
    run("profile", "--backend", "sim", "-m", "model.json", "-d", "device.json", "-o", "m.csv",
        "--time-limit", "200ms")
    run("run", "-m", str(folder / "model.json"), "-d", str(folder / "device.json"), "-p", "swapnet",
        "-b", "2x", "--requests", "3", "--decisions", "log.jsonl")
    if write_model:
        subprocess.run([write_model, "cnn", str(folder / "model.pt")], check=True,
                       capture_output=True)
        run("pack", "model.pt", "-o", "real")
    return folder
