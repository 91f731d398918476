"""validate-data beside its peers: the same rows and checks, in turn, each in an environment of its own.

    python benchmarks/validation [--rounds 5] [--rows 10000000] [--large-rows 100000000] [--write]

`--write` puts the tables into RESULTS.md, and what compares with peers into README.md too. `--large-rows` makes a file
of 30 bytes a row and is run once. A round measures each once; medians are compared. A peer that does not install is
left out, and the tables say so.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from results import README, write_section  # noqa: E402  a script's neighbours
from side_by_side import Measured, Target, bar, environment, measure, rows, run, shown, table  # noqa: E402

ENVIRONMENTS = {
    "soda": ["soda-core==4.28.0", "soda-duckdb==4.28.0", "duckdb==2.0.1"],
    "datacontract": ["datacontract-cli[duckdb]==1.2.8"],
    "gx": ["great-expectations==1.24.1", "pandas==3.1.1", "pyarrow==26.0.1"],
    "pandera": ["pandera[pandas]==0.35.0", "pandas==3.1.1", "pyarrow==26.0.1"],
    "evidently": ["evidently==0.7.23", "pandas==2.3.3", "pyarrow==26.0.1"],
}
NAMES = {
    "by-hand": "one `SELECT` by hand in DuckDB",
    "scan": "mlops-actions, its engine alone",
    "process": "**mlops-actions**",
    "soda": "Soda Core (DuckDB)",
    "datacontract": "datacontract-cli",
    "pandera": "pandera",
    "gx": "Great Expectations",
}
DRIFT_NAMES = {"drift": "**mlops-actions**", "evidently": "Evidently"}
"""What is compared, in the order of the tables."""


def targets(size: str, csv: str, large: str) -> tuple[Target, ...]:
    """What is promised."""
    many = f"{size} × 12, 23 checks"
    process = f"{many}: process, digest of the data included, beside"
    return (
        Target(f"{many}: engine, beside one `SELECT` by hand", "scan", "by-hand", 1.2),
        Target(f"{process} Soda", "process", "soda", 1),
        Target(f"{process} datacontract-cli", "process", "datacontract", 1 / 3),
        Target(f"{process} Great Expectations", "process", "gx", 1 / 5),
        Target(f"{process} pandera", "process", "pandera", 1 / 5),
        Target(f"{many}: peak memory", "process", None, 600, of="megabytes"),
        Target(f"{many}, 1.1 failing cells a row: time beside none", "broken", "process", 1.2),
        Target(
            f"{many}, 1.1 failing cells a row: memory beside none", "broken", "process", 1.2, of="ratio of megabytes"
        ),
        Target(f"{large} × 12, 22 checks: memory beside {size}", "large", "plain", 1.2, of="ratio of megabytes"),
        Target(f"{large} × 12, 23 checks: peak memory", "large-unique", None, 1000, of="megabytes"),
        Target(f"{large} × 12, 23 checks: process", "large-unique"),
        Target(f"CSV of {csv} rows, 23 checks: engine, beside DuckDB's own read", "csv", "read-csv", 2),
        Target("1,000 columns × 100,000 rows, 3,000 checks: process", "wide", None, 10),
        Target("100 rows: process", "few", None, 0.8),
        Target("drift (PSI) of 1M against 1M × 8: engine", "drift", None, 0.7),
        Target("drift (PSI) of 1M against 1M × 8: engine, beside Evidently", "drift", "evidently", 1 / 10),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--csv-rows", type=int, default=2_000_000)
    parser.add_argument("--large-rows", type=int, default=0)
    parser.add_argument("--only", help="measure only names that begin so")
    parser.add_argument("--write", action="store_true", help="put the tables into RESULTS.md and README.md")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write takes all of them: leave --only out")
    peers, missing = environments()
    with tempfile.TemporaryDirectory(prefix="mlops-bench-") as folder:
        sizes = [str(options.rows), str(options.csv_rows), str(options.large_rows)]
        run([sys.executable, str(HERE / "inputs.py"), folder, *sizes], Path(folder))
        wanted = {name: work for name, work in commands(peers).items() if name.startswith(options.only or "")}
        load = os.getloadavg()[0]
        found = measure(wanted, Path(folder), options.rounds)
        if options.large_rows:
            found |= measure(large_commands(), Path(folder), 1)
    named = [size_of(number) for number in (options.rows, options.csv_rows, options.large_rows)]
    promised = rows(targets(*named), found)
    beside = compared(found, promised, named[0], load)
    print(text := report(promised, beside, missing, options.rounds, load))
    if options.write:
        write_section("validation", text)
        write_section("validation", beside, README)
    return int("no" in {verdict for *_cells, verdict in promised})


def environments() -> tuple[dict[str, Path], dict[str, str]]:
    """The peers' interpreters; and of those that do not install, why."""
    made: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for name, packages in ENVIRONMENTS.items():
        try:
            made[name] = environment(name, packages)
        except subprocess.CalledProcessError as error:
            missing[name] = f"{packages[0]} did not install: {error}"
    return made, missing


def commands(peers: Mapping[str, Path]) -> dict[str, list[str]]:
    """Name → the process that measures it."""
    ours = [sys.executable, str(HERE / "ours.py")]
    found = {
        "scan": [*ours, "scan", "orders.parquet", "contract.yaml"],
        "by-hand": [*ours, "by-hand", "orders.parquet"],
        "process": action("orders.parquet", "contract.yaml"),
        "plain": action("orders.parquet", "plain.yaml"),
        "broken": [*action("broken.parquet", "contract.yaml"), "--fail-on", "never"],
        "csv": [*ours, "scan", "orders.csv", "contract.yaml"],
        "read-csv": [*ours, "read-csv"],
        "wide": action("wide.parquet", "wide.yaml"),
        "few": action("few.parquet", "contract.yaml"),
        "drift": [*ours, "drift"],
    }
    arguments = {name: ["orders.parquet"] for name in ("soda", "gx", "pandera")}
    arguments["evidently"] = ["reference.parquet", "moved.parquet"]
    for name, python in peers.items():
        if name == "datacontract":
            found[name] = [str(python.with_name("datacontract")), "test", "contract.yaml"]
        else:
            found[name] = [str(python), str(HERE / "peers.py"), name, *arguments[name]]
    return found


def large_commands() -> dict[str, list[str]]:
    return {"large": action("large.parquet", "plain.yaml"), "large-unique": action("large.parquet", "contract.yaml")}


def action(data: str, contract: str) -> list[str]:
    """The whole of validate-data, as its users run it."""
    program = str(Path(sys.executable).parent / "mlops-actions")
    return [program, "validate-data", "--data", data, "--contract", contract, "--report-path", "report.html"]


def compared(
    found: Mapping[str, Measured], promised: list[tuple[str, str, str, str, str]], size: str, load: float
) -> str:
    """Ours and the peers, with a bar for each, and where ours is not what it should be."""
    checked = {named: found[name] for name, named in NAMES.items() if name in found}
    drifting = {named: found[name] for name, named in DRIFT_NAMES.items() if name in found}
    missed = [
        f"- {what}: {ratio if peer != '–' else f'{mine}, {ratio}'}"
        for what, mine, peer, ratio, kept in promised
        if kept == "no"
    ]
    busy = f"Other work kept the cores busy (load {load:.1f}): times are too long, those of processors less so."
    parts = [
        busy if load > (os.cpu_count() or 1) else "",
        bars(f"{size} × 12 Parquet, 23 checks", checked),
        bars("drift (PSI) of 1M against 1M × 8", drifting),
        "\n".join(["Targets missed:\n", *missed]) if missed else "No target is missed.",
    ]
    return "\n\n".join(part for part in parts if part)


def bars(what: str, found: Mapping[str, Measured]) -> str:
    """A table with a bar for each."""
    most = max((one.median for one in found.values()), default=0)
    lines = [
        (
            name,
            shown(one.median),
            shown(statistics.median(one.processor)),
            f"{max(one.megabytes):,.0f} MB",
            bar(one.median, most),
        )
        for name, one in found.items()
    ]
    return table([what, "time", "of processors", "peak memory", ""], lines) if lines else ""


def report(
    promised: list[tuple[str, str, str, str, str]], beside: str, missing: Mapping[str, str], rounds: int, load: float
) -> str:
    """Markdown: the machine, what is compared, then one line a target."""
    versions = ", ".join(packages[0] for packages in ENVIRONMENTS.values())
    head = (
        f"`python benchmarks/validation --write`: medians (least to most) of {rounds} rounds, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} at the beginning. {versions}. "
        "Times of engines and of drift are without starting Python; others are whole processes, ours with the data's "
        "SHA-256 and an HTML report."
    )
    absent = "\n".join(f"- Not measured: {why}" for why in missing.values())
    parts = (head, absent, beside, table(["what", "ours", "peer", "target", "kept"], promised))
    return "\n\n".join(part for part in parts if part)


def size_of(number: int) -> str:
    """A number of rows in words.

    >>> size_of(10_000_000), size_of(5_000)
    ('10M', '5,000')
    """
    return f"{number // 1_000_000}M" if number and number % 1_000_000 == 0 else f"{number:,}"


if __name__ == "__main__":
    sys.exit(main())
