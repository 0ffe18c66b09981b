"""`make map`: how the code is cut. The files of each room with their lines, and who imports whom.

Only the source is read, with `ast`: nothing of mlpcli is imported. Imports inside functions count, and so do those
under `if TYPE_CHECKING`: a reader follows both.
"""

from __future__ import annotations

import ast
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PACKAGE = Path(__file__).resolve().parent.parent / "mlpcli"


@dataclass(frozen=True)
class Module:
    """One file with code, `lines` long, and the modules of the package that it imports; names are dotted."""

    name: str
    lines: int
    imports: frozenset[str]

    @property
    def room(self) -> str:
        """The package that the file lies in."""
        return self.name.rpartition(".")[0]


def read_modules(package: Path) -> dict[str, Module]:
    """Every file below `package`, by its dotted name; an `__init__.py` without code is left out."""
    paths = {_name_of(path, package): path for path in sorted(package.rglob("*.py"))}
    modules = {}
    for name, path in paths.items():
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text, str(path))
        if path.name != "__init__.py" or _has_code(tree):
            modules[name] = Module(name, len(text.splitlines()), _imports(tree, paths) - {name})
    return modules


def import_circles(modules: dict[str, Module]) -> list[list[str]]:
    """Groups of modules that import each other, straight or through others of the group (sorted)."""
    reached = {name: _reached_from(name, modules) for name in modules}
    groups = {frozenset(other for other in found if name in reached[other]) for name, found in reached.items()}
    return sorted(sorted(group) for group in groups if group)


def single_importers(modules: dict[str, Module]) -> list[tuple[str, str]]:
    """(module, importer) where exactly one module of the package imports it, and that one is in the same room."""
    importers: dict[str, list[str]] = {name: [] for name in modules}
    for module in modules.values():
        for name in module.imports & modules.keys():
            importers[name].append(module.name)
    return [
        (name, found[0])
        for name, found in importers.items()
        if len(found) == 1 and modules[found[0]].room == modules[name].room
    ]


def _name_of(path: Path, package: Path) -> str:
    return ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")


def _has_code(tree: ast.Module) -> bool:
    return len(tree.body) > (ast.get_docstring(tree) is not None)


def _imports(tree: ast.Module, known: Container[str]) -> frozenset[str]:
    """Known modules that the tree imports. `from a import b` is of `a.b` where that is a module, else of `a`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in known else node.module for name in inner}
    return frozenset(name for name in names if name in known)


def _reached_from(name: str, modules: dict[str, Module]) -> set[str]:
    """The modules that one comes to by following imports; `name` itself only where a circle leads back."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        new = (modules[waiting.pop()].imports & modules.keys()) - reached
        reached |= new
        waiting.extend(new)
    return reached


def show(modules: dict[str, Module]) -> str:
    """The map as text."""
    rooms: dict[str, list[Module]] = {}
    for module in modules.values():
        rooms.setdefault(module.room, []).append(module)
    said = []
    for room, files in sorted(rooms.items()):
        said.append(f"{room or '(top)'}: {len(files)} files, {sum(file.lines for file in files)} lines")
        said.extend(f"  {file.lines:4}  {file.name.rpartition('.')[2]}" for file in files)
    lines = [module.lines for module in modules.values()]
    said.append(f"\n{len(lines)} files with code, {sum(lines)} lines, median {median(lines):g}")
    circles, single = import_circles(modules), single_importers(modules)
    said.append(f"\nImport circles: {len(circles)}")
    said.extend("  " + ", ".join(circle) for circle in circles)
    said.append(f"\nFiles with one importer, beside them in the same room: {len(single)}")
    said.extend(f"  {name} <- {importer}" for name, importer in single)
    return "\n".join(said)


if __name__ == "__main__":
    print(show(read_modules(PACKAGE)))
