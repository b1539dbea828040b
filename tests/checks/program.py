"""What the program itself says that it reads and can do."""

import dataclasses
from collections.abc import Iterator

from cyclopts import App

from backroom.cli import app
from backroom.config import Settings
from tests.checks.documentation import SETTING
from tests.checks.files import ROOT


def settings() -> set[str]:
    """The variables of the environment that the program reads."""
    fields = {f"BACKROOM_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    sources = (path.read_text(encoding="utf-8") for path in ROOT.glob("src/**/*.py"))
    return fields.union(*(SETTING.findall(source) for source in sources))


def modules() -> list[str]:
    """Every module's path below the repository."""
    return [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("src/backroom/**/*.py"))]


def commands() -> list[str]:
    """Every command with its group before it: "serve", "user create"."""
    return list(_below(app))


def _below(group: App, prefix: str = "") -> Iterator[str]:
    for name in group:
        if name.startswith("-"):
            continue
        command = group[name]
        if command.default_command is not None and command.show:
            yield prefix + name
        yield from _below(command, f"{prefix}{name} ")
