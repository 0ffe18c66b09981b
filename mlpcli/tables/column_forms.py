"""Profiles the columns of a table, and decides how their cells are read: gaps, numbers in any dress, dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from mlpcli.config.yaml_names import yaml_names
from mlpcli.machine import in_threads
from mlpcli.tables.column_format import ColumnFormat
from mlpcli.tables.dates import DATE_NAME, EPOCH_NAME, DateFormat, Order, format_told, numeric_forms
from mlpcli.tables.profile import KNOWN_GAPS, MOSTLY, ColumnProfile
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.texts import DistinctTexts, texts_kept
from mlpcli.tables.values import holds_number, plain_numbers
from mlpcli.text import plural, shown

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig
    from mlpcli.tables.raw_table import RawTable


MOST_CODES = 20
"""Whole numbers that are codes become categories; more distinct ones than this stay numbers."""
MOST_WORDS = 5
"""Different unknown words among numbers that are taken for gaps; more of them are another matter."""
FREQUENT, FEWEST_FREQUENT = 0.05, 3
"""From this share of the rows on, and so many of them, a word such as None is a value of a column of texts, no gap."""
FEWEST_DRESSED = 3
"""Different numbers with a unit; fewer are rather names: 2WD and 4WD."""


def profile_columns(batches: Iterable[RawTable], data: DataConfig) -> dict[str, ColumnProfile]:
    """Profiles of all columns, in the order of the file, and how their cells are to be read.

    Args:
        batches: the rows as they are written (ReadOptions.formats is None).
        data: what it says of gaps, types and forms is followed.
    """
    profiles: dict[str, ColumnProfile] = {}
    gap_words = ReadOptions.of(data).gap_words
    for batch in batches:
        kept = texts_kept(len(batch.names))
        for name in batch.names:
            profiles.setdefault(name, ColumnProfile(name, DistinctTexts(kept)))
        in_threads(partial(_add_column, profiles, batch, gap_words), batch.names, len(batch) * len(batch.names))
    settle(profiles, data)
    return profiles


def _add_column(profiles: Mapping[str, ColumnProfile], batch: RawTable, gap_words: Sequence[str], name: str) -> None:
    column = batch.columns[name]
    plain = None if holds_number(tuple(gap_words)) else plain_numbers(column)
    if plain is not None:
        batch.known[name, "number"] = plain
    days = profiles[name].add(column, batch.place, gap_words, plain)
    if days is not None:
        batch.known[name, "date"] = days


def settle(profiles: Mapping[str, ColumnProfile], data: DataConfig) -> None:
    """Decide, for profiles of all rows, how the cells of each column are read; changes their counts accordingly."""
    forms = [profile.number_forms for profile in profiles.values()]
    signs = {form.decimal for form in forms if bool(form.clear["."]) != bool(form.clear[","]) and form.dressed}
    for profile in profiles.values():
        profile.number_forms.told = data.decimal
        profile.number_forms.elsewhere = next(iter(signs)) if len(signs) == 1 else None
        told = data.types.get(profile.name)
        _count(profile, told)
        as_told = told in ("category", "boolean")
        if as_told or not (_settle_dates(profile, data) or _settle_numbers(profile, told)):
            _settle_texts(profile, data)


def _count(profile: ColumnProfile, told: str | None) -> None:
    """Numbers and dates of the column; what has a unit counts where it is not rather a word after a number."""
    forms, reading = profile.number_forms, profile.number_forms.reading
    profile.numbers, profile.whole = reading.rows, reading.whole
    profile.low, profile.high = reading.low, reading.high
    profile.dates = profile.date_forms.rows
    few = not profile.seen.many and len(profile.seen) < FEWEST_DRESSED
    codes = bool(forms.mixture) and not profile.seen.many and len(profile.seen) <= MOST_CODES
    united = sum(rows for unit, rows in forms.units.items() if unit)
    if united and told != "number" and (few or codes or forms.of_many_units):
        profile.numbers -= min(united, profile.numbers)
        profile.whole = min(profile.whole, profile.numbers)
        forms.units, forms.rows = Counter({"": forms.units[""]}), forms.rows - united


def _settle_numbers(profile: ColumnProfile, told: str | None) -> bool:
    """Whether the column is one of numbers, apart from words that are gaps."""
    gaps = _gaps(profile, profile.numbers, told == "number")
    if gaps is None:
        return False
    form = profile.number_forms.format
    if form is not None:
        profile.notes += (f"{form.describe()}{_otherwise(profile)}",)
    _take_for_gaps(profile, gaps, f"{profile.numbers:,} numbers")
    if form is not None or gaps:
        profile.format = ColumnFormat(number=form, gaps=tuple(gaps))
    return True


def _otherwise(profile: ColumnProfile) -> str:
    """The setting that reads the numbers in the other way, where the rows do not tell."""
    forms = profile.number_forms
    if not forms.guessed:
        return ""
    written = "," if forms.unclear[","] else "."
    value = "1.25" if forms.decimal == written else "1250"
    other = "." if forms.decimal == "," else ","
    return f' (1{written}250 is read as {value}; data.decimal: "{other}" reads it in the other way)'


def _settle_dates(profile: ColumnProfile, data: DataConfig) -> bool:
    """Whether the column is one of dates, apart from words that are gaps."""
    told = data.date_format.get(profile.name)
    is_told = told is not None or data.types.get(profile.name) == "date"
    form = format_told(told) if told is not None else _numeric_dates(profile, is_told)
    if form is not None:
        texts = [text for text in profile.seen.texts() if text.lower() not in KNOWN_GAPS]
        profile.dates = profile.present if form.fits(texts) else profile.dates
        profile.numbers = 0 if form.fits(texts) else profile.numbers
    gaps = _gaps(profile, profile.dates, is_told)
    if gaps is None:
        return False
    orders = profile.date_forms.possible()
    if form is None and len(orders) == 1 and orders[0] != "ymd":
        form = DateFormat(order=orders[0])
    if form is not None:
        profile.notes += (form.describe(),)
    _take_for_gaps(profile, gaps, f"{profile.dates:,} dates")
    if form is not None or gaps:
        profile.format = ColumnFormat(date=form, gaps=tuple(gaps))
    return True


def _numeric_dates(profile: ColumnProfile, told: bool) -> DateFormat | None:
    """The form of dates written as numbers (20241011, or 45576 in spreadsheets), by the column's name or as told."""
    if not profile.numbers or not (told or DATE_NAME.search(profile.name)):
        return None
    for form in numeric_forms(profile.low, profile.high, profile.whole == profile.numbers):
        by_name = form not in ("unix", "unix ms") or EPOCH_NAME.search(profile.name) is not None
        if (told or by_name) and (form != "compact" or DateFormat(form).fits(profile.seen.texts())):
            return DateFormat(form)
    return None


def unclear_orders(profile: ColumnProfile, data: DataConfig) -> list[Order]:
    """The orders that dates may have where neither rows nor config tell which; else []."""
    orders = profile.date_forms.possible()
    settled = profile.name in data.date_format or profile.dates != profile.present
    return orders if len(orders) > 1 and not settled else []


def guessed_order(profile: ColumnProfile, orders: Sequence[Order]) -> Order:
    """The likeliest of several orders: with slashes the month first, as in the USA, else the year or the day."""
    slashes = any("/" in text for text in profile.seen.starts(1))
    return next(order for order in (("mdy", "ymd", "dmy") if slashes else ("ymd", "dmy", "mdy")) if order in orders)


def _gaps(profile: ColumnProfile, fitting: int, told: bool) -> list[str] | None:
    """The words that are gaps in a column whose other values fit; None where it is not such a column."""
    others = profile.others
    known = [text for text in others if text.lower() in KNOWN_GAPS]
    unknown = [text for text in others if text.lower() not in KNOWN_GAPS]
    rest = profile.present - fitting - sum(others[text] for text in known)
    if fitting <= 0:
        return None
    if rest <= 0 or told:
        return known
    words = len(unknown) <= MOST_WORDS and not any(letter.isdigit() for text in unknown for letter in text)
    amounts = profile.seen.many or len(profile.seen) > MOST_CODES
    few = rest <= (1 - MOSTLY) * (fitting + rest) and rest == sum(others[text] for text in unknown)
    return [*known, *unknown] if words and amounts and few else None


def _take_for_gaps(profile: ColumnProfile, words: list[str], among: str) -> None:
    counts = {word: profile.others[word] for word in words}
    rows = sum(counts.values())
    if not rows:
        return
    profile.missing += rows
    profile.gap_words.update(counts)
    profile.seen.discard(words, rows)
    profile.notes += (
        f"{plural(rows, 'cell', 'cells')} among {among} treated as missing ({_counted(counts)}); data.types:"
        f" {{{yaml_names([profile.name])[1:-1]}: category}} keeps the words",
    )


def _settle_texts(profile: ColumnProfile, data: DataConfig) -> None:
    """Usual words for a gap that are frequent among texts are values."""
    if profile.present == 0:
        return
    if profile.booleans == profile.present:  # Yes and yes are the same
        return
    profile.notes += capitals_note(profile)
    told = {value.strip() for value in data.na_values or ()}
    least = max(FEWEST_FREQUENT, FREQUENT * profile.rows)
    frequent = {word: rows for word, rows in profile.gap_words.items() if word not in told and rows >= least}
    if not frequent:
        return
    for word, rows in frequent.items():
        profile.missing -= rows
        profile.others[word] += rows
        profile.seen.insert(word, rows)
        if profile.labels is not None:
            profile.labels[word] += rows
        del profile.gap_words[word]
    profile.format = ColumnFormat(values=tuple(frequent))
    profile.notes += (
        f"frequent words are values, not missing ones ({_counted(frequent)}); data.na_values:"
        f" {yaml_names(list(frequent))} treats them as missing",
    )


def capitals_note(profile: ColumnProfile) -> tuple[str, ...]:
    """A note on texts that differ in capitals only, and are probably one; () where there are none."""
    alike: dict[str, dict[str, int]] = {}
    for text, rows in (profile.labels or {}).items():
        alike.setdefault(text.casefold(), {})[text] = rows
    groups = [group for group in alike.values() if len(group) > 1]
    if not groups:
        return ()
    more = f" and {len(groups) - 1:,} more" if len(groups) > 1 else ""
    return (
        f"values differ only in capitals ({_counted(groups[0])}{more}) and count as different; write them alike if they"
        " mean the same",
    )


def _counted(words: Mapping[str, int]) -> str:
    return ", ".join(f'"{shown(word)}" {rows:,}' for word, rows in words.items())
