"""Receipts: links under which whoever sent a report sees its state, without an account.

A token is the ids of the project and the report and a signature by the instance's own secret, in
base64 for addresses. Nothing is stored for it: whoever has the link was given it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from sqlalchemy import Connection, select

from backroom.errors import NotFound
from backroom.store.tables import channels, projects, reports

ID_BYTES = 12
SIGNATURE_BYTES = 16
PURPOSE = b"receipt"
TOKEN = re.compile(r"[A-Za-z0-9_-]{54}\Z")
NO_RECEIPT = "There is no such receipt."


class Receipt(NamedTuple):
    """What whoever sent a report may know of it. Times are in milliseconds since the epoch."""

    report: str
    title: str
    status: str
    channel: str
    project: str
    created_at: int
    updated_at: int


class Receipts:
    """Signs and reads receipts. The secret is known once the store is open."""

    def __init__(self) -> None:
        self._keyed: hashlib.blake2b | None = None

    def open(self, secret: bytes) -> None:
        """Takes the instance's own secret, before the first receipt is signed."""
        self._keyed = hashlib.blake2b(key=secret, person=PURPOSE, digest_size=SIGNATURE_BYTES)

    def token(self, project: str, report: str) -> str:
        """The token for a report, 54 characters of [A-Za-z0-9_-]."""
        ids = bytes.fromhex(project + report)
        return urlsafe_b64encode(ids + self._signature(ids)).decode().rstrip("=")

    def ids_of(self, token: str) -> tuple[str, str]:
        """The ids of the project and the report that a token is for. Raises NotFound."""
        if not TOKEN.match(token):
            raise NotFound(NO_RECEIPT)
        content = urlsafe_b64decode(f"{token}==")
        ids, signature = content[: 2 * ID_BYTES], content[2 * ID_BYTES :]
        if not hmac.compare_digest(signature, self._signature(ids)):
            raise NotFound(NO_RECEIPT)
        return ids[:ID_BYTES].hex(), ids[ID_BYTES:].hex()

    def _signature(self, ids: bytes) -> bytes:
        """BLAKE2b with the secret for its key, which costs a quarter of what an HMAC does."""
        if self._keyed is None:
            raise RuntimeError("receipts need the instance's secret")
        keyed = self._keyed.copy()
        keyed.update(ids)
        return keyed.digest()


def get_receipt(conn: Connection, project: str, report: str) -> Receipt:
    """The state of the report, for whoever has its token. Raises NotFound, also for one that was deleted."""
    r, c, p = reports.c, channels.c, projects.c
    joined = reports.join(projects, p.id == r.project).join(
        channels, (c.project == r.project) & (c.key == r.channel_key)
    )
    query = select(r.id, r.title, r.status, c.name, p.name, r.created_at, r.updated_at).select_from(joined)
    row = conn.execute(query.where(r.project == project, r.id == report)).first()
    if row is None:
        raise NotFound(NO_RECEIPT)
    return Receipt(*row)
