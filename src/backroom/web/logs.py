"""Logs: one line per event on standard error, as JSON or for people, with no key in any of them."""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from types import TracebackType
from typing import TextIO

import structlog
from sqlalchemy.exc import StatementError
from structlog.typing import EventDict, Processor, WrappedLogger

from backroom.config import Settings

SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(pr_sk_|mbk_|br_at_|br_rt_)[A-Za-z0-9_-]+"), r"\1…"),
    (re.compile(r"(?i)\b(api_key=|bearer\s+)[^\s&\"',]+"), r"\1…"),
    (re.compile(r"(://)[^@/\s]+@"), r"\1…@"),
)


def configure_logs(settings: Settings, stream: TextIO | None = None) -> None:
    """Sends our logs, uvicorn's and everybody else's through one pipe to `stream` (standard error)."""
    stream = stream or sys.stderr
    level = settings.log_level.upper()
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        write_exception,
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(allow=[]), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(settings.log_format, stream),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # What uvicorn tells at its start and end, the program tells itself.
    logging.getLogger("uvicorn.error").setLevel(max(root.level, logging.WARNING))


def _renderer(log_format: str, stream: TextIO) -> Processor:
    terminal = stream.isatty()
    if log_format == "json" or (log_format == "auto" and not terminal):
        return structlog.processors.JSONRenderer()
    # Every value is quoted, so that what a client sent can't steer the terminal.
    return structlog.dev.ConsoleRenderer(colors=terminal, repr_native_str=True)


def write_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Puts the traceback into `exception`: code lines and messages, never a variable's value."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        _hide_parameters(error)
        event["exception"] = "".join(traceback.format_exception(error)).rstrip()
    return event


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Takes keys and passwords out of every text of the event."""
    for name, value in event.items():
        if isinstance(value, str):
            for pattern, instead in SECRETS:
                value = pattern.sub(instead, value)
            event[name] = value
    return event


def _hide_parameters(error: BaseException) -> None:
    """A failed statement tells its parameters, which are what somebody has sent, unless it's told not to."""
    seen: set[int] = set()
    following: list[BaseException | None] = [error]
    while following:
        found = following.pop()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, StatementError):
            found.hide_parameters = True
        following += [found.__cause__, found.__context__]


def log_uncaught(kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
    """For `sys.excepthook`: an error that nobody caught goes through the same pipe."""
    structlog.get_logger("backroom").critical("uncaught", exc_info=(kind, error, trace))


def log_thread_failure(failure: threading.ExceptHookArgs) -> None:
    """For `threading.excepthook`: the same for one that ended a thread."""
    log_uncaught(failure.exc_type, failure.exc_value, failure.exc_traceback)
