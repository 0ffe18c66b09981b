"""The measured blocks of docs/data.md."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from benchmarks.report import plain_table, process_rows

SETS = {
    "titanic": "titanic (survived; 891 rows, `alive` left out)",
    "penguins": "penguins (species; 344 rows)",
    "photos": "CIFAR-10 photos (5,000 + 1,000 JPEGs, 32x32x3)",
}


def scores_block(results: Any) -> str:
    """Test accuracy as mean and spread over the seeds, and seconds."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for row in results["rows"]:
        found[row["set"], row["peer"]].append((row["accuracy"], row["seconds"]))
    peers = list(dict.fromkeys(peer for _, peer in found))
    rows = [
        (title, *(_cell(found[name, peer]) for peer in peers)) for name, title in SETS.items() if found[name, peers[0]]
    ]
    return plain_table(("test accuracy: mean ± spread (median seconds)", *peers), rows) + _seeds(found)


def _cell(values: list[tuple[float, float]]) -> str:
    scores, seconds = zip(*values, strict=True)
    spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
    return f"{statistics.mean(scores):.4f} ± {spread:.4f} ({statistics.median(seconds):.1f} s)"


def _seeds(found: dict[tuple[str, str], list[tuple[float, float]]]) -> str:
    counts = " or ".join(str(count) for count in sorted({len(values) for values in found.values() if values}))
    return f"\n\n{counts} seeds, each with its own split and weights; the spread is the standard deviation."


def reading_block(results: Any) -> str:
    """Seconds and memory of reading, each in a process of its own."""
    title = f"{results['rows']:,} rows x 20 columns, {results['bytes'] / 1e6:,.0f} MB of CSV"
    return plain_table((title, "seconds, import included", "peak MiB"), process_rows(results["readers"]))


def streaming_block(results: Any) -> str:
    """Peaks and seconds of a set and of one four times as large."""
    sets = results["sets"]
    rows = [
        (what, *(f"{figure(found):,.0f} {unit}" for found in sets))
        for what, unit, figure in (
            ("peak of loading, beside the program", "MiB", _beside_the_program),
            ("its bound", "MiB", lambda found: found["passes"]["bound_mib"]),
            ("peak of `mlpcli train`, all of it", "MiB", lambda found: found["train"]["peak_mib"]),
            ("reading, three passes together", "s", lambda found: sum(found["passes"]["per_pass"].values())),
            ("an epoch", "s", lambda found: found["train"]["epoch_seconds"]),
            ("`mlpcli train`, first time", "s", lambda found: found["train"]["seconds"]),
            ("`mlpcli train`, from the cache", "s", lambda found: found["train again"]["seconds"]),
        )
    ]
    sizes = (f"{found['rows'] / 1e6:.1f} M rows, {found['bytes'] / 1e9:.2f} GB" for found in sets)
    return plain_table((f"a folder of {results['format'].upper()} files", *sizes), rows)


def _beside_the_program(found: Any) -> float:
    return float(found["passes"]["peak_mib"] - found["passes"]["program_mib"])


def larger_than_memory_block(results: Any) -> str:
    """Seconds and peaks of reading, training and scoring, as median [least..most] of the repeats."""
    runs, epochs = results["runs"], results["epochs"]
    passed = f"`mlpcli train`, {epochs} epoch{'s' if epochs > 1 else ''}"
    scored = runs["evaluate"][0]["scored_rows"] / 1e6
    rows: list[tuple[str, ...]] = []
    for title, some in (
        ("the bytes of the files alone", runs["bytes"]),
        ("pyarrow alone: all rows read once", runs["pyarrow"]),
        (f"{passed}, first time", runs["first"]),
        (f"{passed}, from the cache", runs["again"]),
        (f"`mlpcli evaluate`, {scored:.1f} M test rows", runs["evaluate"]),
    ):
        if some:
            rows.append((_times(title, len(some)), *(_median([run[key] for run in some]) for key in PROCESS)))
            rows += [(f"- {part}", _median(seconds), "", "") for part, seconds in _parts_of(some)]
    title = f"{results['rows'] / 1e6:.1f} M rows, {results['bytes'] / 1e9:.2f} GB of Parquet"
    sizes = (
        f"In memory as an Arrow table: {runs['pyarrow'][0]['arrow_bytes'] / 1e9:.1f} GB; encoded, in the cache folder:"
        f" {results['cache_bytes'] / 1e9:.1f} GB; memory of the machine: {results['memory_bytes'] / 2**30:.0f} GiB."
        " Nothing of the files is in memory when a process begins. Where there are several: median [least..most]."
    )
    busy = ["Measured on a busy machine: the seconds are indicative."] if results.get("busy") else []
    table = plain_table((title, "seconds", "processor seconds", "peak MiB"), rows)
    return "\n\n".join([table, *busy, f"{sizes} {versions_block(results)}"])


def _parts_of(some: list[dict[str, Any]]) -> list[tuple[str, list[float]]]:
    """Of trainings: seconds of each pass over the table, of all before the epochs, of an epoch, and of all after it."""
    if "passes" not in some[0]:
        return []
    return [
        *((what, [run["passes"][what] for run in some]) for what in some[0]["passes"]),
        ("everything before the epochs", [run["before_seconds"] for run in some]),
        ("an epoch, with its validation", [second for run in some for second in run["epoch_seconds"]]),
        ("everything after the epochs: scores of all rows, files", [run["after_seconds"] for run in some]),
    ]


def _times(title: str, count: int) -> str:
    return f"{title} ({'once' if count == 1 else f'{count} times'})"


PROCESS = ("seconds", "processor_seconds", "peak_mib")


def _median(values: list[float]) -> str:
    spread = f" [{min(values):,.0f}..{max(values):,.0f}]" if len(values) > 1 else ""
    return f"{statistics.median(values):,.0f}{spread}"


PHOTO_SETS = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}


def photos_block(results: Any) -> str:
    """Of each set: right as the data set has them, right as photos, and what of the former stays right in photos."""
    found: dict[str, list[Any]] = defaultdict(list)
    for row in results["rows"]:
        found[row["set"]].append(row)
    titles = ("photos made from test pictures", "right: as they are", "as photos", "of those: as photos", "--no-crop")
    figures = ("clean", "photos", "kept", "kept_whole")
    rows = [
        (PHOTO_SETS[name], *(_share([row[figure] for row in some]) for figure in figures))
        for name, some in found.items()
    ]
    rounds = max(len(some) for some in found.values())
    return f"{plain_table(titles, rows)}\n\n{rounds} times {results['photos']} photos each: mean [least..most]."


def _share(values: list[float]) -> str:
    return f"{statistics.mean(values):.1%} [{min(values):.1%}..{max(values):.1%}]".replace("%", " %")


def versions_block(results: Any) -> str:
    """What it was measured with."""
    return ", ".join(f"{name} {version}" for name, version in results["versions"].items()) + "."


DATA_BLOCKS: dict[str, Callable[[Any], str]] = {
    "raw_data scores": scores_block,
    "raw_data versions": versions_block,
    "own_photos table": photos_block,
    "own_photos versions": versions_block,
    "reading table": reading_block,
    "streaming_csv table": streaming_block,
    "larger_than_memory table": larger_than_memory_block,
}
