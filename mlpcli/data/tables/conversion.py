"""From the columns of a table, of whatever type, to values: numbers, texts, truth, dates.

Every function takes one column; those that can refuse also take its name and what tells where a row stands.
"""

from __future__ import annotations

from mlpcli.data.tables.booleans import as_booleans, boolean_mask
from mlpcli.data.tables.dates import as_dates, date_mask
from mlpcli.data.tables.numbers import as_numbers, number_mask
from mlpcli.data.tables.texts import as_texts

__all__ = ["as_booleans", "as_dates", "as_numbers", "as_texts", "boolean_mask", "date_mask", "number_mask"]
