#!/usr/bin/env python3
"""Fits execution on the Jetson AGX Orin (64 GB) per op class, power mode and dtype.

Data: agx_orin_subgraphs.csv, the sub-graphs of 15 models measured by branes-ai/graphs (MIT licence):
power_mode, precision, model, subgraph_id, op_type, flops, total_bytes, latency_ms_mean, ...
Every fit is made by `swaplab fit`; this script only prepares measurements and looks at models that
the fit has not seen.

usage: agx_orin.py SUBGRAPHS.csv [--swaplab PATH] [--device DEVICE.json]

Prints how far models that were held out (each of the 15 in turn) are off on 4-block cuts, and with
--device replaces the execution tables and the provenance of the fit in that device file.
"""
import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

OWN_MODE = "MAXN"
DTYPES = {"fp32": "", "fp16": "float16"}
REST = "*"

# The data name fused kinds, ours are op classes; what is fused with what shows in FLOPs and bytes.
# A depthwise 3x3 convolution has at most 2.25 FLOP a byte, a dense one rarely fewer than 3.
DENSE = 3.0
# What was not fused but has this many FLOP a byte is a matrix product.
PRODUCT = 5.0

# Classes that the data do not name take the row of their nearest kin.
KIN = {"matmul": "linear", "attention": "linear", "norm": "elementwise", "pool": "other",
       "embedding": "other"}
KIN_REASON = {
    "matmul": "as linear, which holds all matrix products of the data",
    "attention": "as linear: the data fuse attention with its projections",
    "norm": "as elementwise, among which the data's norms are",
    "pool": "as other: the data's maximum pools are among what only moves bytes",
    "embedding": "as other: moves bytes",
}


def op_class(row):
    """The op class of a sub-graph, or nothing for what feeds `*`."""
    kind, flops, size = row["op_type"], row["flops"], row["total_bytes"]
    intensity = flops / max(size, 1)
    if kind == "conv2d_batchnorm":
        return "conv2d" if intensity >= DENSE else "depthwise"
    if kind == "conv2d":  # below DENSE: a global average pool fused with a tiny convolution
        return "conv2d" if intensity >= DENSE else ""
    if kind == "matmul" or intensity >= PRODUCT:
        return "linear"
    if kind == "activation" or flops > 0:
        return "elementwise"
    return "other"  # moves bytes, or is a view and costs its dispatch


def read_rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for key in ("flops", "total_bytes", "subgraph_id"):
            row[key] = int(row[key])
        row["ns"] = float(row["latency_ms_mean"]) * 1e6
        row["op"] = op_class(row)
    return rows


def fit(swaplab, rows, classes=True):
    """The device that `swaplab fit` makes of these rows. Bytes of parameters and of activations are
    one number in the data, so they stand in one column."""
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "measurements.csv"
        device = pathlib.Path(folder) / "jetson-agx-orin.json"
        with open(table, "w", newline="", encoding="utf-8") as file:
            file.write("# compute: gpu\n")
            write = csv.writer(file, lineterminator="\n").writerow
            write("activity,op,label,layers,flops,activation_bytes,mode,dtype,duration_ns".split(","))
            for row in rows:
                write(["execute", row["op"] if classes else "",
                       f"{row['model']}/{row['subgraph_id']}", 1, row["flops"],
                       row["total_bytes"], row["power_mode"], DTYPES[row["precision"]],
                       f"{row['ns']:.0f}"])
        subprocess.run([swaplab, "fit", "-q", str(table), "-o", str(device), "--own-mode",
                        OWN_MODE], check=True, stdout=subprocess.DEVNULL)
        return json.loads(device.read_text(encoding="utf-8"))


def table_of(device, mode, dtype):
    owner = device
    if mode != OWN_MODE:
        owner = next(each for each in device["modes"] if each["name"] == mode)
    return owner["execute_by_dtype"][dtype] if dtype else owner["execute"]


def predict(table, row):
    line = table.get(row["op"] or REST, table[REST])
    return (line.get("ns_per_flop", 0) * row["flops"]
            + line.get("ns_per_activation_byte", 0) * row["total_bytes"]
            + line.get("ns_per_layer", 0))


def four_blocks(rows):
    """Contiguous blocks of about a quarter of the model's latency each."""
    whole = sum(row["ns"] for row in rows)
    blocks, passed = [[]], 0.0
    for row in rows:
        if len(blocks) < 4 and passed >= whole * len(blocks) / 4:
            blocks.append([])
        passed += row["ns"]
        blocks[-1].append(row)
    return blocks


def errors_of(swaplab, rows):
    """By held-out model: [(mode, precision, error by one line, by class, by class and anchor)]."""
    found = []
    for held in sorted({row["model"] for row in rows}):
        others = [row for row in rows if row["model"] != held]
        by_class, one_line = fit(swaplab, others), fit(swaplab, others, classes=False)
        for mode in sorted({row["power_mode"] for row in rows}):
            for precision, dtype in DTYPES.items():
                own = [row for row in rows if row["model"] == held and
                       row["power_mode"] == mode and row["precision"] == precision]
                own.sort(key=lambda row: row["subgraph_id"])
                lines = table_of(by_class, mode, dtype)
                line = table_of(one_line, mode, dtype)
                anchor = sum(row["ns"] for row in own) / sum(predict(lines, row) for row in own)
                for block in four_blocks(own):
                    took = sum(row["ns"] for row in block)
                    classed = sum(predict(lines, row) for row in block)
                    single = sum(predict(line, row) for row in block)
                    found.append({"model": held, "mode": mode, "precision": precision,
                                  "one line": abs(single / took - 1),
                                  "per class": abs(classed / took - 1),
                                  "with anchor": abs(anchor * classed / took - 1)})
    return found


KINDS = ("one line", "per class", "with anchor")


def medians(errors):
    return [statistics.median(error[kind] for error in errors) for kind in KINDS]


def print_table(errors):
    def line(name, chosen):
        print(f"{name:24}" + "".join(f"{value:12.1%}" for value in medians(chosen)))

    print("Median absolute error of latency on 4-block cuts, the model held out of the fit\n")
    print(f"{'':24}" + "".join(f"{kind:>12}" for kind in KINDS))
    for mode in sorted({error["mode"] for error in errors}):
        for precision in DTYPES:
            line(f"{mode} {precision}", [e for e in errors
                                         if (e["mode"], e["precision"]) == (mode, precision)])
    print()
    for model in sorted({error["model"] for error in errors}):
        line(model, [error for error in errors if error["model"] == model])
    print()
    line(f"all ({len(errors)} blocks)", errors)


def rounded(value):
    return float(f"{value:.5g}")


def finished(table):
    """A table for the device file: bytes are bytes, whatever they hold, and kin are filled in."""
    rows = {}
    for op in [REST] + sorted(set(table) - {REST}):
        row = {key: rounded(value) for key, value in table[op].items()}
        if "ns_per_activation_byte" in row:
            row = {"ns_per_byte": row["ns_per_activation_byte"], **row}
        rows[op] = row
    for op, kin in KIN.items():
        rows[op] = dict(rows[kin])
    return rows


def quality(fits):
    return {name: {"r2": rounded(q["r2"]), "loo_mape": rounded(q["loo_mape"]),
                   "samples": q["samples"], "residual_cv": rounded(q["residual_cv"]),
                   "hull": q["hull"]} for name, q in sorted(fits.items())}


def origins(table):
    for op, row in table.items():
        for key in row:
            if op in KIN:
                reason = KIN_REASON[op]
            else:
                reason = "fitted by experiments/fits/agx_orin.py, branes-ai/graphs (MIT), fp32, MAXN"
                if op == REST:
                    reason += ": global pools fused with a tiny convolution, the rest of the data"
                if key == "ns_per_byte":
                    reason += "; the data count bytes of parameters and activations together"
            yield f"execute.{op}.{key}", reason


def refresh(path, device, errors):
    """Puts the fitted tables into the device file, and nothing else."""
    document = json.loads(path.read_text(encoding="utf-8"))
    document["execute"] = finished(device["execute"])
    document["execute_by_dtype"] = {dtype: finished(table)
                                    for dtype, table in device["execute_by_dtype"].items()}
    fitted = {mode["name"]: mode for mode in device["modes"]}
    for mode in document["modes"]:
        if mode["name"] == OWN_MODE:
            continue
        source = fitted[mode["name"]]
        mode["execute"] = finished(source["execute"])
        mode["execute_by_dtype"] = {dtype: finished(table)
                                    for dtype, table in source["execute_by_dtype"].items()}
    provenance = document["provenance"]
    provenance["fit"] = quality(device["provenance"]["fit"])
    one, classed, anchored = medians(errors)
    provenance["coefficients"] = {
        key: value for key, value in provenance["coefficients"].items()
        if not key.startswith("execute")}
    provenance["coefficients"].update(origins(document["execute"]))
    provenance["coefficients"]["execute_by_dtype.float16"] = (
        "fitted like execute, fp16. Models held out of the fit are off on 4-block cuts by "
        f"{classed:.1%} (median over 15 models, 4 modes, 2 dtypes), by {anchored:.1%} with one "
        f"anchor; one line for all layers is off by {one:.1%}")
    path.write_text(laid_out(document) + "\n", encoding="utf-8")


def laid_out(value, indent=0):
    """JSON with what fits on a line on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent > 0 and len(flat) + indent <= 150 or not isinstance(value, (dict, list)):
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, list):
        inner = [pad + laid_out(item, indent + 2) for item in value]
        return "[\n" + ",\n".join(inner) + "\n" + " " * indent + "]"
    inner = [f"{pad}{json.dumps(key)}: {laid_out(item, indent + 2)}"
             for key, item in value.items()]
    return "{\n" + ",\n".join(inner) + "\n" + " " * indent + "}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subgraphs")
    parser.add_argument("--swaplab", default="build/release/swaplab")
    parser.add_argument("--device", type=pathlib.Path)
    options = parser.parse_args()
    rows = read_rows(options.subgraphs)
    errors = errors_of(options.swaplab, rows)
    print_table(errors)
    if options.device:
        refresh(options.device, fit(options.swaplab, rows), errors)
    return 0


if __name__ == "__main__":
    sys.exit(main())
