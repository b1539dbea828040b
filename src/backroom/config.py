"""The settings. They are parsed once, from the environment and the command line's flags, and passed as arguments."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import ArgumentError

from backroom.accounts.rules import PLAN_NAMES, Plan, parse_plan
from backroom.errors import Invalid
from backroom.store.database import parse_url

PREFIX = "BACKROOM_"
MOST = 10**15 - 1
LOG_FORMATS = ("auto", "json", "console")
LOG_LEVELS = ("debug", "info", "warning", "error")
FILES_URL = re.compile(r"(?:(?:s3|gs|az)://[^/\s]+(?:/\S*)?|file:///\S*)\Z")
PUBLIC_URL = re.compile(r"https?://(?:[\w.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?\Z", re.ASCII)
SMTP_URL = re.compile(r"smtps?://(?:[^/?#@\s]+@)?(?:[\w.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?/?\Z", re.ASCII)
MAIL_FROM = re.compile(r"(?:[^<>@\x00-\x1f]+ <[^@\s<>]+@[^@\s<>]+>|[^@\s<>]+@[^@\s<>]+)\Z")
MISREAD_PASSWORD = re.compile(r"[^:]+://(?:[^/?]*@[^/?]*@|[^?]*/[^?]*@)")
"""An address with an unescaped @ or / in the password: the end of the password would be read as the host."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of this instance. Every field has a variable `BACKROOM_<NAME>`; the README lists them.

    Sizes are in bytes, times in seconds, rates in requests per minute, bursts in requests at once.
    """

    data: Path = Path("data")
    database_url: str = ""
    files_url: str = ""
    public_url: str = ""
    demo_page: bool = True
    client_id_documents: bool = True
    smtp_url: str = ""
    mail_from: str = "backroom@localhost"
    default_plan: Plan = Plan.PRO
    rate_limits: bool = True
    rate_per_address: int = 60
    burst_per_address: int = 30
    rate_per_project: int = 6000
    burst_per_project: int = 600
    trusted_proxies: tuple[str, ...] = ()
    max_body: int = 64 * 1024 * 1024
    max_json: int = 8 * 1024 * 1024
    max_headers: int = 32 * 1024
    max_connections: int = 1000
    request_timeout: int = 30
    keep_alive_timeout: int = 20
    stop_timeout: int = 15
    ready_timeout: int = 5
    log_format: str = "auto"
    log_level: str = "info"
    access_log: bool = False

    @property
    def files_path(self) -> Path:
        """The folder for files if `files_url` is empty."""
        return self.data / "files"


def read_settings(environment: Mapping[str, str] = os.environ, **flags: object) -> Settings:
    """Reads the settings from `BACKROOM_*` variables. Flags that aren't None override them.

    Raises Invalid, which names the variable or flag, its value, and what is allowed.
    """
    values: dict[str, Any] = {}
    for field in fields(Settings):
        name, flag = field.name, flags.pop(field.name, None)
        text = environment.get(variable_of(name), "").strip() if flag is None else _text(flag)
        if text or flag is not None:
            source = variable_of(name) if flag is None else f"--{name.replace('_', '-')}"
            values[name] = _parse(source, name, text)
    if flags:
        raise TypeError(f"there are no settings {', '.join(flags)}")
    return Settings(**values)


def variable_of(name: str) -> str:
    """The variable of a setting: `BACKROOM_MAX_JSON` for `max_json`."""
    return f"{PREFIX}{name.upper()}"


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The `BACKROOM_*` variables that belong to no setting, sorted. They are probably misspelled."""
    known = {variable_of(field.name) for field in fields(Settings)}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def _text(flag: object) -> str:
    return ",".join(map(str, flag)) if isinstance(flag, list | tuple) else str(flag)


def _parse(source: str, name: str, text: str) -> object:
    default = getattr(Settings(), name)
    parse = PARSERS.get(name) or PARSERS_BY_TYPE[type(default)]
    try:
        if not _is_utf8(text):
            raise ValueError("text in UTF-8")
        return parse(text)
    except ValueError as error:
        raise Invalid(f"{source} must be {error}, not {_shown(name, text)}.") from None


def _is_utf8(text: str) -> bool:
    """Whether the variable was valid UTF-8. Python decodes other bytes of the environment to lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _shown(name: str, text: str) -> str:
    """An invalid value for an error. Of an address it shows only the scheme, because the rest may be a password."""
    if not name.endswith("_url"):
        return repr(text)
    scheme = re.match(r"[a-z0-9+]{1,20}://", text)
    return f"'{scheme.group() if scheme else ''}…'"


def _switch(text: str) -> bool:
    if text.lower() in ("on", "true", "yes", "1"):
        return True
    if text.lower() in ("off", "false", "no", "0"):
        return False
    raise ValueError("on or off")


def _number(text: str) -> int:
    # The length comes first, because int() raises its own ValueError for more than 4,300 digits.
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) and int(text) > 0):
        raise ValueError(f"a whole number from 1 to {MOST}")
    return int(text)


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"{', '.join(words[:-1])} or {words[-1]}")
        return text.lower()

    return parse


def _plan(text: str) -> Plan:
    try:
        return parse_plan(text)
    except Invalid:
        raise ValueError(PLAN_NAMES) from None


def _database_url(text: str) -> str:
    try:
        url = parse_url(text, Path())
    except (ValueError, ArgumentError):
        raise ValueError("postgresql://user:password@host/database or sqlite:///path/to/file") from None
    if url.get_backend_name() == "postgresql" and MISREAD_PASSWORD.match(text):
        raise ValueError("an address whose password has %40 for @, %2F for / and %3A for :")
    return text


def _files_url(text: str) -> str:
    if text and ("@" in text or not FILES_URL.match(text)):  # credentials come from the cloud's own variables
        raise ValueError("s3://bucket, gs://bucket, az://container (each with an optional path) or file:///path")
    return text


def _public_url(text: str) -> str:
    text = text.rstrip("/")
    if text and not (PUBLIC_URL.match(text) and _has_good_port(text)):
        raise ValueError("https://host or http://host:port, without a path")
    return text


def _smtp_url(text: str) -> str:
    if text and not (SMTP_URL.match(text) and _has_good_port(text)):
        raise ValueError("smtp://user:password@host:587 or smtps://…, with %40 for @ and %2F for / in the password")
    return text


def _has_good_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _mail_from(text: str) -> str:
    if not MAIL_FROM.match(text):
        raise ValueError("name@example.com or Name <name@example.com>")
    return text


def _networks(text: str) -> tuple[str, ...]:
    parts = tuple(part for part in re.split(r"[\s,]+", text) if part)
    try:
        return tuple(str(ip_network(part)) for part in parts)
    except ValueError:
        raise ValueError("addresses or networks such as 10.0.0.0/8, separated by commas") from None


PARSERS: dict[str, Callable[[str], Any]] = {
    "database_url": _database_url,
    "files_url": _files_url,
    "public_url": _public_url,
    "smtp_url": _smtp_url,
    "mail_from": _mail_from,
    "log_format": _one_of(*LOG_FORMATS),
    "log_level": _one_of(*LOG_LEVELS),
}
PARSERS_BY_TYPE: dict[type, Callable[[str], Any]] = {
    bool: _switch,
    int: _number,
    Plan: _plan,
    type(Path()): Path,
    tuple: _networks,
}
