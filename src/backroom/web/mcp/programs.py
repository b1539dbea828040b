"""What programs that connect may ask for, and why one is turned away."""

from __future__ import annotations

from enum import StrEnum

OF_SIGN_IN = frozenset({"openid", "profile", "email", "offline_access"})
"""Scopes that many clients add to whatever a server offers; they mean nothing here."""


class Failed(StrEnum):
    """Why somebody was sent from a program's address to the page that says so; besides those of documents (`Why`)."""

    UNKNOWN = "unknown"
    OFTEN = "often"
    LATER = "later"
    REQUEST = "request"


def is_ours(resource: str, origin: str) -> bool:
    """Whether what a token is asked for (RFC 8707) is this server."""
    return resource.rstrip("/") in (origin, f"{origin}/mcp")
