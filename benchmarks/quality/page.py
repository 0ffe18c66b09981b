"""docs/quality.md: its measured blocks, written from the stored fits: `python -m benchmarks.quality.page`."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from benchmarks.quality.figures import (
    Ratio,
    errors_of,
    finished,
    mean_of,
    mean_ranks,
    ratio,
    table_ratio,
    tables_of,
    wins,
)
from benchmarks.quality.peers import PEERS
from benchmarks.quality.presets import (
    ABLATIONS,
    BASE,
    CANDIDATES,
    FAST_BESIDE_PYTABKIT,
    MEMBERS,
    METHODS,
    ONE_NETWORK,
    PRESETS,
)
from benchmarks.quality.results import entries_of
from benchmarks.quality.tables import BY_NAME, MOST_ROWS, TABLES
from benchmarks.recipes.figures import figure, shown
from benchmarks.recipes.pages import shown_epochs
from benchmarks.recipes.results import finished as recipe_fits
from benchmarks.recipes.studies import PIXELS
from benchmarks.report import BEGIN, DOCS, END, plain_table

PAGE = DOCS / "quality.md"
REFERENCE = "fast"
HALVES = ("report", "design")


def page_text(text: str) -> str:
    """The page with every block as the stored fits have it now."""
    for name, make in BLOCKS.items():
        before, rest = text.split(BEGIN.format(name))
        after = rest.split(END.format(name))[1]
        text = f"{before}{BEGIN.format(name)}\n\n{make()}\n\n{END.format(name)}{after}"
    return text


def fitted() -> list[str]:
    """The methods that have been fitted to every table of the report half: those that are ranked."""
    whole = {table.name for table in TABLES if table.half == "report"}
    return [method for method in (*METHODS, *PEERS) if whole <= set(tables_of(method, "report"))]


def marks_block() -> str:
    """What was aimed for beside what came out, on the tables of the report half."""
    tables = [table.name for table in TABLES if table.half == "report"]
    rows = [_ratio_mark(*mark, tables) for mark in RATIO_MARKS]
    ranks = mean_ranks(fitted(), tables)
    if "best" in ranks and "LightGBM" in ranks:
        met = ranks["best"] <= ranks["LightGBM"]
        figures = f"{ranks['best']:.2f} against {ranks['LightGBM']:.2f}"
        rows.append(("`best`: mean rank at least LightGBM's", figures, "met" if met else "missed"))
    return plain_table(("mark", "measured", ""), rows)


RATIO_MARKS = (
    ("`strong`: error at most 0.90 of `fast`", "strong", "fast", "error", 0.90, False),
    ("`strong`: error at most 0.90 of scikit-learn's MLP", "strong", "scikit-learn MLP", "error", 0.90, False),
    ("`strong`: error no more than RealMLP-TD-S's, within noise", "strong", "RealMLP-TD-S", "error", 1.00, True),
    ("`strong`: at most 3 times the CPU seconds of `fast`", "strong", "fast", "cpu", 3.0, False),
)
"""Text, method, other, figure, the most that the ratio may be, and whether the interval's lower end is enough."""


def _ratio_mark(
    text: str, method: str, other: str, figure: str, most: float, noise: bool, tables: list[str]
) -> tuple[str, str, str]:
    found = ratio(method, other, tables, figure)
    if found is None:
        return text, "not measured", ""
    met = (found.low if noise else found.mean) <= most
    return text, _shown(found), "met" if met else f"missed by {found.mean - most:.2f}"


def _shown(found: Ratio | None) -> str:
    return "" if found is None else f"{found.mean:.3f} [{found.low:.3f}..{found.high:.3f}]"


def overview_block(half: str) -> str:
    """Every method on the tables of a half: errors against `fast`, ranks, probabilities, cost."""
    tables = [table.name for table in TABLES if table.half == half]
    ranks = mean_ranks(fitted(), tables)
    rows = [_overview_row(method, tables, ranks) for method in (*METHODS, *PEERS) if tables_of(method, half)]
    header = (
        f"{len(tables)} tables ({half})", "error / `fast`", "better, worse", "mean rank", "log loss", "ECE",
        "CPU s / `fast`", "CPU s a fit", "for 10,000 predictions", "KB",
    )  # fmt: skip
    return plain_table(header, rows)


def _overview_row(method: str, tables: list[str], ranks: dict[str, float]) -> tuple[str, ...]:
    known = [table for table in tables if any(key[0] == table for key in finished(method))]
    better, worse = wins(method, REFERENCE, known)
    partly = f" ({len(known)} tables)" if len(known) < len(tables) else ""
    names = ("log_loss", "ece", "cpu", "predict", "bytes")
    figures = {name: None if partly else mean_of(method, name, known) for name in names}
    cost = ratio(method, FAST_BESIDE_PYTABKIT if _is_pytabkit(method) else REFERENCE, known, "cpu")
    return (
        f"{_name(method)}{partly}",
        "1" if method == REFERENCE else _shown(ratio(method, REFERENCE, known)),
        "" if method == REFERENCE else f"{better}, {worse}",
        f"{ranks[method]:.2f}" if method in ranks else "",
        *(_number(figures[name], ".3f") for name in ("log_loss", "ece")),
        _number(None if cost is None else cost.mean, ".2f"),
        *(_number(figures[name], ".2f") for name in ("cpu", "predict")),
        "" if figures["bytes"] is None else f"{figures['bytes'] / 1e3:,.0f}",
    )


def _is_pytabkit(method: str) -> bool:
    return method in PEERS and PEERS[method].package == "pytabkit"


def _name(method: str) -> str:
    return f"`{method}`" if method in ("fast", "strong", "best") else method


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


SHOWN = ("fast", "strong", "best", "scikit-learn MLP", "linear", "LightGBM", "RealMLP-TD-S", "RealMLP-TD")


def tables_block() -> str:
    """The error of each table: the mean over the splits, and their deviation; the best of a row in bold."""
    methods = [method for method in SHOWN if tables_of(method)]
    rows = [_table_row(table.name, methods) for half in HALVES for table in TABLES if table.half == half]
    return plain_table(("table", "half", *map(_name, methods), "`strong` / `fast`"), rows)


def _table_row(table: str, methods: list[str]) -> list[str]:
    errors = {method: errors_of(method, table) for method in methods}
    best = min((statistics.fmean(values) for values in errors.values() if values), default=0.0)
    strong = table_ratio("strong", "fast", table)
    cells = [_error_cell(values, table, best) for values in errors.values()]
    return [table, BY_NAME[table].half, *cells, "" if strong is None else f"{strong:.2f}"]


def _error_cell(values: list[float], table: str, best: float) -> str:
    if not values:
        return ""
    mean, spread = statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None
    show: Callable[[float], str] = (
        (lambda value: f"{100 * value:.1f}")
        if BY_NAME[table].task == "classification"
        else (lambda value: f"{value:,.0f}" if best >= 1000 else f"{value:.3g}")
    )
    text = show(mean) if spread is None else f"{show(mean)} ± {show(spread)}"
    return f"**{text}**" if mean == best else text


def ablation_block() -> str:
    """What each part is worth: errors without it over errors with it, on the design tables."""
    tables = tables_of(BASE, "design")
    rows = []
    for name in (*ABLATIONS, *CANDIDATES, *MEMBERS):
        known = [table for table in tables if any(key == (table, 0) for key in finished(name))]
        if known:
            before = ONE_NETWORK if name == BASE or PRESETS[name].init == "strong" else BASE
            base = "strong" if name in MEMBERS else before
            found = ratio(name, base, known)
            better, worse = wins(name, base, known)
            parts = [ratio(name, base, [t for t in known if BY_NAME[t].task == task]) for task in TASKS]
            cost = ratio(name, base, known, "cpu")
            shown = ["" if part is None else f"{part.mean:.3f}" for part in parts]
            seconds = "" if cost is None else f"{cost.mean:.2f}"
            rows.append((name, _shown(found), *shown, f"{better}, {worse}", seconds))
    header = ("design", "error, against the recipe with it", "classes", "numbers", "better, worse", "CPU seconds")
    return plain_table(header, rows)


TASKS = ("classification", "regression")


def pixels_block() -> str:
    """Recipes of pictures, and what is good for tables in their place."""
    rows = [
        (recipe, variant, shown(figure("test", group)), shown_epochs(group))
        for recipe, study in PIXELS.items()
        for variant in study.variants
        if recipe_fits(group := study.group(variant))
    ]
    return plain_table(("pictures", "with", "test accuracy", "epochs"), rows)


def data_block() -> str:
    """The tables, with rows for training and testing."""
    known = {entry["table"]: entry["rows"] for entry in finished(REFERENCE).values()}
    rows = [
        (table.name, table.half, f"{table.package}: {table.item.split('/')[-1]}", table.target,
         {"classification": "classes", "regression": "a number"}[table.task],
         f"{known[table.name]:,}" if table.name in known else "")
        for table in TABLES
    ]  # fmt: skip
    return plain_table(("table", "half", "from", "target", "which is", "test rows"), rows) + (
        f"\n\nFive times as many rows in all; of longer tables {MOST_ROWS:,} are drawn once."
    )


def failures_block() -> str:
    """Fits that ended with an error, and the versions."""
    failed = [
        f"{method}, {entry['table']}: {entry['failure']}"
        for method in (*PRESETS, *PEERS)
        for entry in entries_of(method)
        if "failure" in entry
    ]
    versions = sorted({entry["version"].split()[0] + " " + entry["version"].split()[1]
                       for method in (*METHODS, *PEERS) for entry in entries_of(method)})  # fmt: skip
    fits = sum(len(entries_of(method)) for method in (*PRESETS, *PEERS))
    return f"{fits:,} fits; {', '.join(versions)}. Fits that failed: {'; '.join(failed) or 'none'}."


BLOCKS: dict[str, Callable[[], str]] = {
    "quality marks": marks_block,
    "quality report": lambda: overview_block("report"),
    "quality design": lambda: overview_block("design"),
    "quality tables": tables_block,
    "quality ablation": ablation_block,
    "quality pixels": pixels_block,
    "quality data": data_block,
    "quality fits": failures_block,
}

if __name__ == "__main__":
    from benchmarks.quality.picture import draw_ratios

    draw_ratios()
    PAGE.write_text(page_text(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
