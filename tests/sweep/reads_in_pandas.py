#!/usr/bin/env python3
"""One experiment file, one command, one table that pandas reads as it is.

usage: reads_in_pandas.py SWAPLAB [STUDY.yaml]

Sweeps experiments/study.yaml (3 models, 2 devices, 4 policies, 12 budgets, 5 seeds) and a study of
everything that is odd about tables: a policy without budgets, budgets nothing fits, a model that
generates, several models at once, points that fail. Each is read by a bare pandas.read_csv: no
column may have mixed types or infinite figures, rows are told apart by the columns that say what
they are of, SQLite holds the same. Every cell of the study is what `swaplab compare` has for it.
Exit code 77: no pandas here.
"""
import os
import subprocess
import sys
import tempfile
import warnings

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PEERS = os.path.join(ROOT, "build", "peers", "bin", "python")

try:
    import pandas
except ImportError:
    if os.path.exists(PEERS) and os.path.realpath(sys.prefix) != os.path.realpath(
            os.path.dirname(os.path.dirname(PEERS))):
        os.execv(PEERS, [PEERS, *sys.argv])
    print("skipped: no pandas here (python3 -m venv build/peers && build/peers/bin/pip install "
          "pandas)")
    sys.exit(77)

import sqlite3  # noqa: E402

ODD = """\
schema: swaplab/experiment/1
models: [resnet101, "gpt2-medium:tokens=3"]
together: {together}
devices: [jetson-xavier-nx, "jetson-orin-nano:memory=staged"]
policies: [direct, swapnet, pipeload]
budgets: [1KiB, 0.9x]
workloads: [{mode: stream, requests: 2}, {requests: 1}]
noise: true
seeds: [1, 4294967295]
"""

# What tells points apart is always said: groupby leaves no row out.
TOLD_BY = ["model", "model_options", "dtype", "device", "mode", "memory_kind", "policy",
           "parameters", "budget", "account", "workload", "requests", "dispatch", "noise",
           "model_hash", "device_hash", "workload_hash", "policy_hash", "seed", "replication"]
WORDS = {"model", "model_options", "dtype", "device", "mode", "memory_kind", "policy",
         "parameters", "budget", "account", "workload", "dispatch", "model_hash", "device_hash",
         "workload_hash", "policy_hash", "point", "kind", "verdict", "reason", "lower_bound_of"}
FLAGS = {"noise", "measured_device"}
REALS = {"throughput_per_s", "slowdown", "deadline_miss_ratio", "energy_j"}

# Columns of `compare --csv` under other names.
RENAMED = {"models": "model", "mode": "workload"}


class Checks:
    def __init__(self, swaplab, folder):
        self.swaplab = swaplab
        self.folder = folder
        self.failures = 0

    def expect(self, holds, what):
        if not holds:
            self.failures += 1
            print("WRONG:", what)

    def run(self, *command):
        subprocess.run([self.swaplab, *command], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.folder, name)

    def swept(self, study):
        self.run("sweep", study, "-o", self.path("study"), "--csv", self.path("study.csv"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # pandas warns of mixed types
            return pandas.read_csv(self.path("study.csv"))

    def types(self, table):
        """As they should be, whatever the study; numbers with an absent one among them are
        float64 in a bare pandas, and exact."""
        nullable = pandas.read_csv(self.path("study.csv"), dtype_backend="numpy_nullable")
        for name in table.columns:
            bare, exact = table[name], nullable[name]
            if bare.isna().all():
                continue  # nothing there: it has no type
            kinds = {type(value) for value in bare.dropna()}
            self.expect(len(kinds) == 1, f"{name}: {kinds}")
            if name in WORDS:
                self.expect(kinds == {str}, f"{name}: {kinds}, not words")
            elif name in FLAGS:
                self.expect(bare.dtype == bool, f"{name}: {bare.dtype}")
            elif name in REALS:
                self.expect(bare.dtype == "float64", f"{name}: {bare.dtype}")
                self.expect((bare.dropna().abs() < 1e300).all(), f"{name}: not finite")
            else:
                wanted = "float64" if bare.isna().any() else "int64"
                self.expect(bare.dtype == wanted, f"{name}: {bare.dtype}, not {wanted}")
                self.expect(str(exact.dtype) == "Int64", f"{name}: {exact.dtype}, not Int64")
                self.expect((bare.dropna() == exact.dropna()).all(), f"{name}: not exact")

    def points(self, table):
        for name in TOLD_BY:
            self.expect(table[name].notna().all(), f"{name}: absent somewhere")
        self.expect(table["point"].is_unique, "a point twice")
        self.expect(not table.duplicated(TOLD_BY).any(), "rows that nothing tells apart")
        self.expect(table.groupby(TOLD_BY).size().sum() == len(table), "groups leave rows out")
        ran = table[table["verdict"].isin(["ok", "deadline-missed"])]
        self.expect(ran["latency_mean_ns"].notna().all(), "a run without latency")
        idle = table.drop(ran.index)
        self.expect(idle["latency_mean_ns"].isna().all(), "a latency of what did not run")
        self.expect(idle["reason"].notna().all(), "no reason for what did not run")

    def sqlite(self, table):
        self.run("merge", self.path("study"), "-o", self.path("study.sqlite"))
        with sqlite3.connect(self.path("study.sqlite")) as database:
            same = pandas.read_sql("SELECT * FROM points", database)
        self.expect(list(same.columns) == list(table.columns), "SQLite has other columns")
        for name in table.columns:
            mine, other = table[name], same[name]
            if name in FLAGS:
                mine = mine.map({True: "true", False: "false"})
            self.expect((mine.isna() == other.isna()).all(), f"{name}: SQLite lacks others")
            self.expect((mine.dropna() == other.dropna()).all(), f"{name}: SQLite has others")

    def compared(self, table):
        """Cells that are equal to those of `compare`; every one must be."""
        equal = 0
        # In the order of the sweep, so that -p and -b are asked for once.
        for (model, device, seed), points in table.groupby(["model", "device", "seed"]):
            out = self.path("compare.csv")
            policies = [word for policy in points["policy"].unique() for word in ("-p", policy)]
            self.run("compare", "-m", model, "-d", device, *policies, "-b",
                     ",".join(points["budget"].unique()), "--mode", points["workload"].iloc[0],
                     "--requests", str(points["requests"].iloc[0]), "--noise", "--seed", str(seed),
                     "--csv", out)
            cells = pandas.read_csv(out).drop(columns=["device"]).rename(columns=RENAMED)
            common = [name for name in cells.columns if name in table.columns]
            told = ["policy", "budget"]
            ours = points.set_index(told)[[n for n in common if n not in told]].sort_index()
            theirs = cells.set_index(told)[list(ours.columns)].sort_index()
            self.expect(len(ours) == len(theirs) and ours.index.equals(theirs.index),
                        f"{model} {device} {seed}: other cells")
            for name in ours.columns:
                a, b = ours[name], theirs[name]
                same = (a == b) | (a.isna() & b.isna())
                self.expect(same.all(), f"{model} {device} {seed}: {name}: {a[~same].head(1)} "
                                        f"in the sweep, {b[~same].head(1)} in compare")
            equal += len(ours)
        self.expect(equal == len(table), f"{equal} cells of {len(table)} compared")
        return equal, len(ours.columns)


def check(swaplab, name, study):
    with tempfile.TemporaryDirectory(prefix="swaplab-pandas-") as folder:
        checks = Checks(os.path.abspath(swaplab), folder)
        path = os.path.join(folder, "study.yaml")
        with open(path, "w") as file:
            file.write(study)
        table = checks.swept(path)
        checks.types(table)
        checks.points(table)
        checks.sqlite(table)
        print(f"pandas {pandas.__version__}: {name}: {len(table)} rows, {len(table.columns)} "
              f"columns, by verdict {table['verdict'].value_counts().to_dict()}")
        if name == "study":
            cells, columns = checks.compared(table)
            print(f"{cells} cells, {columns} columns each: compared with `compare`")
        return checks.failures


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    study = sys.argv[2] if len(sys.argv) == 3 else os.path.join(ROOT, "experiments", "study.yaml")
    with open(study) as file:
        studies = {"study": file.read()}
    for together in ("false", "true"):
        studies["together: " + together] = ODD.replace("{together}", together)
    return 1 if sum(check(sys.argv[1], *each) for each in studies.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
