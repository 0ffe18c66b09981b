"""The measured blocks of four pages of docs, from the stored results: `python -m benchmarks.report`."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.work import NAMES, TITLES

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
DOCS = ROOT / "docs"
BEGIN, END = "<!-- measured: {} -->", "<!-- end: {} -->"

Row = dict[str, Any]
CASES = (("sgd", False), ("adam", False), ("sgd", True), ("adam", True))
SHORT, LONG = 5, 50


def write_pages() -> None:
    """Replace each measured block of each page by what the results say now."""
    from benchmarks.data_blocks import DATA_BLOCKS
    from benchmarks.reliability_blocks import RELIABILITY_BLOCKS

    pages = {
        "performance.md": BLOCKS, "data.md": DATA_BLOCKS, "reliability.md": RELIABILITY_BLOCKS,
        "sweeps.md": {"sweeps trials": trials_block},
    }  # fmt: skip
    for name, blocks in pages.items():
        _write_page(DOCS / name, blocks)


def _write_page(page: Path, blocks: dict[str, Callable[[Any], str]]) -> None:
    text = page.read_text(encoding="utf-8")
    for name, make in blocks.items():
        source = RESULTS / f"{name.split()[0]}.json"
        if not source.is_file():
            continue
        results = json.loads(source.read_text(encoding="utf-8"))
        before, rest = text.split(BEGIN.format(name))
        after = rest.split(END.format(name))[1]
        text = f"{before}{BEGIN.format(name)}\n\n{make(results)}\n\n{END.format(name)}{after}"
    page.write_text(text, encoding="utf-8")


def steps_block(results: Any) -> str:
    """Microseconds per step of the median epoch after the first, and the ratio to `model.fit`."""
    rows = [row for row in results["rows"] if row["epochs"] == SHORT]
    return _tables(rows, _microseconds, "µs per step", lambda value: f"{value:,.0f}")


def totals_block(results: Any) -> str:
    """Total seconds of training, compile included."""
    parts = []
    for epochs in (SHORT, LONG):
        rows = [row for row in results["rows"] if row["epochs"] == epochs]
        kept = rows if epochs == LONG else [row for row in rows if row["peer"].startswith(("keras fit", "mlpcli"))]
        if kept:
            parts.append(
                f"**{epochs} epochs**\n\n{_tables(kept, lambda row: row['total'], 'seconds', lambda v: f'{v:.2f}')}"
            )
    return "\n\n".join(parts)


def first_epoch_block(results: Any) -> str:
    """Seconds of the first epoch: tracing, compiling, and the epoch itself."""
    rows = [row for row in results["rows"] if row["epochs"] == SHORT]
    return _tables(rows, lambda row: row["seconds"][0], "seconds", lambda value: f"{value:.2f}")


def examples_block(results: Any) -> str:
    """Thousand examples per second in the median epoch after the first."""
    rows = [row for row in results["rows"] if row["epochs"] == SHORT]
    lines = [
        "| thousand examples per second | SGD | Adam | SGD, regularized | Adam, regularized |",
        "|---|" + "---|" * 4,
    ]
    for work in NAMES:
        for peer in ("keras fit", "mlpcli auto", "mlpcli compiled"):
            cells = [_examples(rows, work, peer, case) for case in CASES]
            lines.append(f"| {TITLES[work]}: {peer} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _examples(rows: list[Row], work: str, peer: str, case: tuple[str, bool]) -> str:
    rates = [
        row["rows"] / statistics.median(row["seconds"][1:]) / 1e3
        for row in rows
        if (row["work"], row["peer"], (row["optimizer"], row["regularized"])) == (work, peer, case)
    ]
    return f"{statistics.median(rates):,.0f}" if rates else ""


def memory_block(results: Any) -> str:
    """Peak memory of a process that trains MNIST with SGD for five epochs, the first thing it does."""
    peaks: dict[str, list[float]] = defaultdict(list)
    for row in results["rows"]:
        if (row["work"], row["epochs"], row["optimizer"], row["regularized"]) == ("mnist", SHORT, "sgd", False):
            peaks[row["peer"]].append(row["peak_rss_mib"])
    rows = [(peer, f"{statistics.median(values):,.0f}") for peer, values in peaks.items()]
    return plain_table(("MNIST 784-64-32-64-10, SGD, 5 epochs", "peak MiB of the process"), rows)


def versions_block(results: Any) -> str:
    """What was measured, on what."""
    data = sorted({row["data"] for row in results["rows"] if row["work"] in ("mnist", "wide")})
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return f"{versions}. Pixels: {' and '.join(data)}."


def _microseconds(row: Row) -> float:
    return statistics.median(row["seconds"][1:]) / row["steps"] * 1e6


def _tables(rows: list[Row], figure: Callable[[Row], float], unit: str, show: Callable[[float], str]) -> str:
    return "\n\n".join(
        _table(name, rows, figure, unit, show) for name in NAMES if any(row["work"] == name for row in rows)
    )


def _table(work: str, rows: list[Row], figure: Callable[[Row], float], unit: str, show: Callable[[float], str]) -> str:
    """Peers down, configurations across: median [least..most] and how many times as fast as `model.fit`."""
    cells: dict[tuple[str, Any], list[float]] = defaultdict(list)
    for row in rows:
        if row["work"] == work:
            cells[row["peer"], (row["optimizer"], row["regularized"])].append(figure(row))
    peers = list(dict.fromkeys(peer for peer, _ in cells))
    lines = [
        f"| {TITLES[work]}, {unit} | SGD | Adam | SGD, regularized | Adam, regularized |",
        "|---|" + "---|" * 4,
    ]
    for peer in peers:
        shown = [_cell(cells.get((peer, case)), cells.get(("keras fit", case)), show) for case in CASES]
        lines.append(f"| {peer} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _cell(values: list[float] | None, reference: list[float] | None, show: Callable[[float], str]) -> str:
    if not values:
        return ""
    middle = statistics.median(values)
    ratio = f" **{statistics.median(reference) / middle:.1f}x**" if reference else ""
    return f"{show(middle)} [{show(min(values))}..{show(max(values))}]{ratio}"


def plain_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    names = list(header)
    return "\n".join(
        [f"| {' | '.join(names)} |", "|---|" + "---|" * (len(names) - 1), *(f"| {' | '.join(row)} |" for row in rows)]
    )


def whole_block(results: Any) -> str:
    """Whole processes, seconds and peak memory."""
    return plain_table(("whole process", "seconds", "peak MiB"), process_rows(results["commands"]))


def process_rows(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """For each process its name, median [least..most] seconds, and median peak memory in MiB."""
    rows = []
    for name, values in found.items():
        seconds = values["seconds"]
        spread = f"{statistics.median(seconds):.2f} [{min(seconds):.2f}..{max(seconds):.2f}]"
        rows.append((name, spread, f"{statistics.median(values['peak_mib']):,.0f}"))
    return rows


def rates_block(results: Any) -> str:
    """Rows per second by batch size."""
    sizes = list(next(iter(results["rates"].values())))
    rows = [(name, *(f"{rates[size]:,.0f}" for size in sizes)) for name, rates in results["rates"].items()]
    return plain_table(("MNIST 784-64-32-64-10, rows per second", *(f"batch {int(size):,}" for size in sizes)), rows)


def scaling_block(results: Any) -> str:
    """Seconds and memory against rows and parameters."""
    parts = []
    for title, key in (("rows", "rows"), ("parameters", "parameters")):
        rows = [
            (f"{row[key]:,}", f"{row['epoch_seconds'] * 1e3:,.1f}", f"{row['epoch_seconds'] / row['steps'] * 1e6:,.0f}",
             f"{row['peak_rss_mib']:,.0f}")
            for row in results[title]
        ]  # fmt: skip
        parts.append(plain_table((title, "ms per epoch", "µs per step", "peak MiB"), rows))
    return "\n\n".join(parts)


def convolution_block(results: Any) -> str:
    """Seconds of an epoch with convolutions, by engine."""
    rows = [
        (name, f"{statistics.median(values):.2f} [{min(values):.2f}..{max(values):.2f}]")
        for name, values in results["seconds"].items()
    ]
    return plain_table((f"two convolutions, {results['rows']:,} rows of MNIST", "seconds of an epoch"), rows)


TARGETS: tuple[tuple[str, str, str, str, bool | None, float], ...] = (
    ("digits, plain", "mlpcli compiled", "keras fit", "digits", False, 20),
    ("digits, BatchNorm + Dropout", "mlpcli compiled", "keras fit", "digits", True, 15),
    ("MNIST 64-32-64", "mlpcli compiled", "keras fit", "mnist", None, 5),
    ("MNIST 1024-1024", "mlpcli compiled", "keras fit", "wide", None, 1.3),
    ("digits", "mlpcli compiled", "scikit-learn", "digits", False, 4),
    ("MNIST 64-32-64", "mlpcli compiled", "scikit-learn", "mnist", False, 3),
    ("MNIST 64-32-64", "mlpcli compiled", "PyTorch eager", "mnist", None, 2),
    ("iris", "mlpcli compiled", "JAX lax.scan", "iris", None, 1 / 1.5),
    ("digits", "mlpcli compiled", "JAX lax.scan", "digits", None, 1 / 1.5),
    ("MNIST 64-32-64", "mlpcli compiled", "JAX lax.scan", "mnist", None, 1 / 1.5),
    ("MNIST 1024-1024", "mlpcli compiled", "JAX lax.scan", "wide", None, 1 / 1.5),
)
"""Work, who, against whom, its name, regularized or not (None: both), and how many times as fast it was to be."""


def targets_block(results: Any) -> str:
    """Times as fast per step, the least and the most over the configurations, beside what was aimed for."""
    rows = [row for row in results["rows"] if row["epochs"] == SHORT]
    lines = []
    for title, peer, other, work, regularized, target in TARGETS:
        ratios = [
            _median_step(rows, work, other, case) / _median_step(rows, work, peer, case)
            for case in CASES
            if regularized in (None, case[1])
        ]
        lines.append((title, other, f"{target:.2g}", f"{min(ratios):.2f} to {max(ratios):.2f}"))
    return plain_table(("steps of the compiled engine", "against", "times as fast, aimed for", "measured"), lines)


def _median_step(rows: list[Row], work: str, peer: str, case: tuple[str, bool]) -> float:
    steps = [
        _microseconds(row)
        for row in rows
        if (row["work"], row["peer"], (row["optimizer"], row["regularized"])) == (work, peer, case)
    ]
    return statistics.median(steps) if steps else float("nan")


def marked_commands_block(results: Any) -> str:
    """Whole commands: first run, second run, what they are compared with, and the ratio of the second run to that."""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    rows = [
        (row["name"], *map(_spread, (row["first"], row["second"], row["other"], _ratios(row, "second", "other"))),
         f"{row['mark']:.2g}", f"{statistics.median(row['peak_mib']):,.0f}")
        for row in results["commands"]
    ]  # fmt: skip
    head = ("whole commands, seconds", "first run", "second run", "the other", "second / other", "mark", "peak MiB")
    return f"{versions}. {results['rounds']} rounds. Pixels: {results['pixels']}.\n\n{plain_table(head, rows)}"


def marked_epochs_block(results: Any) -> str:
    """The median epoch of `auto` in a second run, and how many times as fast as a peer's it is."""
    rows = [
        (row["name"], row["peer"], *map(_spread, (row["ours"], row["theirs"], _ratios(row, "theirs", "ours"))),
         f"{row['mark']:g}")
        for row in results["epochs"] if row["ours"]
    ]  # fmt: skip
    return plain_table(("median epoch, ms", "against", "mlpcli", "the other", "times as fast", "mark"), rows)


def _ratios(row: Row, upper: str, lower: str) -> list[float]:
    return [one / other for one, other in zip(row[upper], row[lower], strict=True)]


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} [{min(values):.2f}..{max(values):.2f}]"


def trials_block(results: Any) -> str:
    """Trials a minute of each search, and what a trial takes beside its epochs: median and range of the rounds."""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    rows = []
    for name, rounds in results["results"].items():
        rates, beside = ([one[key] for one in rounds if key in one] for key in ("per_minute", "beside_ms"))
        spread = f"{statistics.median(rates):,.0f} [{min(rates):,.0f}..{max(rates):,.0f}]"
        rows.append((name, spread, f"{statistics.median(beside):.0f} ms" if beside else ""))
    said = f"{results['trials']} trials of {results['epochs']} epochs, {results['rounds']} rounds"
    head = ("data, search", "trials a minute", "a trial beside its epochs")
    return f"{plain_table(head, rows)}\n\n{said}. {versions}."


BLOCKS: dict[str, Callable[[Any], str]] = {
    "marks commands": marked_commands_block,
    "marks epochs": marked_epochs_block,
    "engine versions": versions_block,
    "engine targets": targets_block,
    "engine steps": steps_block,
    "engine totals": totals_block,
    "engine first": first_epoch_block,
    "engine examples": examples_block,
    "engine memory": memory_block,
    "whole process": whole_block,
    "light processes": whole_block,
    "light rates": rates_block,
    "scaling tables": scaling_block,
    "convolution table": convolution_block,
}


if __name__ == "__main__":
    write_pages()
