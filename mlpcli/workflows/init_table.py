"""Tables as `init` sees them: the target, the useful columns, and those that are better left out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mlpcli.config.data_words import ColumnKind, resolve_task
from mlpcli.config.sections import DataConfig, PiecewiseLinear
from mlpcli.config.yaml_writer import in_a_comment, yaml_list, yaml_value
from mlpcli.data.dataset import Part, Rows, Source
from mlpcli.data.look.codes import find_codes
from mlpcli.data.look.findings import raw_columns
from mlpcli.data.look.leaks import find_leaks
from mlpcli.data.look.look_at import draw_sample
from mlpcli.data.streaming.load_streamed import should_stream
from mlpcli.errors import SettingError
from mlpcli.files import reading
from mlpcli.tables.column_format import ColumnFormat
from mlpcli.tables.column_forms import guessed_order, profile_columns, unclear_orders
from mlpcli.tables.dates import DateFormat
from mlpcli.tables.guess_target import guess_target
from mlpcli.tables.kinds import Verdict, choose_kinds, column_formats, judge
from mlpcli.tables.line_edit import PLAIN_LINES, LineRules
from mlpcli.tables.preprocessing import Preprocessing, fit_preprocessing
from mlpcli.tables.profile import ColumnProfile, ColumnSummary, column_lines, mixed_message
from mlpcli.tables.raw_table import RawTable, ReadOptions, check_known, usable_rows
from mlpcli.tables.suggest_rules import suggest_rules
from mlpcli.tables.table_files import is_parquet, table_files
from mlpcli.tables.table_reader import read_batches
from mlpcli.tables.target import TargetEncoder, choose_target, whole_numbers_of
from mlpcli.text import clean_text, plural, shown
from mlpcli.workflows.starter_data import Entry, StarterData

COMMENT_WIDTH = 100
MOST_NOTES = 20
"""On how columns are read; the config has all of them."""
Profiles = Mapping[str, ColumnProfile]


@dataclass(frozen=True)
class _Chosen:
    """What was decided about the columns.

    data: as the config will have it. unusable: column to the reason why it must be excluded.
    doubtful: column to the reason why it perhaps should be. codes: columns of numbers that are perhaps codes. notes:
    about the target.
    """

    data: DataConfig
    target: TargetEncoder
    kinds: dict[str, ColumnKind]
    unusable: dict[str, str]
    doubtful: dict[str, str]
    codes: tuple[str, ...]
    notes: list[str]


def look_at_table(path: Path, source: str, targets: Sequence[str]) -> StarterData:
    """Look at all rows of a table (see `look_at_data`); the target is guessed where none is named."""
    with reading(path):
        first: list[RawTable] = []
        rules, of_lines = _line_rules(path)
        batches = read_batches(path, ReadOptions(rules=rules))
        profiles = profile_columns(_keeping_first(batches, first), DataConfig(source=str(path)))
        names = _named(targets, profiles) or (guess_target(list(profiles), profiles),)
        chosen = _choose(path, profiles, names, first[0], guessed=not targets)
        learnt = _fitted(path, ReadOptions(rules=rules), profiles, chosen, first[0])
    name = names[0]
    encoded = chosen.data.model_copy(update={"numeric_encoding": PiecewiseLinear()})
    rows = min(profiles[column].present for column in names)
    notes = [*of_lines]
    notes += [f"column {shown(column)} is excluded: {why}" for column, why in chosen.unusable.items()]
    doubt = len(names) == 1 and whole_numbers_of(profiles[name]).distinct > 2  # two numbers are classes to everybody
    notes += [note for note in chosen.notes if note.startswith("column ") or (doubt and "data.task" in note)]
    read = [column for column in profiles if column in chosen.kinds]
    notes += [f"column {shown(column)}: {note}" for column in read for note in profiles[column].notes][:MOST_NOTES]
    if not targets:
        notes.insert(0, f"guessed the target: {shown(name)} (change it with --target COLUMN)")
    return StarterData(
        found=f"{path.name}: {plural(profiles[name].rows, 'row', 'rows')}, {len(profiles):,} columns",
        source=source,
        task=resolve_task("auto", chosen.target.class_names),
        rows=rows,
        inputs=len(learnt.feature_names),
        class_rows=_class_rows(profiles[name], chosen.target),
        kinds=frozenset(chosen.kinds.values()),
        streamed=should_stream(path, encoded)[0],
        entries=(*_rule_entries(rules), *_entries(profiles, chosen, guessed=not targets)),
        notes=tuple(notes),
    )


def _named(targets: Sequence[str], profiles: Profiles) -> tuple[str, ...]:
    """The columns of --target, given several times or with commas between them; a name may have commas of its own."""
    names = [clean_text(target) for target in targets]
    return tuple(
        part
        for name in names
        for part in ([name] if name in profiles else [clean_text(some) for some in name.split(",")])
    )


def _line_rules(path: Path) -> tuple[LineRules, list[str]]:
    """Which lines of the first file are names, and which are no rows; nothing is said of Parquet files."""
    file = table_files(path)[0]
    return (PLAIN_LINES, []) if is_parquet(file) else suggest_rules(file)


def _rule_entries(rules: LineRules) -> list[Entry]:
    entries: list[Entry] = []
    if rules.header is not None:
        why = 'no header; columns are "column 1" ...' if rules.header == "none" else "the line with the column names"
        entries.append((f"header: {rules.header}", why))
    if rules.skip:
        entries.append((f"skip_rows: {rules.skip}", "lines above the rows"))
    if rules.comment:
        entries.append((f"comment: {yaml_value(rules.comment)}", "lines that begin with it are skipped"))
    if rules.totals:
        entries.append((f"skip_totals: {yaml_list(list(rules.totals))}", "rows that begin with these words are totals"))
    return entries


def _choose(path: Path, profiles: Profiles, names: tuple[str, ...], first: RawTable, guessed: bool) -> _Chosen:
    check_known("--target", path.name, names, profiles)
    data = DataConfig(source=str(path), target=names[0])
    if len(names) > 1:  # numbers, whatever they look like: nothing else can be meant
        data = data.model_copy(update={"target": list(names), "task": "regression"})
    try:
        encoder, notes = choose_target(path.name, profiles, data)
    except SettingError as error:
        advice = "; name the column to predict with --target" if guessed else ""
        raise SettingError("--target", f"{error.message}{advice}") from error
    verdicts = {column: judge(profile) for column, profile in profiles.items() if column not in names}
    unusable = {
        column: _why_unusable(profiles[column], verdict)
        for column, verdict in verdicts.items()
        if verdict.trouble in ("free text", "mixed")
    }
    guesses = {
        column: guessed_order(profile, orders)
        for column, profile in profiles.items()
        if column not in names and (orders := unclear_orders(profile, data))
    }
    for column, order in guesses.items():
        profiles[column].format = replace(profiles[column].format or ColumnFormat(), date=DateFormat(order=order))
    data = data.model_copy(update={"exclude": list(unusable), "date_format": guesses})
    kinds = choose_kinds(path.name, profiles, data, names).kinds
    doubtful = {column: verdicts[column].note for column in kinds if kinds[column] == "number"}
    doubtful = {column: f"{shown(column)}: {note}" for column, note in doubtful.items() if note}
    plain = first.read_as(ReadOptions(formats=column_formats(profiles, {**kinds, **encoder.kinds})))
    leaks, codes = look_at_rows(plain, data, encoder, {c: k for c, k in kinds.items() if c not in doubtful})
    return _Chosen(data, encoder, kinds, unusable, {**doubtful, **leaks}, codes, notes)


def _fitted(path: Path, options: ReadOptions, profiles: Profiles, chosen: _Chosen, first: RawTable) -> Preprocessing:
    """What training would learn of the columns if it had all rows; those behind the first batch are read again."""
    formats = column_formats(profiles, {**chosen.kinds, **chosen.target.kinds})
    options = replace(options, formats=formats)
    rows = next(iter(profiles.values())).rows
    batches = [first.read_as(options)] if len(first) == rows else read_batches(path, options)
    return fit_preprocessing(batches, chosen.kinds, chosen.target, chosen.data, options)[0]


def _why_unusable(profile: ColumnProfile, verdict: Verdict) -> str:
    if verdict.trouble == "mixed":
        return mixed_message(profile).removeprefix(f"{shown(profile.name)}: ")
    return f"holds free text, {verdict.note}"


def _keeping_first(batches: Iterable[RawTable], first: list[RawTable]) -> Iterator[RawTable]:
    """The batches as they come; the first one (65,536 rows at most) is put into `first`."""
    for batch in batches:
        if not first:
            first.append(batch)
        yield batch


def _class_rows(profile: ColumnProfile, target: TargetEncoder) -> tuple[int, ...]:
    """Rows of each class; none where the target is a number."""
    if target.class_names is None or profile.labels is None:
        return ()
    return tuple(profile.labels[name] for name in target.class_names)


def _entries(profiles: Profiles, chosen: _Chosen, guessed: bool) -> list[Entry]:
    entries = _target_entries(profiles, chosen, guessed)
    if chosen.unusable:
        entries += _wrapped(f"{shown(column)}: {why}" for column, why in chosen.unusable.items())
        entries.append((f"exclude: {yaml_list(list(chosen.unusable))}", "cannot be read as they are"))
    if chosen.data.date_format:
        told = ", ".join(f"{yaml_list([column])[1:-1]}: {order}" for column, order in chosen.data.date_format.items())
        entries.append((f"date_format: {{{told}}}", "a guess; dmy: day first, mdy: month first, ymd: year first"))
    if chosen.doubtful:
        entries += _wrapped(why for why in chosen.doubtful.values() if why)
        entries.append((f"# exclude: {yaml_list([*chosen.unusable, *chosen.doubtful])}", "perhaps better left out"))
    if chosen.codes:
        types = ", ".join(f"{yaml_list([column])[1:-1]}: category" for column in chosen.codes)
        entries.append((f"# types: {{{types}}}", "perhaps codes, not amounts"))
    return entries + column_comments(profiles, chosen.kinds, chosen.target.names)


def _target_entries(profiles: Profiles, chosen: _Chosen, guessed: bool) -> list[Entry]:
    names = chosen.target.names
    told = [target_comment(profiles[name], chosen.target) for name in names]
    if len(names) == 1:
        return [(f"target: {yaml_value(names[0])}", ("a guess; " if guessed else "") + told[0])]
    each = [f"{shown(name)}: {words}" for name, words in zip(names, told, strict=True)]
    entries = [(f"target: {yaml_list(list(names))}", "several numbers"), *_wrapped(each)]
    if any(whole_numbers_of(profiles[name]).classes for name in names):
        entries.append(("task: regression", "whole numbers are amounts here, not classes"))
    return entries


def _wrapped(texts: Iterable[str]) -> list[Entry]:
    """The text as comment lines of readable width."""
    lines = [line for text in texts for line in textwrap.wrap(in_a_comment(text), COMMENT_WIDTH)]
    return [(f"# {line}", "") for line in lines]


MOST_LISTED = 60
MOST_CLASSES = 8
LONGEST_EXAMPLE = 60


def target_comment(profile: ColumnProfile, target: TargetEncoder) -> str:
    """What is predicted: the classes, or the range of the number."""
    if target.class_names is None:
        return f"a number, {profile.low:.6g} to {profile.high:.6g}"
    first = ", ".join(shown(name) for name in target.class_names[:MOST_CLASSES])
    more = ", ..." if len(target.class_names) > MOST_CLASSES else ""
    return f"{len(target.class_names)} classes: {first}{more}"


def column_comments(
    profiles: Mapping[str, ColumnProfile], kinds: Mapping[str, ColumnKind], targets: tuple[str, ...]
) -> list[Entry]:
    """The columns as they are read, in the order of the file; very many are counted."""
    summaries = column_lines(profiles, kinds, targets)
    width = max(len(shown(summary.name)) for summary in summaries[:MOST_LISTED])
    lines = [line for summary in summaries[:MOST_LISTED] for line in _lines(summary, width, profiles[summary.name])]
    if len(summaries) > MOST_LISTED:
        lines.append(f"#   ... and {len(summaries) - MOST_LISTED:,} more")
    head = "# The columns as mlpcli reads them; types: {COLUMN: category} changes how one is read."
    return [(head, ""), *((line, "") for line in lines)]


def _lines(summary: ColumnSummary, width: int, profile: ColumnProfile) -> list[str]:
    """A column, and beneath it what people should know of how it is read."""
    used = profile.notes if summary.kind != "dropped" else ()
    notes = [textwrap.wrap(in_a_comment(note), COMMENT_WIDTH) for note in used]
    return [_line(summary, width), *(f"#     {line}" for note in notes for line in note)]


def _line(summary: ColumnSummary, width: int) -> str:
    values = summary.example if len(summary.example) <= LONGEST_EXAMPLE else summary.example[:LONGEST_EXAMPLE] + "..."
    counted = summary.kind in ("category", "target", "dropped")
    distinct = f"{summary.distinct} values: " if counted and summary.distinct != 1 else ""
    gaps = f", {summary.missing:,} missing" if summary.missing else ""
    return in_a_comment(f"#   {shown(summary.name):{width}}  {summary.kind:8}  {distinct}{values}{gaps}")


def look_at_rows(
    batch: RawTable, data: DataConfig, target: TargetEncoder, kinds: Mapping[str, ColumnKind]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Column to why it may be a leak, in words, and columns that are perhaps codes, by the first rows of the table.

    Raises:
        DataError, SettingError: as fitting the preprocessing would.
    """
    if not kinds:
        return {}, ()
    kept = usable_rows(batch, tuple(kinds), target.names, data.missing)
    if len(kept) == 0:
        return {}, ()
    table = batch.take(kept)
    preprocessing, _ = fit_preprocessing([table], kinds, target, data, ReadOptions())
    rows = Rows(preprocessing.encode(table), preprocessing.encode_target(table))
    source = Source("", "table", rows, None, target.class_names, None, None, preprocessing)
    sample = draw_sample(Part(rows.x, rows.y, np.arange(len(rows))))
    found: dict[str, str] = {}
    for finding in find_leaks(raw_columns(source), sample, target.class_names):
        found.update({name: str(finding) if index == 0 else "" for index, name in enumerate(finding.columns)})
    codes = [name for finding in find_codes(preprocessing, sample, target.class_names) for name in finding.columns]
    return found, tuple(name for name in codes if name not in found)
