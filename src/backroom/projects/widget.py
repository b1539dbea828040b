"""A project's widget settings: how it looks and behaves. A page's own options override them.

The column `projects.widget` has a JSON object with only those settings that differ from the defaults. Its names are
the options of `Patchrooms.init` (Patchrooms, "Widget").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta
from sqlalchemy import Connection, bindparam, select, update

from backroom.access import Actor, KeyScope
from backroom.errors import Invalid
from backroom.projects.audit import note
from backroom.projects.channels import COLUMNS
from backroom.projects.queries import Project, get_project, get_reached, lock_project
from backroom.projects.rules import COLOR, Channel, ProjectStatus
from backroom.store.changes import CONFIG, change_number, mark_config_changed
from backroom.store.prepared import Prepared
from backroom.store.tables import channels, projects

Mascot = Literal["fox", "cat", "owl", "bear", "rabbit", "panda"]
Shape = Literal["bubble", "tab", "pill"]
Anchor = Literal[
    "top-left",
    "top-center",
    "top-right",
    "middle-left",
    "middle-right",
    "bottom-left",
    "bottom-center",
    "bottom-right",
]
Locale = Literal["en", "ru", "de", "fr", "es", "pt", "ja", "zh", "ar"]
Theme = Literal["auto", "light", "dark"]
Trigger = Literal["visible", "hidden"]

MOST_MASKS = 50
MOST_TEXTS = 200
SELECTOR = re.compile(r"[^\x00-\x1f<{}]{1,500}\Z")
TEXT_KEY = re.compile(r"[A-Za-z]{1,40}\Z")
TEXT_LENGTH = 500
MOST_KEPT = 10_000


class WidgetConfig(msgspec.Struct, rename="camel", omit_defaults=True, forbid_unknown_fields=True, frozen=True):
    """The widget's settings. A `locale` of None follows the browser, a `color` of None the theme, else `#rrggbb`.

    `mask` lists CSS selectors of elements to cover in every screenshot. `texts` replaces texts of the widget by key.
    """

    locale: Locale | None = None
    mascot: Mascot = "fox"
    shape: Shape = "bubble"
    anchor: Anchor = "middle-right"
    theme: Theme = "auto"
    trigger: Trigger = "visible"
    color: str | None = None
    capture_console_errors: bool = True
    mask: tuple[str, ...] = ()
    texts: dict[str, Annotated[str, Meta(max_length=TEXT_LENGTH)]] = {}


DEFAULTS = WidgetConfig()
CHOICES: dict[str, tuple[str, ...]] = {
    "mascot": get_args(Mascot),
    "shape": get_args(Shape),
    "anchor": get_args(Anchor),
    "locale": get_args(Locale),
    "theme": get_args(Theme),
    "trigger": get_args(Trigger),
}
"""The allowed values of settings that have a fixed set of them, for forms."""

_spelled = {field.name: field.encode_name for field in msgspec.structs.fields(WidgetConfig)}
"""The settings' names and their spelling in JSON."""


class WidgetFacts(NamedTuple):
    """What a page gets to know about a project. `generation` is the config change number at which this was read."""

    project: str
    name: str
    slug: str
    project_key: str
    active: bool
    url_patterns: tuple[str, ...]
    default_channel: str
    channels: tuple[Channel, ...]
    config: WidgetConfig
    generation: int


def get_widget(conn: Connection, actor: Actor, project: str) -> WidgetConfig:
    """The widget's settings, if the actor may read the project. Raises NotFound, Denied."""
    found = get_project(conn, actor, project)
    return _stored(conn, found)


def update_widget(tx: Connection, actor: Actor, project: str, changes: Mapping[str, Any], now: int) -> WidgetConfig:
    """Changes settings by their names in WidgetConfig; returns all settings after the change.

    Raises NotFound, Denied (least: admin, or a key's project:write), Invalid.
    """
    lock_project(tx, project)
    found = get_reached(tx, actor, project)
    actor.require(KeyScope.PROJECT_WRITE)
    before = _stored(tx, found)
    after = check_widget({name: getattr(before, name) for name in _spelled} | dict(changes))
    if after == before:
        return before
    kept = {"widget": msgspec.json.encode(after), "updated_at": now}
    tx.execute(update(projects).where(projects.c.id == project).values(kept))
    mark_config_changed(tx)
    note(tx, actor, found, "project.widget", project, _differences(before, after), now)
    return after


def check_widget(values: Mapping[str, Any]) -> WidgetConfig:
    """The settings with these values, by their names in WidgetConfig. Raises Invalid, which names the wrong one."""
    for name, value in values.items():
        if name not in _spelled:
            raise Invalid(f"The widget has no setting {name}.")
        if name in CHOICES and value not in CHOICES[name] and not (name == "locale" and value is None):
            raise Invalid(f"{name} must be one of {', '.join(CHOICES[name])}.")
    try:
        config = msgspec.convert({_spelled[name]: value for name, value in values.items()}, WidgetConfig)
    except msgspec.ValidationError as error:
        raise Invalid(f"{error}.") from error
    _check_color(config.color)
    _check_masks(config.mask)
    _check_texts(config.texts)
    return config


def _check_color(color: str | None) -> None:
    if color is not None and not COLOR.match(color):
        raise Invalid("color must look like #c2410c.")


def _check_masks(masks: tuple[str, ...]) -> None:
    if len(masks) > MOST_MASKS:
        raise Invalid(f"mask may have at most {MOST_MASKS} selectors.")
    for mask in masks:
        if not mask.strip() or not SELECTOR.match(mask):
            raise Invalid("Each entry of mask must be a CSS selector such as .card-number, on one line.")


def _check_texts(texts: dict[str, str]) -> None:
    if len(texts) > MOST_TEXTS:
        raise Invalid(f"texts may have at most {MOST_TEXTS} entries.")
    for key, text in texts.items():
        if not TEXT_KEY.match(key) or "\0" in text:
            raise Invalid("texts must map the names of texts, such as title, to words.")


def _differences(before: WidgetConfig, after: WidgetConfig) -> dict[str, Any]:
    pairs = {name: [getattr(before, name), getattr(after, name)] for name in _spelled}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _stored(conn: Connection, project: Project) -> WidgetConfig:
    return _decode(conn.execute(select(projects.c.widget).where(projects.c.id == project.id)).scalar_one())


def _decode(stored: bytes) -> WidgetConfig:
    return msgspec.json.decode(stored, type=WidgetConfig)


_columns = (
    projects.c.id,
    projects.c.name,
    projects.c.slug,
    projects.c.project_key,
    projects.c.status,
    projects.c.url_patterns,
    projects.c.default_channel_key,
    projects.c.widget,
)
_by_key = Prepared(select(*_columns).where(projects.c.project_key == bindparam("key")))
_by_slug = Prepared(select(*_columns).where(projects.c.slug == bindparam("key")))
_live_channels = Prepared(
    select(*COLUMNS)
    .where(channels.c.project == bindparam("project"), channels.c.archived.is_(False))
    .order_by(channels.c.id)
)


class Widgets:
    """A cache of the widget's settings, valid until settings change. One per process; threads can share it."""

    def __init__(self) -> None:
        self._generation = -1
        self._kept: dict[tuple[str, str], WidgetFacts] = {}

    def by_project_key(self, conn: Connection, project_key: str) -> WidgetFacts | None:
        """The widget of the project with that public `pr_` key."""
        return self._find(conn, "key", project_key)

    def by_slug(self, conn: Connection, slug: str) -> WidgetFacts | None:
        """The widget of the project with that slug."""
        return self._find(conn, "slug", slug)

    def _find(self, conn: Connection, kind: str, value: str) -> WidgetFacts | None:
        if not (value.isascii() and value.isprintable()):  # the databases reject NUL and lone surrogates
            return None
        generation = change_number(conn, CONFIG)
        if generation != self._generation or len(self._kept) >= MOST_KEPT:
            self._kept, self._generation = {}, generation
        found = self._kept.get((kind, value))
        if found is None or found.generation != generation:
            found = _read(conn, _by_key if kind == "key" else _by_slug, value, generation)
            if found is not None:
                self._kept[kind, value] = found
        return found


def _read(conn: Connection, statement: Prepared, value: str, generation: int) -> WidgetFacts | None:
    rows = statement(conn, key=value)
    if not rows:
        return None
    project, name, slug, key, status, patterns, default, widget = rows[0]
    return WidgetFacts(
        project,
        name,
        slug,
        key,
        status == ProjectStatus.ACTIVE,
        tuple(msgspec.json.decode(patterns, type=list[str])),
        default,
        tuple(
            Channel(row[0], row[1], row[2], row[3], row[4], row[5], bool(row[6]))
            for row in _live_channels(conn, project=project)
        ),
        _decode(widget),
        generation,
    )
