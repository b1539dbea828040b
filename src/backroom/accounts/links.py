"""The addresses that are printed, mailed and copied. `base` is the server's, without a slash at its end."""

from __future__ import annotations


def setup_link(base: str, token: str) -> str:
    """Where the owner's account is made."""
    return f"{base}/setup?token={token}"


def invitation_link(base: str, token: str) -> str:
    """Where an invitation is accepted."""
    return f"{base}/invitation?token={token}"


def reset_link(base: str, token: str) -> str:
    """Where a new password is set."""
    return f"{base}/reset-password?token={token}"
