"""The commands that are disturbed: small ones, of every kind that reads, computes or writes."""

from sandbox import Case

TORCH = 30  # seconds: LibTorch takes some to start
SIM = "run -m IN/model.json -d IN/device.json -p swapnet -b 2x --requests 2 --json"
EMU = "--backend emu --time-scale 1 --lateness 10s --json"


def cases(with_torch):
    """`with_torch`: there is LibTorch, and IN/real and IN/model.pt are there."""
    found = [
        Case("show", "show model IN/model.json --json"),
        Case("sim", f"{SIM} --trace OUT/t.svg --decisions OUT/log.jsonl", ["t.svg", "log.jsonl"]),
        Case("noise", f"{SIM} --noise --replications 4 --trace OUT/t.pftrace", ["t.pftrace"]),
        Case("compare", "compare -m IN/model.json -d IN/device.json -b min,1x,2x --json "
             "--csv OUT/c.csv --plot OUT/c.svg", ["c.csv", "c.svg"]),
        Case("table", "plan -m IN/model.json -d IN/device.json -p swapnet --table --json"),
        Case("fit", "fit IN/m.csv -o OUT/fitted.json --json", ["fitted.json"]),
        Case("profile", "profile --backend sim -m IN/model.json -d IN/device.json -o OUT/m.csv "
             "--time-limit 200ms --json", ["m.csv"], exact=False),
        Case("replay", "replay IN/log.jsonl --json"),
        Case("pack", "pack IN/model.json --synthetic --verify -o OUT/pack --json", ["pack"]),
        Case("emu", f"run -m IN/pack -d IN/device.json -p swapnet -b 2x {EMU} "
             "--decisions OUT/log.jsonl", ["log.jsonl"], exact=False),
        Case("pipeload", f"run -m IN/pack -d IN/device.json -p pipeload -b 3x {EMU} --verify",
             exact=False),
        Case("cache", f"run -m IN/model.json -d IN/device.json -p on-demand -b 2x {EMU} "
             "--pack-cache OUT/packs", ["packs"], exact=False),
        Case("validate", "validate -m IN/pack -d IN/device.json -p swapnet -b 2x --against emu "
             "--repeats 1 --time-scale 1 --lateness 10s --csv OUT/v.csv --plot OUT/v.svg",
             ["v.csv", "v.svg"], exact=False),
    ]
    if with_torch:
        found += [
            Case("packing", "pack IN/model.pt -o OUT/pack --json", ["pack"], seconds=TORCH,
                 index="pack/index.json"),
            Case("cpu", "run -m IN/real -d IN/device.json -p swapnet -b 64MiB --backend cpu "
                 "--threads 1 --json --decisions OUT/log.jsonl", ["log.jsonl"], exact=False,
                 seconds=TORCH),
            Case("profile-cpu", "profile -m IN/real -o OUT/m.csv --threads 1 --time-limit 300ms",
                 ["m.csv"], exact=False, seconds=TORCH),
        ]
    return found
