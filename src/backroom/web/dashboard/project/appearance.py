"""How a project's widget looks and what it says, with a picture of it that follows the form."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import Role
from backroom.errors import Invalid
from backroom.projects.queries import get_by_slug
from backroom.projects.widget import CHOICES, WidgetConfig, check_widget, get_widget, update_widget
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.flash import say
from backroom.web.dashboard.frame.forms import Form
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.dashboard.project.projects import attempt, begin_change
from backroom.web.http import Answer, Operation

PAGE = "project/settings/widget.html"
TEXTS = {
    "launcher": ("Launcher button", "Feedback"),
    "title": ("Title", "What's on your mind?"),
    "subtitle": ("Subtitle", "Add as much as you like, then send it once."),
    "placeholder": ("Placeholder", "Describe what you see …"),
    "send": ("Send button", "Send"),
    "thanks": ("Message after sending", "Thank you. We received your report."),
}
"""The texts that the form offers, with the label of the field and what the widget says in English by itself."""

TEXT_LENGTH = 200
DEFAULT_COLOR = "#c2410c"
LANGUAGES = {
    "en": "English",
    "ru": "Русский",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "pt": "Português",
    "ja": "日本語",
    "zh": "中文",
    "ar": "العربية",
}
WORDS = {
    "shape": {"bubble": "Bubble", "tab": "Tab at the edge", "pill": "Pill"},
    "theme": {"auto": "Match the visitor's system", "light": "Light", "dark": "Dark"},
    "trigger": {"visible": "Show the launcher", "hidden": "Hide it; your page calls openForm()"},
}


class Preview(NamedTuple):
    """What the picture shows: the settings, where the launcher sits, its texts, and the ink on its own color."""

    config: WidgetConfig
    row: str
    column: str
    side: str
    texts: dict[str, str]
    ink: str


def preview_of(config: WidgetConfig) -> Preview:
    """The picture of a widget with these settings, its words in English where none are its own."""
    row, column = config.anchor.split("-")
    texts = {name: config.texts.get(name) or plain for name, (_, plain) in TEXTS.items()}
    ink = ink_on(config.color or DEFAULT_COLOR)
    return Preview(config, row, column, row if column == "center" else column, texts, ink)


def ink_on(color: str) -> str:
    """Black or white, whichever is easier to read on `#rrggbb` (WCAG's contrast)."""
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 else "#000000"


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)


def read_widget(conn: Connection, visit: Visit, slug: str, form: Form | None = None) -> Values:
    """The widget's settings, or those that the form would make of them, and their picture."""
    project = get_by_slug(conn, visit.actor, slug)
    kept = get_widget(conn, visit.actor, project.id)
    drawn = kept if form is None else _config_of(form, kept) or kept
    return {
        "project": project,
        "config": drawn,
        "preview": preview_of(drawn),
        "form": form,
        "faces": CHOICES["mascot"],
        "anchors": CHOICES["anchor"],
        "words": WORDS,
        "languages": LANGUAGES,
        "texts": TEXTS,
        "default_color": DEFAULT_COLOR,
        "manages": visit.actor.has_role(Role.ADMIN),
    }


def changes_of(form: Form, kept: WidgetConfig) -> dict[str, Any]:
    """The settings as the form gives them, unchecked; texts that it doesn't offer stay as they are."""
    words = {name: form[name] for name in ("mascot", "shape", "anchor", "theme", "trigger")}
    typed = {name: form[f"text_{name}"].strip() for name in TEXTS}
    texts = {name: text for name, text in {**kept.texts, **typed}.items() if text}
    return {
        **words,
        "locale": form["locale"] or None,
        "color": form["color"] if form["own_color"] == "yes" else None,
        "capture_console_errors": form["console_errors"] == "yes",
        "mask": [line.strip() for line in form["mask"].splitlines() if line.strip()],
        "texts": texts,
    }


def _config_of(form: Form, kept: WidgetConfig) -> WidgetConfig | None:
    try:
        return check_widget(changes_of(form, kept))
    except Invalid:
        return None


@signed_in
async def show_widget(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The widget's settings; with fields in the address, their picture before they are saved."""
    asked = request.query_params
    form = Form(asked.multi_items()) if "mascot" in asked else None
    slug = request.path_params["slug"]
    if asked.get("part") == "preview":
        return door.part(
            request, visit, "project/settings/preview.html", **await door.db.read(read_widget, visit, slug, form)
        )
    return await door.page(request, visit, PAGE, read_widget, slug, form)


@signed_in
async def change_widget(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """Keeps the settings; pages have them within a minute."""
    form, project = await begin_change(door, request, visit)
    kept = await door.db.read(get_widget, visit.actor, project.id)
    changes = changes_of(form, kept)
    for name in TEXTS:
        if len(form[f"text_{name}"]) > TEXT_LENGTH:
            form.refuse(f"text_{name}", f"Use at most {TEXT_LENGTH} characters.")
    for name in ("mask", "color"):
        try:
            check_widget({name: changes[name]})
        except Invalid as error:
            form.refuse(name, error.message)
    if form.right:
        await attempt(form, "", door.db.write(update_widget, visit.actor, project.id, changes, visit.now))
    if not form.right:
        return await door.page(request, visit, PAGE, read_widget, project.slug, form)
    return say(door, request.scope, f"/p/{project.slug}/settings/widget", "Saved. Your pages update within a minute.")


OPERATIONS: list[Operation[Any]] = [
    Operation("GET", "/p/{slug}/settings/widget", show_widget, "The appearance of a project's widget."),
    Operation("POST", "/p/{slug}/settings/widget", change_widget, "Change the appearance of a project's widget."),
]
