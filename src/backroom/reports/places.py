"""Where a report was written: the page without what varies, and the browser, system and device."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

PAGE_LENGTH = 500
KEPT_LENGTH = 500
"""Pages of longer addresses are told anew each time: anybody may send many of them."""
OTHER = "Other"
UNKNOWN = "Unknown"
"""What reports without a User-Agent count as: their agent is null."""

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Electron/", "Electron"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chrome"),
    ("Safari/", "Safari"),
)
"""What a User-Agent has in it → the browser's name. The first that fits: most claim to be Safari and Chrome too."""

SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def page_of(url: str) -> str:
    """Host and path of an address, without user, query and fragment; what is no address stays, cut there too."""
    return _kept_page(url) if len(url) <= KEPT_LENGTH else _page(url)


def _page(url: str) -> str:
    start = url.partition("#")[0].partition("?")[0]
    scheme, found, rest = start.partition("://")
    if found and scheme.isalnum():
        host, slash, path = rest.partition("/")
        start = host.rpartition("@")[2].lower() + "/" + (path if slash else "")
    return start[:PAGE_LENGTH]


_kept_page = lru_cache(maxsize=4096)(_page)


@lru_cache(maxsize=4096)
def agent_of(user_agent: str) -> str:
    """Browser, system and device (`desktop`, `tablet`, `mobile`) of a User-Agent: `Safari/iOS/mobile`."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), OTHER)
    system = next((name for mark, name in SYSTEMS if mark in user_agent), OTHER)
    return f"{browser}/{system}/{_device(user_agent, system)}"


def find_agent(context: dict[str, Any]) -> str | None:
    """`agent_of` the context's `userAgent`; None where it has none."""
    sent = context.get("userAgent")
    return agent_of(sent[:500]) if isinstance(sent, str) and sent else None


def _device(user_agent: str, system: str) -> str:
    if system == "iPadOS" or "Tablet" in user_agent:
        return "tablet"
    if system == "Android":
        return "mobile" if "Mobile" in user_agent else "tablet"
    return "mobile" if system == "iOS" or "Mobile" in user_agent else "desktop"
