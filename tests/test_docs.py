"""Docs that cannot lie: generated pages are as the code would write them, and every command shown can be typed."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlpcli import __version__
from tests.markdown_parts import ROOT, check_command, command_in

PAGES = [
    ROOT / "README.md",
    ROOT / "README.ko.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "configs").rglob("*.yaml")),
]
MARKDOWN = [page for page in PAGES if page.suffix == ".md"]


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        commands = map(command_in, page.read_text(encoding="utf-8").splitlines())
        found += [(_name(page), command) for command in commands if command is not None]
    return found


@pytest.mark.parametrize(("page", "line"), _commands())
def test_every_command_shown_can_be_typed(page: str, line: str) -> None:
    check_command(line)


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_the_readme_shows_commands(name: str) -> None:
    assert sum(page == name for page, _ in _commands()) >= 5


@pytest.mark.parametrize("name", ["config.md", "commands.md"])
def test_generated_pages_are_up_to_date(name: str) -> None:
    pages: dict[str, Any] = _generator().pages()
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == pages[name], "run `make docs`"


@pytest.mark.parametrize("page", MARKDOWN, ids=_name)
def test_links_and_pictures_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if "://" not in target:
            linked = page.parent / path if path else page
            assert linked.exists(), target
            assert not anchor or anchor in _anchors(linked), target


def _anchors(page: Path) -> set[str]:
    """The names that GitHub gives to the headings: lower case, no punctuation, hyphens for blanks."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_anchors_are_those_of_github(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("# 데이터 (CSV, `.xlsx`)\n```\n# no title\n```\n## A_b-c: d\n", encoding="utf-8")
    assert _anchors(page) == {"데이터-csv-xlsx", "a_b-c-d"}


@pytest.mark.parametrize("page", MARKDOWN, ids=_name)
def test_files_that_are_named_exist(page: Path) -> None:
    for name in re.findall(r"(?:tests|benchmarks|mlpcli)/[\w/]+\.py", page.read_text(encoding="utf-8")):
        assert (ROOT / name).is_file(), name


def test_files_that_the_architecture_names_exist() -> None:
    names = set(re.findall(r"[\w/]+\.py\b", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")))
    assert len(names) > 50
    assert [name for name in sorted(names) if not any((top / name).is_file() for top in (ROOT, ROOT / "mlpcli"))] == []


def test_the_citation_names_the_version_that_is_here() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys(), "CFF requires them"
    assert citation["version"] == __version__
    assert citation["license"] == "Apache-2.0"


def test_the_newest_entry_of_the_changelog_is_the_version_that_is_here() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[([\w.]+)\] - \d{4}-\d\d-\d\d$", changelog, re.M)
    assert versions[0] == __version__


def _generator() -> Any:
    specification = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
