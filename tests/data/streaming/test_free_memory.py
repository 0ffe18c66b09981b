"""How much memory there is, from files as Linux has them; what a table takes; the bound of streaming."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlpcli import machine
from mlpcli.data.streaming.convert import memory_bound, rows_per_batch
from mlpcli.machine import available_memory

GIB = 1 << 30


def _tree(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def _meminfo(kib: int) -> dict[str, str]:
    return {"proc__meminfo": f"MemTotal: 99999999 kB\nMemFree: 5 kB\nMemAvailable: {kib} kB\n"}


def test_what_the_system_says(tmp_path: Path) -> None:
    assert available_memory(_tree(tmp_path, **_meminfo(4096))) == 4096 * 1024


def _group(folder: Path, limit: str, used: int, files: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(limit, encoding="utf-8")
    (folder / "memory.current").write_text(str(used), encoding="utf-8")
    (folder / "memory.stat").write_text(f"anon 1\ninactive_file {files}\nactive_file 7\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("max", "max", 8 * GIB),
        ("max", str(2 * GIB), GIB + 5),  # 2 GiB, 1 GiB used, of which 5 bytes are files
        (str(GIB + 100), str(2 * GIB), 105),
        (str(GIB - 100), "max", 0),
    ],
)
def test_the_narrowest_control_group_counts(tmp_path: Path, outer: str, inner: str, expected: int) -> None:
    _tree(tmp_path, **_meminfo(8 << 20), proc__self__cgroup="0::/a.slice/b\n")
    base = tmp_path / "sys" / "fs" / "cgroup"
    _group(base / "a.slice", outer, GIB, 5)
    _group(base / "a.slice" / "b", inner, GIB, 5)
    assert available_memory(tmp_path) == expected


@pytest.mark.parametrize(("limit", "expected"), [(3 * GIB, 2 * GIB), (9223372036854771712, 8 * GIB)])
def test_control_groups_of_the_first_version(tmp_path: Path, limit: int, expected: int) -> None:
    _tree(tmp_path, **_meminfo(8 << 20))
    folder = tmp_path / "sys" / "fs" / "cgroup" / "memory"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text(f"{limit}\n", encoding="utf-8")
    (folder / "memory.usage_in_bytes").write_text(f"{GIB}\n", encoding="utf-8")
    assert available_memory(tmp_path) == expected


def test_without_proc_half_of_the_memory_is_taken_to_be_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "physical_memory", lambda: 8 * GIB)
    assert available_memory(tmp_path) == 4 * GIB
    monkeypatch.setattr(machine, "physical_memory", lambda: None)
    assert available_memory(tmp_path) is None


@pytest.mark.parametrize(("row_bytes", "rows"), [(1, 65_536), (200, 65_536), (2000, 32_768), (1e5, 512), (1e9, 64)])
def test_wide_rows_come_in_smaller_batches(row_bytes: float, rows: int) -> None:
    assert rows_per_batch(row_bytes) == rows


def test_the_bound_does_not_know_the_number_of_rows() -> None:
    assert memory_bound(width=20, row_bytes=150, columns=20) < 0.9 * GIB
    assert memory_bound(width=2000, row_bytes=20_000, columns=20) < 1.1 * GIB
