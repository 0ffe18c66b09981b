"""`mlpcli report`: everything about a run, or several, on one page, from the files alone. No TensorFlow, no network."""

from __future__ import annotations

import base64
import shlex
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import quote

from mlpcli.errors import MlpcliError, UserError
from mlpcli.files import write_text
from mlpcli.language import current_language, retold, say, speaking, term
from mlpcli.machine import processors
from mlpcli.plotting.drawing_process import MOST_FORKS
from mlpcli.process import owns_process
from mlpcli.runs import directory as run_directory
from mlpcli.runs.diagnoses import diagnose, read_record
from mlpcli.runs.read_run import language_of, read_config, read_curves, read_environment, read_evaluation, read_metrics
from mlpcli.runs.run_summary import RunSummary, read_summary
from mlpcli.runs.sweep_file import SweepRecord, TrialState, final_folder
from mlpcli.runs.sweep_file import read_record as read_sweep
from mlpcli.text import number, visible
from mlpcli.workflows.compare import cells, compare, runs_in
from mlpcli.workflows.notebook import html_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURE_DPI = 110
"""Readable on paper, and a page of one run stays far under a megabyte."""
MOST_CLASSES = 50
"""Rows of the table of classes."""


@dataclass(frozen=True)
class Table:
    """Cells as texts; the first `left` columns are words, the others numbers."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1


@dataclass(frozen=True)
class Text:
    """Paragraphs; as code, lines as they are."""

    lines: Sequence[str]
    code: bool = False


@dataclass(frozen=True)
class Picture:
    """A PNG picture, and what it shows in words."""

    shows: str
    png: bytes = b""
    """Empty in Markdown, which leaves pictures out."""
    note: str | None = None
    """What a user should do about letters that no font has."""


Block = Table | Text | Picture
Draw = Callable[["Figure", str], Picture]
"""Makes a picture of a figure, and of what it shows."""


@dataclass(frozen=True)
class Section:
    """A title above its blocks; `folded`: closed until somebody opens it, on a screen."""

    title: str
    blocks: Sequence[Block]
    level: int = 2
    folded: bool = False


@dataclass(frozen=True, repr=False)
class ReportResult:
    """The page: where it was written, and its text. A notebook shows a link to it, or the Markdown itself.

    notes: lines that the user should read (a missing font).
    """

    path: Path | None
    text: str
    markdown: bool = False
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path or 'not written'}: {len(self.text):,} characters>"

    def _repr_html_(self) -> str | None:
        if self.path is None:
            return None
        return f'<a href="{html_text(quote(self.path.as_posix()))}" target="_blank">{html_text(str(self.path))}</a>'

    def _repr_markdown_(self) -> str | None:
        return self.text if self.markdown and self.path is None else None


def report(
    run_dirs: Sequence[Path | str],
    output: Path | str | None = "report.html",
    markdown: bool = False,
    language: str | None = None,
) -> ReportResult:
    """Write a page of one run or several: scores, what they say, pictures, config, environment, how to repeat it.

    Of a sweep it has the best trials and the sweep's pictures, and then the seeds of its best.

    output: the file; None: only the text is returned. markdown: for issues and notebooks, without pictures. language:
    `en` or `ko`; None: `output.language` of the first run.

    Raises:
        UserError: no run, an output that cannot be the page, or an unknown language.
        RunDirectoryError: a folder is not a run directory, or has a damaged file.
        OutputError: the file cannot be written.
    """
    sweeps = [Path(path) for path in run_dirs if run_directory.holds_sweep(Path(path))]
    finals = [final for sweep in sweeps if (final := final_folder(sweep)) is not None]
    paths = runs_in([*(path for path in run_dirs if Path(path) not in sweeps), *finals])
    if not paths and not sweeps:
        raise UserError("no run directory given; give one or more, such as runs/digits")
    if output is not None:
        _check_output(Path(output), (".md",) if markdown else (".html", ".htm"))
    with speaking(language or language_of((paths or sweeps)[0])):
        text, notes = _page(paths, [(sweep, read_sweep(sweep)) for sweep in sweeps], markdown)
    if output is None:
        return ReportResult(None, text, markdown, notes)
    write_text(Path(output), text)
    return ReportResult(Path(output), text, markdown, notes)


def _page(
    paths: Sequence[Path], sweeps: Sequence[tuple[Path, SweepRecord]], markdown: bool
) -> tuple[str, tuple[str, ...]]:
    runs = [read_summary(path) for path in paths]
    picture = _undrawn if markdown else _picture
    sections = [
        *(_compared(paths, picture) if len(runs) > 1 else ()),
        *(section for path, record in sweeps for section in _of_sweep(path, record, picture)),
        *_of_runs(runs, picture, drawn=not markdown),
    ]
    names = [run.name for run in runs] or [record.name for _, record in sweeps]
    title = names[0] if len(names) == 1 else say("{count:,} runs", count=len(names))
    blocks = [block for section in sections for block in section.blocks]
    notes = dict.fromkeys(block.note for block in blocks if isinstance(block, Picture) and block.note)
    return as_markdown(title, sections) if markdown else as_html(title, sections), tuple(notes)


WORTH_FORKS = 4
"""Runs; fewer are drawn one after the other."""


def _of_runs(runs: Sequence[RunSummary], picture: Draw, drawn: bool) -> Iterator[Section]:
    make = partial(_sections_of_run, picture, len(runs) > 1)
    return chain.from_iterable(_in_forks(make, runs) if drawn else map(make, runs))


def _in_forks(make: Callable[[RunSummary], list[Section]], runs: Sequence[RunSummary]) -> list[list[Section]]:
    """What is made of each run, by as many forks as there are processors: most of it is drawing.

    Not in a process that is somebody else's, whose threads a fork would break, nor on macOS, where forks are not safe.
    """
    forks = min(processors(), MOST_FORKS)
    if len(runs) < WORTH_FORKS or forks < 2 or not owns_process() or sys.platform != "linux":
        return [make(run) for run in runs]
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(forks, get_context("fork"), _end_with_parent)
    try:
        return list(pool.map(make, runs))
    except BrokenProcessPool:  # one was killed
        return [make(run) for run in runs]
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Leave Ctrl-C to the parent, and end when it does, even if it is killed: otherwise a fork would wait for ever."""
    import ctypes

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(SIGNAL_AT_PARENTS_DEATH, signal.SIGKILL)


SIGNAL_AT_PARENTS_DEATH = 1
"""PR_SET_PDEATHSIG, of Linux."""


def _sections_of_run(picture: Draw, several: bool, run: RunSummary) -> list[Section]:
    """What a fork can send back, as it cannot a generator."""
    return list(_of_run(run, picture, several))


def _check_output(path: Path, endings: tuple[str, ...]) -> None:
    """An existing page is replaced, so that nothing else may be meant.

    Raises:
        UserError: it is a folder, lies in none, or ends otherwise.
    """
    if path.is_dir():
        raise UserError(f"{path}: is a folder; give a file in it, such as {path / f'report{endings[0]}'}")
    if path.suffix.lower() not in endings:
        raise UserError(f"{path}: give a name that ends with {' or '.join(endings)}, such as report{endings[0]}")
    if not path.parent.is_dir():
        raise UserError(f"{path}: the folder {path.parent} does not exist; make it first or choose another")


def _compared(paths: Sequence[Path], picture: Draw) -> Iterator[Section]:
    from mlpcli.plotting.run_plots import overlaid_curves

    found = compare(paths)
    columns, rows = cells(found)
    blocks: list[Block] = [Table(columns, rows, 1 + len(found.settings)), Text(found.notes)]
    drawn = [run for path in paths for run in run_directory.member_folders(path) or [path]]
    with suppress(MlpcliError):  # runs that have no metric in common cannot share a picture
        blocks.append(picture(overlaid_curves(drawn), say("The learning curves of all runs")))
    yield Section(say("Comparison"), blocks)


def _of_sweep(path: Path, record: SweepRecord, picture: Draw) -> Iterator[Section]:
    """The best trials, and the pictures of all."""
    from mlpcli.plotting.sweep_pictures import PICTURES
    from mlpcli.workflows.sweep_results import SweepResult

    states = ", ".join(f"{term(state)} {count:,}" for state in get_args(TrialState) if (count := record.count(state)))
    columns, rows = SweepResult(path, record).trial_table()
    blocks: list[Block] = [Text([say("{trials:,} trials: {states}", trials=len(record.trials), states=states)])]
    if rows:
        blocks.append(Table([say("trial"), *map(term, columns[1:])], rows))
        drawn = ((stem, draw(record)) for stem, draw in PICTURES.items())
        blocks += [picture(figure, term(stem).replace("_", " ").capitalize()) for stem, figure in drawn if figure]
    yield Section(say("{name}: the sweep", name=record.name), blocks, level=1)


def _of_run(summary: RunSummary, picture: Draw, several: bool) -> Iterator[Section]:
    """The sections of one run; of several seeds or folds the means, and the first run in full."""
    members = run_directory.member_folders(summary.path)
    run = members[0] if members else summary.path
    metrics, evaluation = read_metrics(run), read_evaluation(run)
    state = "" if summary.state == "done" else f" ({term(summary.state)})"
    name = summary.path.name if several else summary.name
    yield Section(f"{name}{state}", list(_scores(summary, metrics, evaluation)), level=1)
    if found := _diagnosis(run):
        yield Section(say("What the numbers say"), [Text(found)])
    yield Section(say("Learning curves"), list(_curves(summary, members, picture)))
    if pictures := list(_evaluation_pictures(run, picture)):
        yield Section(say("Answers"), pictures)
    if classes := _classes(evaluation):
        yield Section(say("Classes"), [classes])
    yield Section(say("Data"), [Table(("", ""), list(_data(run, metrics)), 2)])
    if layers := _layers(run):
        yield Section(say("Model"), layers)
    config = run / run_directory.CONFIG
    yield Section(say("Config"), [Text(config.read_text(encoding="utf-8").splitlines(), code=True)], folded=True)
    yield Section(say("How to repeat it"), list(_repeat(summary, run)))


def _scores(summary: RunSummary, metrics: Mapping[str, Any], evaluation: Mapping[str, Any]) -> Iterator[Block]:
    names = list(dict.fromkeys(name for found in summary.scores.values() for name in found))
    rows = []
    for part in ("train", "validation", "test"):
        if part in summary.scores:
            scores = (summary.scores[part].get(name) for name in names)
            told = ("" if score is None else str(score) for score in scores)
            rows.append([term(part), *told, f"{summary.rows.get(part, 0):,}"])
    if rows:
        yield Table((say("rows of"), *map(term, names), say("rows")), rows)
    said = [counted] if (counted := _counted(summary)) else []
    baseline = evaluation.get("baseline")
    if isinstance(baseline, dict):
        against = ", ".join(f"{term(name)} {number(value)}" for name, value in baseline.items() if name != "name")
        said.append(say("baseline ({name}): {scores}", name=retold(str(baseline.get("name"))), scores=against))
    if summary.best_epoch is not None:
        said.append(
            say(
                "best epoch {best} of {epochs} by {metric}",
                best=summary.best_epoch,
                epochs=summary.epochs,
                metric=term(metrics.get("monitor", "loss")),
            )
        )
    if metrics.get("stopped"):
        said.append(say("stopped: {why}", why=retold(str(metrics["stopped"]))))
    if summary.seconds is not None:
        said.append(say("trained, scored and saved in {seconds:.1f} s", seconds=summary.seconds))
    yield Text(said)


def _counted(summary: RunSummary) -> str:
    seeds, folds = summary.seeds, summary.folds
    if folds == 1:
        return say("{seeds:,} seeds, mean ± standard deviation", seeds=seeds) if seeds > 1 else ""
    if seeds == 1:
        return say("{folds:,} folds, mean ± standard deviation", folds=folds)
    return say("{folds:,} folds x {seeds:,} seeds, mean ± standard deviation", folds=folds, seeds=seeds)


def _diagnosis(run: Path) -> list[str]:
    return [f"{str(found)[0].upper()}{str(found)[1:]}." for found in diagnose(read_record(run))]


def _curves(summary: RunSummary, members: Sequence[Path], picture: Draw) -> Iterator[Block]:
    from mlpcli.plotting.learning_curves import learning_curves
    from mlpcli.plotting.run_plots import series_figure

    if not summary.epochs:
        yield Text([say("No epoch has finished yet.")])
    elif run_directory.holds_folds(summary.path):
        yield picture(series_figure(summary.path), say("The scores and curves of all folds"))
    elif len(members) > 1:
        yield picture(series_figure(summary.path), say("The curves of all seeds"))
    else:
        run = members[0] if members else summary.path
        yield picture(learning_curves([read_curves(run)]), say("Loss and metrics after each epoch"))


def _evaluation_pictures(run: Path, picture: Draw) -> Iterator[Block]:
    from mlpcli.plotting.run_plots import draw_evaluation

    for stem, figure in draw_evaluation(run).items():
        yield picture(figure, term(stem).replace("_", " ").capitalize())


def _picture(figure: Figure, shows: str) -> Picture:
    from mlpcli.plotting.style import png_of

    return Picture(shows, *png_of(figure, PICTURE_DPI))


def _undrawn(figure: Figure, shows: str) -> Picture:
    return Picture(shows)


def _classes(evaluation: Mapping[str, Any]) -> Table | None:
    found = evaluation.get("per_class")
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    rows = [
        [str(entry.get("name")), *(number(entry.get(key)) for key in ("precision", "recall", "f1")), _count(entry)]
        for entry in entries[:MOST_CLASSES]
    ]
    return Table((say("class"), *map(term, ("precision", "recall")), "F1", say("rows")), rows) if rows else None


def _count(entry: Mapping[str, Any]) -> str:
    rows = entry.get("support")
    return f"{rows:,}" if isinstance(rows, int) else ""


def _data(run: Path, metrics: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    config = read_config(run)
    data = config.get("data") if isinstance(config.get("data"), dict) else {}
    assert isinstance(data, dict)
    yield say("source"), str(data.get("source"))
    if data.get("target"):
        yield say("target"), str(data["target"])
    rows = metrics.get("rows")
    if isinstance(rows, dict):
        counts = (say("{rows:,} {part}", rows=count, part=term(part)) for part, count in rows.items() if count)
        yield say("rows"), ", ".join(counts)
    chosen = metrics.get("chosen")
    if isinstance(chosen, dict):
        yield say("task"), term(str(chosen.get("task")))
        yield say("scaling"), str(chosen.get("scaling"))
    if fingerprint := read_environment(run).get("data_fingerprint"):
        yield say("fingerprint"), str(fingerprint)


def _layers(run: Path) -> list[Block]:
    """The layers of the model file; nothing where there is none that can be read."""
    from mlpcli.workflows.summary import summary

    try:
        found = summary(run)
    except MlpcliError:
        return []
    rows = [
        [
            layer.name,
            layer.keras_class,
            "x".join(map(str, layer.size.output_shape)),
            f"{layer.size.trainable + layer.size.non_trainable:,}",
        ]
        for layer in found.layers
    ]
    total = say(
        "{trainable:,} trainable parameters, {others:,} others",
        trainable=found.trainable,
        others=found.non_trainable,
    )
    return [Table((say("layer"), say("kind"), say("output"), say("parameters")), rows, 2), Text([total])]


def _repeat(summary: RunSummary, run: Path) -> Iterator[Block]:
    environment = read_environment(run)
    command = environment.get("command")
    lines = [f"mlpcli reproduce {shlex.quote(str(run))}"]
    if isinstance(command, list) and command:
        lines.insert(0, shlex.join(map(str, command)))
    yield Text(lines, code=True)
    versions, machine = environment.get("versions", {}), environment.get("machine", {})
    rows = [*((name, str(version)) for name, version in versions.items() if version)]
    names = {"system": say("system"), "cpu": say("cpu"), "cores": say("cores")}
    rows += [(told, str(machine[name])) for name, told in names.items() if name in machine]
    if environment.get("started"):
        rows.append((say("started"), retold(str(environment["started"]))))
    yield Table(("", ""), rows, 2)


STYLE = """
body { font: 16px/1.5 system-ui, "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo", sans-serif; color: #1c1c1c;
  background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; margin-top: 3rem; border-bottom: 2px solid #1c1c1c; } h1:first-child { margin-top: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
th, td { padding: .25rem .8rem .25rem 0; text-align: right; border-bottom: 1px solid #ddd; vertical-align: top;
  white-space: nowrap; word-break: keep-all; }
th.word, td.word { text-align: left; white-space: normal; } td.word:last-child { overflow-wrap: anywhere; }
figure { margin: .5rem 0; overflow-x: auto; } img { display: block; max-width: 100%; height: auto; }
.pictures { display: flex; flex-wrap: wrap; gap: 0 2%; } figure.broad { width: 100%; } figure.small { width: 49%; }
pre { background: #f5f5f5; padding: .8rem; overflow-x: auto; font-size: .85rem; overflow-wrap: normal; }
summary { cursor: pointer; font-weight: bold; margin-top: 2rem; }
p { margin: .3rem 0; }
@media screen and (max-width: 40rem) { figure.small { width: 100%; }
  figure.broad img { max-width: none; width: auto; height: 17rem; } figure.tall img { max-width: 100%; height: auto; } }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } h2, figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; } pre { white-space: pre-wrap; overflow-wrap: anywhere; } img { max-height: 24cm; }
  .pictures { display: block; } figure.small { display: inline-block; } details pre { columns: 2; font-size: 8pt; }
  .wide { overflow-x: visible; } details::details-content { content-visibility: visible; block-size: auto; } }
"""


def as_html(title: str, sections: Sequence[Section]) -> str:
    """One file that needs no other and no script."""
    body = "\n".join(_section_html(section) for section in sections)
    head = '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">'
    head += f"\n<title>{html_text(title)}</title>\n<style>{STYLE}</style>"
    html = f'<html lang="{current_language()}">'
    return f"<!DOCTYPE html>\n{html}\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n"


def _section_html(section: Section) -> str:
    groups = groupby(section.blocks, lambda block: isinstance(block, Picture))
    blocks = "\n".join(_pictures_html(group) if drawn else _blocks_html(group) for drawn, group in groups)
    if section.folded:
        return f"<details>\n<summary>{html_text(section.title)}</summary>\n{blocks}\n</details>"
    return f"<h{section.level}>{html_text(section.title)}</h{section.level}>\n{blocks}"


NARROW = 7.2
"""Inches up to which two pictures stand side by side."""
TALL = 0.8
"""From this height for its width on, a picture is readable as wide as a phone is."""


def _pictures_html(pictures: Iterable[Block]) -> str:
    """Small ones side by side where there is room."""
    return "\n".join(['<div class="pictures">', *map(_block_html, pictures), "</div>"])


def _blocks_html(blocks: Iterable[Block]) -> str:
    return "\n".join(map(_block_html, blocks))


def _kind_of(png: bytes) -> str:
    """How the page sets the picture, by the size that its header says: broad and low ones scroll on a phone."""
    width, height = (int.from_bytes(png[place : place + 4], "big") for place in (16, 20))
    if width <= NARROW * PICTURE_DPI:
        return "small"
    return "broad tall" if height >= TALL * width else "broad"


def _block_html(block: Block) -> str:
    if isinstance(block, Picture):
        content = base64.b64encode(block.png).decode("ascii")
        image = f'<img alt="{html_text(block.shows)}" src="data:image/png;base64,{content}">'
        return f'<figure class="{_kind_of(block.png)}">{image}</figure>'
    if isinstance(block, Text):
        if block.code:
            return f"<pre>{html_text(chr(10).join(block.lines))}</pre>"
        return "\n".join(f"<p>{html_text(line)}</p>" for line in block.lines)
    heads = f"<tr>{_cells_html('th', block.columns, block.left)}</tr>\n" if any(block.columns) else ""
    rows = "\n".join(f"<tr>{_cells_html('td', row, block.left)}</tr>" for row in block.rows)
    return f'<div class="wide"><table>\n{heads}{rows}\n</table></div>'


def _cells_html(tag: str, texts: Sequence[str], left: int) -> str:
    kinds = [' class="word"' if place < left else "" for place in range(len(texts))]
    return "".join(f"<{tag}{kind}>{html_text(text)}</{tag}>" for kind, text in zip(kinds, texts, strict=True))


def as_markdown(title: str, sections: Sequence[Section]) -> str:
    """For issues and notebooks; pictures are left out."""
    parts = [] if sections and sections[0].level == 1 else [f"# {_plain(title)}\n"]
    for section in sections:
        blocks = [text for block in section.blocks if (text := _block_markdown(block))]
        if blocks:
            parts += [f"{'#' * section.level} {_plain(section.title)}\n", *blocks]
    return "\n".join(parts)


def _block_markdown(block: Block) -> str:
    if isinstance(block, Picture):
        return ""
    if isinstance(block, Text):
        if block.code:
            return "\n".join(["```", *map(visible, block.lines), "```", ""])
        return "".join(f"{_plain(line)}\n\n" for line in block.lines)
    marks = ["---" if place < block.left else "---:" for place in range(len(block.columns))]
    lines = [[_plain(cell) for cell in row] for row in (block.columns, *block.rows)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (lines[0], marks, *lines[1:])) + "\n"


_MARKDOWN = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_{}[]<>#|"})


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return visible(text).translate(_MARKDOWN)
