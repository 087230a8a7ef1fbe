#!/usr/bin/env python3
"""The page, the schemas and the program held to each other: tests/formats/check_schemas.py SWAPLAB

Validates the repository's own files, everything built in, and what some fifty commands print and
write against profiles/schemas/; changes valid documents in every place and sees to it that the
schemas refuse them, and the program where it reads them; and tries the examples of
profiles/FORMATS.md. Takes the path of a built swaplab. Exit code 1: something does not hold; 77:
Python's jsonschema or yaml is missing. Python 3.8 or newer.
"""
import collections
import copy
import csv
import glob
import io
import json
import os
import re
import subprocess
import sys
import tempfile

SKIPPED = 77
try:
    import jsonschema
    import yaml
    from jsonschema import Draft202012Validator
except ImportError:
    print("skipped: needs python3-jsonschema >= 4 and python3-yaml")
    sys.exit(SKIPPED)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "profiles", "FORMATS.md")
SCHEMAS = os.path.join(ROOT, "profiles", "schemas")
LAYERS = ("profiles", "policies", "sim", "emu", "hw", "experiments")
SUFFIX = ".schema.json"

# Formats that are read: the keys that a reader insists on, wherever they stand. Of those that are
# only written, the keys that are not always there.
REQUIRED = {
    "model-1": {"schema", "name", "layers", "parameter_bytes"},
    "device-1": {"schema", "name", "compute", "memory", "capacity_bytes", "unified",
                 "correlation_ns"},
    "experiment-1": {"schema", "models", "devices", "policies", "budgets", "name", "from", "to",
                     "steps"},
    "pack-1": {"schema", "model", "alignment_bytes", "layers", "dtype", "shape", "seed", "digest",
               "name", "offset_bytes", "stored_bytes", "crc32", "tensors", "size_bytes", "slot"},
    "decisions-2": {"decisions", "verdict", "t_ns", "event", "observation", "commands", "schema", "backend", "models",
                    "device", "policy", "account", "dispatch", "budget_bytes",
                    "budget_may_change", "deployment", "spec", "name", "hash", "arrivals",
                    "completions", "memory_in_use_bytes", "job", "request", "at_ns", "ticket",
                    "verb", "block", "start_ns", "end_ns", "lane", "after", "cancelled"},
    "cut-1": {"schema", "steps", "layers", "floating", "name", "step", "operator"},
}
OPTIONAL = {
    "comparison-1": {"leads", "replications"},
    "result-2": {"replications", "evidence", "emulation", "extrapolated", "adopted", "kept",
                 "dropped", "aborted", "overrun",
                 "first_token_ns", "full_memory_valid", "conditions", "duration_ns", "process",
                 "sources"},
    "requests-1": {"first_block", "last_block", "prompt_tokens", "output_tokens"},
    "result-1": {"reason"},
    "plan-1": {"kept", "extrapolated", "slots", "conditions"},
    "validation-1": {"interrupted", "failure", "late_runs", "lateness", "time_scale"},
    "list": {"models", "devices", "policies"},
    "trace-events": {"cat", "s", "bp", "args", "pass", "bytes"},
}
# Keys of a decision log that are required beside another one only.
SOMETIMES = {"arrivals": "completions", "budget_bytes": "deployment", "at_ns": "job"}
# Objects whose keys are free: any may be missing.
FREE_MAPS = {"anchors", "conditions", "coefficients", "execute_by_dtype", "fit", "hull", "left_out",
             "parameters", "lateness_ns", "args"}

# Keys of outputs that no command below brings about: they need a model in LibTorch, a run that gets
# stuck or is interrupted, a late emulation, a failing measurement.
NOT_SEEN = {
    "result-2": {"frozen_latency_ns", "slowdown_frozen", "frozen_outputs_equal",
                 "frozen_largest_difference", "frozen_largest_output", "requests_asked"},
    "result-1": {"reason", "requests_asked", "frozen_latency_ns", "slowdown_frozen",
                 "frozen_outputs_equal", "frozen_largest_difference", "frozen_largest_output",
                 "replications", "count", "latency_half_width_95_ns", "latency_mean_ns",
                 "measured_lower_bound_ns", "measured_lower_bound_of", "evidence", "emulation",
                 "extrapolated", "first_token_ns", "next_token_ns", "adopted", "request", "row",
                 "need_bytes"},
    "validation-1": {"frozen_latency_ns", "slowdown_frozen", "frozen_outputs_equal",
                     "frozen_largest_difference", "frozen_largest_output", "interrupted",
                     "failure", "late_runs", "lateness", "time_scale"},
}
EMULATED = {"evidence", "emulation", "measured_lower_bound_ns", "measured_lower_bound_of",
            "conditions"}


class Failures:
    def __init__(self):
        self.messages = []
        self.checked = 0

    def expect(self, holds, message):
        self.checked += 1
        if not holds:
            self.messages.append(message)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


# --- The schemas ---------------------------------------------------------------------------------

def absolute(schema, base):
    """With references from the root: not every version resolves '#/...' below an urn."""
    if isinstance(schema, list):
        return [absolute(item, base) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: base + value if key == "$ref" and value.startswith("#") else absolute(value, base)
            for key, value in schema.items()}


def is_integer(_, value):
    """5.0 is an integer to JSON Schema, and is none to swaplab, which reads and writes 5."""
    return isinstance(value, int) and not isinstance(value, bool)


class Schemas:
    def __init__(self):
        self.raw = {}
        for path in sorted(glob.glob(os.path.join(SCHEMAS, "**", "*" + SUFFIX), recursive=True)):
            self.raw[os.path.basename(path)[:-len(SUFFIX)]] = json.loads(read(path))
        full = {name: absolute(schema, schema["$id"]) for name, schema in self.raw.items()}
        store = {schema["$id"]: schema for schema in full.values()}
        checker = Draft202012Validator.TYPE_CHECKER.redefine("integer", is_integer)
        strict = jsonschema.validators.extend(Draft202012Validator, type_checker=checker)
        self.validators = {name: strict(schema, **self.resolving(schema, store))
                           for name, schema in full.items()}

    @staticmethod
    def resolving(schema, store):
        try:
            import referencing
            from referencing.jsonschema import DRAFT202012
        except ImportError:
            return {"resolver": jsonschema.RefResolver.from_schema(schema, store=store)}
        resources = [(uri, DRAFT202012.create_resource(each)) for uri, each in store.items()]
        return {"registry": referencing.Registry().with_resources(resources)}

    def refuses(self, name, document):
        return not self.validators[name].is_valid(document)

    def refusal(self, name, document):
        """What the schema says against the document, '' if nothing."""
        if not self.refuses(name, document):
            return ""
        error = jsonschema.exceptions.best_match(self.validators[name].iter_errors(document))
        where = "/".join(str(step) for step in error.absolute_path)
        return f"{where or 'the document'}: {error.message[:300]}"


def file_name(schema_name):
    """'swaplab/model/1' -> 'model-1'."""
    return "-".join(schema_name.split("/")[1:])


def names_in_sources():
    pattern = re.compile(r"swaplab/[a-z]+/\d+")
    names = set()
    for layer in LAYERS:
        for folder, _, files in os.walk(os.path.join(ROOT, layer)):
            for file in files:
                if file.endswith((".cpp", ".h", ".py", ".json", ".yaml")) and \
                        not file.endswith(SUFFIX):
                    names.update(pattern.findall(read(os.path.join(folder, file))))
    return names


def check_schemas(schemas, failures):
    for name, schema in schemas.raw.items():
        try:
            Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            failures.expect(False, f"{name}: no schema of draft 2020-12: {error.message}")
        urn = "urn:swaplab:schema:" + re.sub(r"-(\d+)$", r":\1", name)
        failures.expect(schema.get("$id") == urn, f"{name}: expected the $id {urn}")
        failures.expect(schema.get("$schema", "").endswith("2020-12/schema"),
                        f"{name}: expected draft 2020-12")
    in_sources = {file_name(name) for name in names_in_sources()}
    for name in in_sources - set(schemas.raw):
        failures.expect(False, f"the sources name {name}, which has no schema")
    for name in set(schemas.raw) - in_sources:
        failures.expect(not re.search(r"-\d+$", name), f"no source names {name}")


# --- The page ------------------------------------------------------------------------------------

def blocks_of(page):
    """The examples: language, content and the line each begins on."""
    blocks, language = [], None
    for number, line in enumerate(page.splitlines(), 1):
        if language is None and line.startswith("```") and len(line) > 3:
            language, first, lines = line[3:], number, []
        elif language is not None and line.startswith("```"):
            blocks.append((language, "\n".join(lines) + "\n", first))
            language = None
        elif language is not None:
            lines.append(line)
    return blocks


def schema_of(document):
    """The schema that a document of the page or of the program says it is of."""
    if "schema" in document:
        return file_name(document["schema"])
    if "observation" in document:
        return "decisions-2"
    if "point" in document:
        return "records-1"
    return "trace-events" if "traceEvents" in document else "list"


def keys_of(schema):
    """All keys that the schema knows by name."""
    if isinstance(schema, list):
        return set().union(*(keys_of(item) for item in schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    keys = set()
    for key, value in schema.items():
        if key == "properties":
            keys.update(value)
            keys |= keys_of(list(value.values()))
        else:
            keys |= keys_of(value)
    return keys


def check_page(page, schemas, failures):
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    code = " ".join(re.findall(r"`[^`\n]+`", page)) + " ".join(b[1] for b in blocks_of(page))
    words = set(re.findall(r"[$*\w-]+", code))
    for name, schema in schemas.raw.items():
        for cited in re.findall("FORMATS" r": ([^.\"]*)\.", json.dumps(schema)):
            failures.expect(cited in headings, f"{name}: FORMATS.md has no heading '{cited}'")
        for key in sorted(keys_of(schema) - words) if name != "trace-events" else []:
            failures.expect(False, f"FORMATS.md does not name the key '{key}' of {name}")


# --- The program ---------------------------------------------------------------------------------

class Program:
    """swaplab in a folder of its own, without what the environment says."""

    def __init__(self, executable, folder):
        self.executable = executable
        self.folder = folder
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith("SWAPLAB_")}

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, arguments):
        return subprocess.run([self.executable, *arguments], cwd=self.folder, text=True,
                              env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class Documents:
    """What was seen to be valid, and which keys came up, by schema."""

    def __init__(self, schemas, failures):
        self.schemas, self.failures = schemas, failures
        self.of = collections.defaultdict(list)
        self.keys = collections.defaultdict(set)

    def add(self, name, document, origin):
        if name not in self.schemas.raw:
            self.failures.expect(False, f"{origin}: no schema {name}")
            return
        refusal = self.schemas.refusal(name, document)
        self.failures.expect(not refusal, f"{origin} against {name}: {refusal}")
        self.of[name].append(document)
        self.see(name, document)

    def see(self, name, value):
        for each in value if isinstance(value, list) else []:
            self.see(name, each)
        for key, each in value.items() if isinstance(value, dict) else []:
            # A result in a comparison, or a certificate in a plan, is as good as by itself.
            self.keys[name].add(key)
            self.see(name, each)


def check_own_files(documents):
    for path in sorted(glob.glob(os.path.join(ROOT, "profiles", "devices", "*.json"))):
        documents.add("device-1", json.loads(read(path)), os.path.relpath(path, ROOT))
    for path in sorted(glob.glob(os.path.join(ROOT, "experiments", "*.yaml"))):
        documents.add("experiment-1", yaml.safe_load(read(path)), os.path.relpath(path, ROOT))


# Inputs that the page has no example of, or that are only names for what it has.
NOISY = ["--noise", "--seed", "3", "--replications", "3"]
EMU = ["--backend", "emu", "--pack-cache", "packs", "--lateness", "1000s", "--time-scale", "4"]
ON_BOARD = ["-m", "model.json", "-d", "device.json"]
ON_NX = ["-m", "resnet101", "-d", "jetson-xavier-nx"]
TWO = ["-m", "resnet101:weight=2", "-m", "vgg19:deadline=3s", "-d", "jetson-orin-nano:mode=15W"]

# Arguments, without --json, and the exit code.
COMMANDS = [
    ("list", 0),
    ("list models", 0),
    ("list devices", 0),
    ("list policies", 0),
    ("reproduce", 0),
    ("reproduce all", 0),
    (["run", *ON_NX, "-p", "swapnet", "-b", "0.5x"], 0),
    (["run", *ON_NX, "-p", "direct"], 0),
    (["run", *ON_NX, "-p", "swapnet:keep=auto", "-b", "0.7x", "--mode", "stream"], 0),
    (["run", *ON_NX, "-p", "swapnet", "-b", "1MiB"], 3),
    (["run", "-m", "resnet101:period=33ms,deadline=50ms", *ON_NX[2:], "-p", "on-demand", "-b",
      "min", "--requests", "5"], 0),
    (["run", *ON_NX, "-p", "pipeload", "-b", "0.5x", "--requests", "4", "--mode", "stream",
      *NOISY], 0),
    (["run", "-m", "gpt2-medium:tokens=4", "-d", "jetson-orin-nano", "-p", "pipeswitch", "-b",
      "1.2x"], 0),
    (["run", *TWO, "-p", "swapnet:allocator=minmax", "-b", "0.9x", "--dispatch", "edf"], 0),
    (["run", *TWO[:4], "-d", "jetson-orin-nano:memory=staged", "-p",
      "demand-layering:pipeline=sync", "-b", "3.0x", "--account", "parameters", "--dispatch",
      "round-robin:quantum=2"], 0),
    (["run", "-m", "resnet101:period=20ms,deadline=50ms", *ON_NX[2:], "-p", "on-demand", "-b",
      "0.5x", "--requests", "4", "--overrun", "abort"], 0),
    (["run", "-m", "resnet101:period=20ms", *ON_NX[2:], "-p", "on-demand", "-b", "0.5x",
      "--requests", "4", "--overrun", "queue:1"], 0),
    (["run", *ON_NX, "-p", "standard-swap", "-b", "min", "--swap-path", "standard"], 0),
    (["run", "-m", "resnet101", "-d", "jetson-orin-nano:memory=managed-attach", "-p", "on-demand",
      "-b", "min"], 0),
    (["run", "-m", "vgg19:dtype=float16,batch=2", "-d", "jetson-agx-orin:mode=30W", "-p", "swapnet",
      "-b", "1.0x"], 0),
    (["run", "-m", "vit-base", "-d", "raspberry-pi-5", "-p", "load-all", "-b", "1.1x"], 0),
    (["run", "-m", "model.json", "-m", "model.json", "-d", "device.json", "-p", "on-demand", "-b",
      "1.1x", "--arrivals", "two.csv"], 0),
    (["run", *ON_NX, "-p", "on-demand", "-b", "min", "--arrivals", "poisson:rate=9/s", "--duration",
      "1s", "--source", "resnet101:period=200ms,deadline=90ms"], 0),
    (["run", *ON_NX, "-p", "on-demand", "-b", "min", "--arrivals", "closed:clients=2,think=9ms",
      "--duration", "1s"], 0),
    (["run", *ON_BOARD, "-p", "swapnet", "-b", "80000000", "--requests", "4", "--budget-trace",
      "budgets.csv"], 0),
    (["run", *ON_BOARD, "-p", "swapnet", "-b", "80000000", "--requests", "4", "--budget-trace",
      "falls.csv"], 1),
    (["run", *ON_BOARD, "-p", "on-demand", "-b", "min", "--requests", "2", "--mode-trace",
      "modes.csv"], 0),
    (["run", "-m", "model.json", "-d", "fitted.json", "-p", "on-demand", "-b", "1.1x"], 0),
    (["run", *ON_BOARD, "-p", "on-demand", "-b", "min", *EMU], 0),
    (["run", *ON_NX, "-p", "swapnet", "-b", "0.5x", "--schema", "1"], 0),
    (["run", *ON_NX, "-p", "swapnet", "-b", "1MiB", "--schema", "1"], 3),
    (["compare", *ON_NX, "-p", "swapnet", "-b", "0.5x", "--schema", "1"], 0),
    (["compare", *ON_NX, "-p", "direct", "-p", "swapnet", "-p", "load-all", "-b",
      "min,0.5x,1.0x"], 0),
    (["compare", *ON_NX, "-p", "swapnet", "-b", "1KiB,2KiB"], 3),
    (["compare", *ON_NX, "-p", "swapnet", "-p", "pipeload", "-b", "0.5x", *NOISY], 0),
    (["compare", *ON_NX, "-p", "swapnet", "-p", "pipeload", "--knee", "1%"], 0),
    (["plan", *ON_NX, "-p", "swapnet", "-b", "0.5x"], 0),
    (["plan", *ON_NX, "-p", "direct"], 0),
    (["plan", *ON_NX, "-p", "pipeload:keep=auto", "-b", "0.7x"], 0),
    (["plan", *ON_NX, "-p", "swapnet", "-b", "1MiB"], 3),
    (["plan", *ON_NX, "-p", "demand-layering:pipeline=sync", "-b", "0.9x", "--swap-path",
      "staged"], 0),
    (["plan", *TWO, "-p", "pipeload", "-b", "0.9x"], 0),
    (["plan", "-m", "model.json", "-d", "fitted.json", "-p", "load-all", "-b", "1.1x"], 0),
    (["plan", *ON_NX, "-p", "swapnet", "--table"], 0),
    (["validate", "-m", "vgg19", *ON_NX[2:], "-p", "swapnet", "-p", "demand-layering", "-b",
      "0.5x,0.9x,1.1x", "--repeats", "1", "--against", "sim"], 0),
    (["validate", *ON_NX, "-p", "on-demand", "-p", "load-all", "-b", "1.1x", "--repeats", "3",
      "--noise", "--against", "sim"], 0),
    (["validate", *ON_NX, "-p", "swapnet", "-b", "1KiB", "--repeats", "1", "--against", "sim"], 3),
    (["validate", *ON_NX, "-p", "swapnet", "-b", "0.5x", "--repeats", "2", "--against", "sim",
      "--gate", "median=0%,worst=0%,bytes=1,order=1"], 0),
    (["profile", *ON_NX, "--backend", "sim", "--time-limit", "2s", "-o", "nx.csv"], 0),
    ("fit nx.csv -o nx.json", 0),
    (["run", "-m", "divided.json", "-d", "device.json", "-p", "on-demand", "-b", "min"], 0),
    (["plan", "-m", "divided.json", "-d", "device.json", "-p", "swapnet", "-b", "min"], 0),
    (["run", "-m", "tied.json", "-d", "device.json", "-p", "on-demand", "-b", "min"], 0),
    (["run", "-m", "tied.json", "-d", "device.json", "-p", "pipeload", "-b", "min", *EMU], 0),
    (["run", "-m", "tied.json", "-d", "device.json", "-p", "pipeload", "-b", "min", "--arrivals",
      "token-counts.csv"], 0),
    (["run", "-m", "divided.json", "-d", "device.json", "-p", "on-demand", "-b", "min", *EMU], 0),
    ("pack model.json --synthetic -o pack", 0),
    ("replay log.jsonl", 0),
    ("replay changed.jsonl", 1),
    ("sweep swept.yaml -o swept --jobs 2", 0),
    ("status swept", 0),
]

# With a policy that one of the devices does not allow.
SWEPT = """\
schema: swaplab/experiment/1
models: [resnet101]
devices: [jetson-orin-nano, "jetson-orin-nano:memory=staged"]
policies: [pipeload, swapnet]
budgets: [1KiB, 1.1x]
noise: true
seeds: [1, 2]
"""


def with_log(program, arguments):
    """A run that leaves log.jsonl behind."""
    done = program.run([*arguments, "--decisions", "log.jsonl", "--json"])
    return done, [json.loads(line) for line in read(program.path("log.jsonl")).splitlines()]


# Runs whose decision logs have all that a log may hold.
LOGGED = [
    ["run", *TWO, "-p", "swapnet", "-b", "0.9x", "--requests", "2"],
    ["run", "-m", "resnet101:period=20ms,deadline=50ms", *ON_NX[2:], "-p", "on-demand", "-b",
     "0.5x", "--requests", "4", "--overrun", "abort"],
    ["run", *ON_NX, "-p", "standard-swap", "-b", "min", "--swap-path", "standard"],
    ["run", "-m", "gpt2-medium:tokens=3", "-d", "jetson-orin-nano", "-p", "pipeload", "-b", "0.6x"],
    ["run", *ON_BOARD, "-p", "swapnet", "-b", "80000000", "--requests", "4", "--budget-trace",
     "budgets.csv"],
    ["run", *ON_BOARD, "-p", "on-demand", "-b", "min", "--requests", "2", "--mode-trace",
     "modes.csv"],
]


def check_outputs(program, documents, failures):
    for arguments in LOGGED:
        done, lines = with_log(program, arguments)
        failures.expect(done.returncode == 0, f"{arguments}: {done.stderr}")
        for number, line in enumerate(lines, 1):
            documents.add("decisions-2", line, f"line {number} of the log of {arguments}")
    log = read(program.path("log.jsonl"))
    write(program.path("changed.jsonl"), log.replace('"event": "arrival"', '"event": "budget"', 1))

    write(program.path("swept.yaml"), SWEPT)
    seen = set()
    for arguments, code in COMMANDS:
        words = arguments.split() if isinstance(arguments, str) else arguments
        done = program.run([*words, "--json"])
        if done.returncode == SKIPPED:
            print(f"left out: {' '.join(words)}: {done.stderr.strip()}")
            continue
        failures.expect(done.returncode == code,
                        f"{' '.join(words)}: exit code {done.returncode}, expected {code}: "
                        f"{done.stderr}")
        try:
            document = json.loads(done.stdout)
        except ValueError:
            failures.expect(False, f"{' '.join(words)}: no JSON: {done.stdout[:200]}")
            continue
        name = "publications" if "publications" in document and "schema" not in document \
            else schema_of(document)
        seen.add(name)
        documents.add(name, document, " ".join(words))
    check_shown(program, documents, failures)
    check_files(program, documents, failures)
    covered = seen | {"records-1", "decisions-1", "decisions-2", "model-1", "device-1", "experiment-1", "pack-1", "cut-1",
                      "policy", "trace-events", "requests-1"}
    for name in sorted(set(documents.schemas.raw) - covered):
        failures.expect(False, f"no command here prints {name}")


def check_shown(program, documents, failures):
    listed = json.loads(program.run(["list", "--json"]).stdout)
    for kind, names in (("model", "models"), ("device", "devices"), ("policy", "policies")):
        for each in listed[names]:
            done = program.run(["show", kind, each["name"], "--json"])
            failures.expect(done.returncode == 0, f"show {kind} {each['name']}: {done.stderr}")
            documents.add("policy" if kind == "policy" else kind + "-1", json.loads(done.stdout),
                          f"show {kind} {each['name']}")


def check_files(program, documents, failures):
    """What commands leave behind."""
    documents.add("device-1", json.loads(read(program.path("nx.json"))), "fit -o")
    for line in read(program.path("swept/1-of-1.records")).splitlines():
        length, _, payload = line.split(" ", 2)
        failures.expect(int(length, 16) == len(payload.encode()), f"a record of {length}")
        documents.add("records-1", json.loads(payload), "sweep -o")
    documents.add("pack-1", json.loads(read(program.path("pack/index.json"))), "pack")
    documents.add("model-1", json.loads(read(program.path("pack/model.json"))), "pack")
    for arguments in (["-m", "resnet101:deadline=1ms", "-m", "resnet101", *ON_NX[2:], "-p",
                       "pipeload", "-b", "0.9x"],
                      ["-m", "gpt2-medium:tokens=2", *ON_NX[2:], "-p", "swapnet", "-b", "0.5x",
                       "--trace-window", "..90ms"]):
        done = program.run(["run", *arguments, "--trace", "t.json"])
        failures.expect(done.returncode == 0, f"run --trace: {done.stderr}")
        documents.add("trace-events", json.loads(read(program.path("t.json"))), "run --trace")
    for arguments in (["-m", "resnet101:deadline=1ms", "-m", "resnet101", *ON_NX[2:], "-p",
                       "pipeload", "-b", "0.9x"],
                      ["-m", "tied.json", "-d", "device.json", "-p", "pipeload", "-b", "min",
                       "--arrivals", "token-counts.csv"]):
        done = program.run(["run", *arguments, "--requests-out", "requests.json"])
        failures.expect(done.returncode == 0, f"run --requests-out: {done.stderr}")
        documents.add("requests-1", json.loads(read(program.path("requests.json"))),
                      "run --requests-out")


def check_seen(documents, emulated, failures):
    """A schema must not promise what the program does not print."""
    for name in OPTIONAL.keys() | documents.of.keys():
        if name in REQUIRED:
            continue
        schema = documents.schemas.raw[name]
        unseen = keys_of(schema) - documents.keys[name] - NOT_SEEN.get(name, set())
        if name == "result-2":
            unseen -= set() if emulated else EMULATED | keys_of(schema["$defs"]["evidence"]) | \
                keys_of(schema["$defs"]["emulation"])
        failures.expect(not unseen, f"{name}: no output here has {', '.join(sorted(unseen))}")


# Who knows whole layers only.
UNSUPPORTED = [
    "run -m divided.json -d device.json -p on-demand -b 1.1x --backend cpu",
    "run -m divided.json -d device.json -p on-demand -b 1.1x --backend emu --execute torch",
    "profile -m divided.json -d device.json --backend sim -o divided.csv",
    "fit measured.csv -o divided-device.json --layers divided.json",
]


def check_divided(program, failures):
    """What cannot be done with a divided layer says so, and everything else names its parts."""
    for command in UNSUPPORTED:
        done = program.run(command.split())
        failures.expect(done.returncode == 77 and 'layer "fc1" of divided-net is divided into 4' in
                        done.stderr, f"{command}: {done.returncode}, {done.stderr}")
    done = program.run(["plan", "-m", "divided.json", "-d", "device.json", "-p", "on-demand", "-b",
                        "min", "--json"])
    blocks = [(b["first"], b["last"]) for b in json.loads(done.stdout)["jobs"][0]["blocks"]]
    names = [*(f"fc1[{part}/4]" for part in range(1, 5)), "fc2"]
    failures.expect(blocks == [(name, name) for name in names], f"plan of divided.json: {blocks}")
    shown = program.run(["show", "model", "divided.json"]).stdout
    failures.expect("1 layer, into 4 units" in shown, f"show of divided.json: {shown}")


# --- Planted mistakes ----------------------------------------------------------------------------

def places(document, path=()):
    """Paths of all values below the root; of a list the first item of each shape."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield path + (key,)
            yield from places(value, path + (key,))
    elif isinstance(document, list):
        shapes = set()
        for index, value in enumerate(document):
            shape = tuple(sorted(value)) if isinstance(value, dict) else type(value)
            if shape in shapes:
                continue
            shapes.add(shape)
            yield path + (index,)
            yield from places(value, path + (index,))


def value_at(document, path):
    for step in path:
        document = document[step]
    return document


def changed(document, path, change):
    """A copy with change(container, last step) applied."""
    result = copy.deepcopy(document)
    change(value_at(result, path[:-1]), path[-1])
    return result


def put(value):
    def change(container, step):
        container[step] = value
    return change


def remove(container, step):
    del container[step]


def is_extra(path):
    return any(isinstance(step, str) and step.startswith("x-") for step in path)


def is_required(name, document, path):
    key = path[-1]
    if not isinstance(key, str) or (len(path) > 1 and path[-2] in FREE_MAPS):
        return False
    if name not in REQUIRED:
        return key not in OPTIONAL.get(name, set())
    if name == "decisions-2" and key in SOMETIMES:
        return SOMETIMES[key] in value_at(document, path[:-1])
    return key in REQUIRED[name]


def mistakes(name, document):
    """(what, wrong document): an unknown key, a wrong type and a missing key in every place."""
    for path in [(), *places(document)]:
        if is_extra(path):
            continue
        where = "/".join(str(step) for step in path) or "the root"
        value = value_at(document, path)
        if isinstance(value, dict):
            yield f"an unknown key in {where}", changed(document, path + ("no-such-key",),
                                                        put({"no": {}}))
        if not path:
            continue
        wrong = 7 if isinstance(value, dict) else {"wrong": {}}
        yield f"a wrong type of {where}", changed(document, path, put(wrong))
        if is_required(name, document, path):
            yield f"{where} missing", changed(document, path, remove)


def check_mistakes(documents, failures):
    for name, all_of in sorted(documents.of.items()):
        # The first of each set of keys: all kinds of lines, results and plans; each mistake once.
        kinds = {}
        for document in sorted(all_of, key=lambda each: len(json.dumps(each))):
            kinds.setdefault(tuple(sorted(keys_in(document))), document)
        made = set()
        for document in kinds.values():
            small = shortened(document)
            failures.expect(not documents.schemas.refusal(name, small),
                            f"{name}: shortened: {documents.schemas.refusal(name, small)}")
            for what, wrong in mistakes(name, small):
                mistake = (re.sub(r"\d+", "*", what), tuple(sorted(small)))
                if mistake in made:
                    continue
                made.add(mistake)
                failures.expect(documents.schemas.refuses(name, wrong),
                                f"{name} does not refuse {what}")


def shortened(document):
    """With one item of each shape in every list of objects or lists."""
    if isinstance(document, dict):
        return {key: shortened(value) for key, value in document.items()}
    if not isinstance(document, list):
        return document
    shapes = {}
    for item in document:
        shape = tuple(sorted(keys_in(item))) if isinstance(item, (dict, list)) else len(shapes)
        shapes.setdefault((type(item), shape), item)
    return [shortened(item) for item in shapes.values()]


def keys_in(document):
    if not isinstance(document, (dict, list)):
        return set()
    if isinstance(document, list):
        return set().union(*map(keys_in, document)) if document else set()
    return set(document) | keys_in(list(document.values()))


# --- The examples, as the program reads them -----------------------------------------------------

class Readers:
    """Whether the program takes a document of a format: True, or what it says against it."""

    def __init__(self, program):
        self.program = program

    def verdict(self, arguments):
        done = self.program.run([*arguments, "-q"])
        return True if done.returncode in (0, 1, 3) else done.stderr.strip()

    def model(self, document):
        write(self.program.path("tried.json"), json.dumps(document))
        return self.verdict(["show", "model", "tried.json", "--json"])

    def device(self, document):
        write(self.program.path("tried.json"), json.dumps(document))
        return self.verdict(["show", "device", "tried.json", "--json"])

    def experiment(self, document):
        write(self.program.path("tried.yaml"), yaml.safe_dump(document, sort_keys=False))
        return self.verdict(["validate", "tried.yaml", "--against", "sim", "--json"])

    def pack(self, document):
        write(self.program.path("pack/index.json"), json.dumps(document))
        return self.verdict(["show", "model", "pack", "--json"])

    def log(self, lines):
        write(self.program.path("tried.jsonl"),
              "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
        return self.verdict(["replay", "tried.jsonl", "--json"])


def check_reader(name, document, reads, schemas, failures):
    """The schema and the program must agree on the document and on every mistake in it."""
    document = {"$schema": "any.schema.json", **document}
    failures.expect(not schemas.refusal(name, document),
                    f"{name}: the example: {schemas.refusal(name, document)}")
    taken = reads(document)
    failures.expect(taken is True, f"{name}: the program refuses the example: {taken}")
    for what, wrong in mistakes(name, document):
        failures.expect(reads(wrong) is not True, f"{name}: the program does not refuse {what}")
    for path in places(document):
        value = value_at(document, path)
        if is_extra(path) or isinstance(value, (dict, list)):
            continue
        if isinstance(path[-1], str):
            without = changed(document, path, remove)
            agree(name, f"{path} left out", without, reads, schemas, failures)
        for other in others(value) if path[-1] not in DIVERGING else []:
            # That a name is known, and where a tensor lies, is for the program to say.
            both_ways = not isinstance(other, str) and (path[-1], other) != ("stored_bytes", 0)
            agree(name, f"{path} = {other!r}", changed(document, path, put(other)), reads, schemas,
                  failures, both_ways)


# What `replay` reads all the same, to call it a divergence.
DIVERGING = {"event", "digest"}


def others(value):
    if isinstance(value, str):
        return ("", "no-such-value")
    return () if value is None or isinstance(value, bool) else (-1, 0, 0.5, 1 << 63)


def agree(name, what, document, reads, schemas, failures, both_ways=True):
    """What the schema refuses the program must refuse; and, unless asked not to, the other way."""
    refused = schemas.refuses(name, document)
    taken = reads(document)
    if refused:
        failures.expect(taken is not True, f"{name}: the program takes {what}, the schema does not")
    elif both_ways:
        failures.expect(taken is True, f"{name}: the schema takes {what}, the program: {taken}")


def check_examples(page, program, schemas, failures):
    """The examples are files now, by the names with which the page calls them."""
    readers = Readers(program)
    logs = []
    for language, content, line in blocks_of(page):
        if language == "csv":
            check_csv(content, line, program, failures)
            continue
        document = yaml.safe_load(content) if language == "yaml" else json.loads(content)
        name = schema_of(document)
        refusal = schemas.refusal(name, document)
        failures.expect(not refusal, f"FORMATS.md:{line}: against {name}: {refusal}")
        if name == "decisions-2":
            logs.append(document)
        reads = {"model-1": readers.model, "device-1": readers.device,
                 "experiment-1": readers.experiment}.get(name)
        if reads is not None and document.get("name") != "least":
            check_reader(name, document, reads, schemas, failures)
    taken = readers.log(logs)
    failures.expect(taken is True, f"FORMATS.md: the program does not replay the log: {taken}")
    done = program.run(["replay", "tried.jsonl", "--json"])
    failures.expect(json.loads(done.stdout or "{}").get("divergence", "?") is None,
                    f"FORMATS.md: the log diverges (write it again: run -m model.json -d "
                    f"device.json -p load-all -b 1.1x --decisions): {done.stdout}{done.stderr}")
    check_reader("decisions-2", logs[1], lambda each: readers.log([logs[0], each]), schemas,
                 failures)
    check_old_log(logs[:2], readers, schemas, failures)
    index = json.loads(read(program.path("pack/index.json")))
    check_reader("pack-1", index, readers.pack, schemas, failures)
    write(program.path("pack/index.json"), json.dumps(index))


def check_old_log(logs, readers, schemas, failures):
    """Logs of version 1 have no last line; schema and program still take them."""
    first = changed(logs[0], ("observation", "schema"), put("swaplab/decisions/1"))
    for line in (first, logs[1]):
        refusal = schemas.refusal("decisions-1", line)
        failures.expect(not refusal, f"a log of version 1: {refusal}")
    failures.expect(schemas.refuses("decisions-1", logs[0]), "decisions-1 takes version 2")
    taken = readers.log([first, logs[1]])
    failures.expect(taken is True, f"a log of version 1: {taken}")


def check_csv(content, line, program, failures):
    """Inputs are tried; of outputs the program must write the same header."""
    rows = list(csv.reader(each for each in io.StringIO(content) if not each.startswith("#")))
    header = ",".join(rows[0])
    failures.expect(all(len(row) == len(rows[0]) for row in rows),
                    f"FORMATS.md:{line}: rows of different lengths")
    write(program.path("tried.csv"), content)
    run = ["run", *ON_BOARD, "-p", "swapnet", "-b", "80000000"]
    tied = ["run", "-m", "tied.json", "-d", "device.json", "-p", "swapnet", "-b", "80000000"]
    inputs = {"activity": ["fit", "tried.csv"],
              "model,arrival_ns,prompt": [*tied, "--arrivals", "tried.csv"],
              "model,arrival_ns": [*run, "--arrivals", "tried.csv"],
              "time_ns,budget": [*run, "--budget-trace", "tried.csv"],
              "time_ns,mode": [*run, "--mode-trace", "tried.csv"]}
    for beginning, arguments in inputs.items():
        if header.startswith(beginning):
            done = program.run(arguments)
            failures.expect(done.returncode == 0, f"FORMATS.md:{line}: {done.stderr}")
            return
    of = "validate" if "repeat" in rows[0] else "compare"
    more = ["--against", "sim", "--repeats", "1"] if of == "validate" else []
    program.run([of, *ON_BOARD, "-p", "on-demand", "-b", "1.1x", "--csv", "written.csv", *more])
    written = read(program.path("written.csv")).splitlines()[0]
    failures.expect(written == header, f"FORMATS.md:{line}: {of} --csv writes {written}")


def write_inputs(page, program, failures):
    """The page's examples under the names that the commands here and the page use."""
    names = {"activity,": "measured.csv", "model,arrival_ns,d": "arrivals.csv",
             "model,arrival_ns,p": "token-counts.csv", "time_ns,b": "budgets.csv",
             "time_ns,m": "modes.csv"}
    for language, content, _ in blocks_of(page):
        for beginning, name in names.items():
            if language == "csv" and "\n" + beginning in "\n" + content:
                write(program.path(name), content)
        if language != "json" or '"least"' in content:
            continue
        document = json.loads(content)
        for kind in ("model", "device"):
            if document.get("schema") == f"swaplab/{kind}/1":
                named = {"divided-net": "divided.json", "tied-net": "tied.json"}
                write(program.path(named.get(document["name"], f"{kind}.json")), content)
    write(program.path("two.csv"),
          "model,arrival_ns,deadline_ns\nsmall-net#1,0,50000000\nsmall-net#2,60000000,\n")
    write(program.path("falls.csv"), "time_ns,budget_bytes\n0,80000000\n60000000,1000\n")
    done = program.run(["fit", "measured.csv", "-o", "fitted.json"])
    failures.expect(done.returncode == 0, f"fit: {done.stderr}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    failures = Failures()
    schemas = Schemas()
    documents = Documents(schemas, failures)
    page = read(PAGE)
    with tempfile.TemporaryDirectory() as folder:
        program = Program(os.path.abspath(sys.argv[1]), folder)
        check_schemas(schemas, failures)
        check_page(page, schemas, failures)
        check_own_files(documents)
        write_inputs(page, program, failures)
        check_outputs(program, documents, failures)
        check_divided(program, failures)
        emulated = any("emulation" in each for each in documents.of["result-2"])
        check_seen(documents, emulated, failures)
        check_mistakes(documents, failures)
        check_examples(page, program, schemas, failures)
    for message in failures.messages[:60]:
        print(f"check_schemas: {message}", file=sys.stderr)
    print(f"{failures.checked} checks, {len(failures.messages)} failed")
    sys.exit(1 if failures.messages else 0)


if __name__ == "__main__":
    main()
