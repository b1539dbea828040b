"""Programs that describe themselves by a document at an address of theirs, which is their id (CIMD).

The address comes from a stranger, so it is fetched with care: TLS, a public address that is looked up once and
connected to as it was judged, no redirects, little time, few bytes. No proxy is used, for it would look the host up
itself, and lead to addresses that nobody has judged.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec

from backroom.errors import Invalid

LARGEST = 32 * 1024
SECONDS = 5.0
KEPT_SECONDS = 3_600
MOST_KEPT = 200
ID_LENGTH = 500
OFF = "this server doesn't read such descriptions (BACKROOM_CLIENT_ID_DOCUMENTS is off); register the program instead"
UNICAST = ipaddress.ip_network("2000::/3")


class Why(StrEnum):
    """What is the matter with a document."""

    OFF = "document-off"
    ADDRESS = "document-address"
    CONNECTION = "document-connection"
    CONTENT = "document-content"


class DocumentFailed(Invalid):
    """A program isn't known by its document. `cause` ends the sentence that says so."""

    def __init__(self, client: str, why: Why, cause: str) -> None:
        super().__init__(f"The program's description at {client} can't be used: {cause}.")
        self.why = why


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's, not of a network that this server may be in."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        # Outside of this range, and in that of 6to4, are gateways to IPv4, which lead to any address.
        return found in UNICAST and found.sixtofour is None and found.is_global
    return found.is_global and not found.is_multicast


def is_document_id(client: str) -> bool:
    """Whether a client's id is the address of a document: https, with a path, and nothing odd in it."""
    try:
        parts = urlsplit(client)
        port = parts.port
    except ValueError:
        return False
    plain = client.isascii() and client.isprintable() and " " not in client and len(client) <= ID_LENGTH
    whole = parts.scheme == "https" and bool(parts.hostname) and parts.path not in ("", "/")
    dotted = any(piece in (".", "..") for piece in parts.path.split("/"))
    return plain and whole and not dotted and not parts.fragment and "@" not in parts.netloc and port != 0


class Documents:
    """The documents of one process, kept for an hour; none unless `enabled`.

    `allowed` judges addresses, `context` is that of TLS.
    """

    def __init__(
        self,
        allowed: Callable[[str], bool] = is_public,
        context: ssl.SSLContext | None = None,
        *,
        enabled: bool = True,
    ) -> None:
        self._enabled = enabled
        self._allowed = allowed
        self._context = context
        self._kept: OrderedDict[str, tuple[float, dict[str, Any]]] = OrderedDict()

    async def get(self, client: str) -> dict[str, Any]:
        """What the program with that id says of itself. Raises DocumentFailed."""
        if not self._enabled:
            raise DocumentFailed(client, Why.OFF, OFF)
        kept = self._kept.get(client)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        try:
            body = await asyncio.wait_for(self._fetch(client), SECONDS)
            found = msgspec.json.decode(body, type=dict[str, Any])
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise DocumentFailed(client, Why.CONNECTION, f"it didn't come within {SECONDS:.0f} seconds") from error
        except (OSError, httpx2.HTTPError) as error:
            cause = " ".join(str(error).split()) or type(error).__name__
            raise DocumentFailed(client, Why.CONNECTION, f"there is no connection to it ({cause})") from error
        except (ValueError, msgspec.MsgspecError) as error:
            raise DocumentFailed(client, Why.CONTENT, "it isn't a JSON object") from error
        if found.get("client_id") != client:
            raise DocumentFailed(client, Why.CONTENT, "it is of another program")
        self._kept[client] = time.monotonic() + KEPT_SECONDS, found
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return found

    async def _fetch(self, client: str) -> bytes:
        parts = urlsplit(client)
        host, port = parts.hostname or "", parts.port or 443
        address = await self._look_up(host, port)
        if address is None:
            raise DocumentFailed(client, Why.ADDRESS, "this server finds no public address of its host")
        there = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{there}:{port}").geturl()
        context = self._context or ssl.create_default_context()
        async with (
            httpx2.AsyncClient(verify=context, trust_env=False, timeout=SECONDS) as http,
            http.stream(
                "GET",
                target,
                headers={"host": parts.netloc, "accept": "application/json"},
                extensions={"sni_hostname": host},
                follow_redirects=False,
            ) as answer,
        ):
            if answer.status_code != 200:
                raise DocumentFailed(client, Why.CONTENT, f"its server answers with the status {answer.status_code}")
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise DocumentFailed(client, Why.CONTENT, f"it has more than {LARGEST:,} bytes")
            return body

    async def _look_up(self, host: str, port: int) -> str | None:
        """An address of the host; None unless it has some and all of them are allowed.

        Which of the two it was stays unsaid, so that strangers don't learn the names of our own network.
        """
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return None
        addresses = [str(entry[4][0]) for entry in found]
        return addresses[0] if addresses and all(map(self._allowed, addresses)) else None
