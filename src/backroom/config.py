"""Settings: parsed once from the environment and the command line's flags, then handed in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backroom.accounts.rules import Plan, parse_plan
from backroom.errors import Invalid


@dataclass(frozen=True, slots=True)
class Settings:
    """How this instance runs. Every field is a variable `BACKROOM_<NAME>`; the README has the table.

    Sizes are in bytes, times in seconds, rates in requests per minute.
    """

    data: Path = Path("data")
    database_url: str = ""
    files_url: str = ""
    default_plan: Plan = Plan.PRO
    rate_limits: bool = True
    rate_per_address: int = 60
    rate_per_project: int = 6000
    trusted_proxies: str = ""
    max_body: int = 64 * 1024 * 1024
    max_json: int = 2 * 1024 * 1024
    body_timeout: int = 30
    log_format: str = "auto"

    @property
    def files_path(self) -> Path:
        """The folder for files where `files_url` is empty."""
        return self.data / "files"


def read_settings(environment: Mapping[str, str] = os.environ, **flags: object) -> Settings:
    """Settings from `BACKROOM_*` variables, with flags (those not None) over them. Raises Invalid."""
    values: dict[str, object] = {}
    for name, default in _defaults().items():
        text = environment.get(f"BACKROOM_{name.upper()}")
        if text is not None and text.strip():
            values[name] = _parse(name, text.strip(), default)
    values |= {name: value for name, value in flags.items() if value is not None}
    return Settings(**values)  # type: ignore[arg-type]


def _defaults() -> dict[str, object]:
    settings = Settings()
    return {name: getattr(settings, name) for name in Settings.__dataclass_fields__}


def _parse(name: str, text: str, default: object) -> object:
    variable = f"BACKROOM_{name.upper()}"
    if isinstance(default, bool):
        return _parse_switch(variable, text)
    if isinstance(default, int):
        if not text.isdecimal() or int(text) < 1:
            raise Invalid(f"{variable} must be a whole number of at least 1, not {text!r}.")
        return int(text)
    if isinstance(default, Plan):
        return parse_plan(text)
    if isinstance(default, Path):
        return Path(text)
    return text


def _parse_switch(variable: str, text: str) -> bool:
    if text.lower() in ("on", "true", "yes", "1"):
        return True
    if text.lower() in ("off", "false", "no", "0"):
        return False
    raise Invalid(f"{variable} must be on or off, not {text!r}.")
