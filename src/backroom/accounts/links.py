"""Links that are printed, emailed and copied. `base` is the server's address without a slash at its end."""

from __future__ import annotations


def setup_link(base: str, token: str) -> str:
    """The page that creates the owner's account."""
    return f"{base}/setup?token={token}"


def invitation_link(base: str, token: str) -> str:
    """The page that accepts an invitation."""
    return f"{base}/invitation?token={token}"


def reset_link(base: str, token: str) -> str:
    """The page that sets a new password."""
    return f"{base}/reset-password?token={token}"
