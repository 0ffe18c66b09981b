"""`make map`: what it counts, on a package made for the test; and the marks that the real package keeps."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _load_map() -> Any:
    specification = importlib.util.spec_from_file_location("docs_map", ROOT / "docs" / "map.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


code_map = _load_map()


@pytest.fixture(scope="module")
def modules() -> Any:
    return code_map.read_modules(ROOT / "mlpcli")


def _write(folder: Path, files: dict[str, str]) -> Any:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return code_map.read_modules(folder / "toy")


def test_lines_are_counted_and_an_init_without_code_is_no_file(tmp_path: Path) -> None:
    found = _write(
        tmp_path, {"toy/__init__.py": '"""Words only."""\n', "toy/a.py": "x = 1\ny = 2\n", "toy/room/__init__.py": ""}
    )
    assert {name: module.lines for name, module in found.items()} == {"toy.a": 2}


def test_every_form_of_import_is_seen(tmp_path: Path) -> None:
    text = "import toy.b\nfrom toy import c, __version__\nimport json\n\ndef f():\n    from toy.d import g\n"
    found = _write(
        tmp_path,
        {"toy/__init__.py": "__version__ = '1'\n", "toy/a.py": text} | {f"toy/{name}.py": "g = 1\n" for name in "bcd"},
    )
    assert found["toy.a"].imports == {"toy", "toy.b", "toy.c", "toy.d"}


def test_a_circle_through_an_import_for_types_is_found(tmp_path: Path) -> None:
    types_only = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from toy.a import x\n"
    found = _write(
        tmp_path,
        {
            "toy/a.py": "import toy.b\nx = 1\n",
            "toy/b.py": "import toy.c\n",
            "toy/c.py": types_only,
            "toy/d.py": "import toy.a\n",
        },
    )
    assert code_map.import_circles(found) == [["toy.a", "toy.b", "toy.c"]]


def test_a_file_with_one_importer_counts_where_both_share_a_room(tmp_path: Path) -> None:
    files = {
        "toy/r/a.py": "import toy.r.b, toy.s.c, toy.r.d\n",
        "toy/r/b.py": "import toy.r.d\n",
        "toy/r/d.py": "",
        "toy/s/c.py": "",
    }
    assert code_map.single_importers(_write(tmp_path, files)) == [("toy.r.b", "toy.r.a")]


def test_the_map_says_files_lines_and_circles(tmp_path: Path) -> None:
    found = _write(tmp_path, {"toy/a.py": "import toy.b\n", "toy/b.py": "import toy.a\n\n\n"})
    assert code_map.show(found).splitlines() == [
        "toy: 2 files, 4 lines",
        "     1  a",
        "     3  b",
        "",
        "2 files with code, 4 lines, median 2",
        "",
        "Import circles: 1",
        "  toy.a, toy.b",
        "",
        "Files with one importer, beside them in the same room: 2",
        "  toy.a <- toy.b",
        "  toy.b <- toy.a",
    ]


def test_there_are_few_enough_files_and_each_is_an_idea(modules: Any) -> None:
    assert len(modules) <= 366
    assert 130 <= median(module.lines for module in modules.values()) <= 200


def test_no_two_files_import_each_other_in_a_circle(modules: Any) -> None:
    assert code_map.import_circles(modules) == []


def test_few_files_are_there_for_one_other_file_alone(modules: Any) -> None:
    # Each picture is a file of its own, and the list of pictures alone imports it.
    assert len(code_map.single_importers(modules)) <= 56
