"""Modules that import each other, directly or by way of others; imports for types and inside functions count."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.checks.files import ROOT

SOURCES = ROOT / "src"

Graph = Mapping[str, set[str]]


def read_imports(sources: Path = SOURCES) -> dict[str, set[str]]:
    """Every module below the folder, with the modules among them that it imports.

    That a module's packages are imported before it isn't counted: nobody writes that down.
    """
    trees = {_name_of(path.relative_to(sources)): ast.parse(path.read_bytes()) for path in sources.rglob("*.py")}
    packages = {_name_of(path.relative_to(sources)) for path in sources.rglob("__init__.py")}
    inside = {name: name if name in packages else name.rpartition(".")[0] for name in trees}
    return {name: set(_imported(tree, inside[name], trees)) - {name} for name, tree in trees.items()}


def circles(imports: Graph) -> Iterator[str]:
    """One line for each group of modules of which every one leads to every other."""
    reached = {name: _reached(name, imports) for name in imports}
    told: set[str] = set()
    for name in sorted(imports):
        if name in told or name not in reached[name]:
            continue
        circle = sorted(other for other in reached[name] if name in reached[other])
        told.update(circle)
        yield f"{len(circle)} modules import each other in a circle: {', '.join(circle)}"


def _reached(start: str, imports: Graph) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in imports[waiting.pop()] - found:
            found.add(name)
            waiting.append(name)
    return found


def _imported(tree: ast.Module, package: str, modules: Mapping[str, object]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(node, package)
            for alias in node.names:
                whole = f"{source}.{alias.name}"
                yield from [name for name in (whole, source) if name in modules][:1]


def _absolute(node: ast.ImportFrom, package: str) -> str:
    """The module that `from … import` names; each dot after the first leads one package up."""
    if not node.level:
        return node.module or ""
    above = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def _name_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
