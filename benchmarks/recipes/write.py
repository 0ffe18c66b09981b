"""Everything that is written from the stored results: `python -m benchmarks.recipes.write`."""

from __future__ import annotations

from benchmarks.recipes import korean
from benchmarks.recipes.cards import write_cards
from benchmarks.recipes.jobs import ROOT, refuse_stale
from benchmarks.recipes.pages import recipes_page
from benchmarks.recipes.study_pages import initializers_page, optimizers_page, regularization_page

PAGES = {
    "recipes.md": recipes_page,
    "optimizers.md": optimizers_page,
    "initializers.md": initializers_page,
    "regularization.md": regularization_page,
}


def write_all() -> None:
    """The cards of the configs, the pages of docs/ and their pictures."""
    refuse_stale()
    write_cards()
    for name, page in PAGES.items():
        (ROOT / "docs" / name).write_text(page(), encoding="utf-8")
    korean.PAGE.write_text(korean.with_stored_figures(korean.PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write_all()
