"""What a first config is called: the data's own name, without what a run directory cannot be called."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from mlpcli.artifacts.run_directory import LONGEST_NAME_BYTES, folder_name

ENDS = (".csv", ".tsv", ".parquet", ".npz", ".gz", ".bz2", ".zst", ".xz")
WILDCARDS = re.compile(r"[*?\[]")
OTHERWISE = "data"


def config_name(data: str) -> str:
    """`people (1).csv.gz` to `people-1`; of a pattern such as `people/*.csv` the folder's name."""
    path = Path(data).expanduser()
    while WILDCARDS.search(path.name) and not path.exists():
        path = path.parent
    name = path.name or path.resolve().name
    while name.lower().endswith(ENDS):
        name = name[: name.rindex(".")]
    kept = (letter if _allowed(letter) else "-" for letter in unicodedata.normalize("NFC", name))
    name = re.sub("-+", "-", "".join(kept)).strip("-.")
    name = name.encode("utf-8")[:LONGEST_NAME_BYTES].decode("utf-8", "ignore").rstrip("-.")
    try:
        return folder_name(name)
    except ValueError:
        return OTHERWISE


def _allowed(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN" or letter in "._-"
