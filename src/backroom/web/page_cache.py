"""Pages as they were last sent, for clients that ask for the same one again and again.

A page is good while the project's change number is the one it was made at, and whoever asks is let in first.
So many clients that watch one list cost one read between two changes; the page after a change is read anew.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from zlib import crc32

from sqlalchemy import Connection
from starlette.types import Scope

from backroom.store.changes import change_number
from backroom.web.http import JSON, Answer, header, names_tag

MOST_BYTES = 8 * 1024 * 1024
OVERHEAD = 500
"""About what an entry takes besides its body and its query, in bytes."""
LARGEST = 256 * 1024


class PageCache:
    """Bodies by project and query, each with the change number's tag it belongs to; the one used longest ago goes.

    Belongs to one process; several of its threads may read and keep pages, as they do on PostgreSQL.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._size = 0
        self._keeping = threading.Lock()
        self._pages: OrderedDict[tuple[str, bytes], tuple[bytes, bytes]] = OrderedDict()

    def answer(self, conn: Connection, scope: Scope, project: str, read: Callable[[], bytes]) -> Answer:
        """The page of a project that the request's query asks for: as it is kept, else as `read` makes it; 304 where
        the client has it already.

        Whoever asks was let in before. Raises what `read` raises, by which a wrong query is refused.
        """
        asked: bytes = scope["query_string"]
        # Weak, for a report may come in between the number and the rows: never the other way round.
        tag = b'"%x-%x"' % (change_number(conn, project), crc32(asked))
        headers = [JSON, (b"etag", b"W/" + tag), (b"cache-control", b"private, no-cache")]
        # Whoever names the tag has had an answer to this very query, so that it needs no check.
        if tag in (header(scope, b"if-none-match") or b""):
            return Answer(304, b"", headers)
        body = self.find(project, asked, tag)
        if body is None:
            body = read()
            self.keep(project, asked, tag, body)
        return Answer(304, b"", headers) if names_tag(scope, tag) else Answer(200, body, headers)

    def find(self, project: str, query: bytes, tag: bytes) -> bytes | None:
        """The body that the query had at `tag`, None where it isn't kept."""
        found = self._pages.get((project, query))
        return found[1] if found is not None and found[0] == tag else None

    def keep(self, project: str, query: bytes, tag: bytes, body: bytes) -> None:
        """Keeps a body, unless that and the query are larger than 256 kB."""
        if len(body) + len(query) > LARGEST:
            return
        with self._keeping:
            old = self._pages.pop((project, query), None)
            self._pages[project, query] = (tag, body)
            self._size += len(body) - len(old[1]) if old else len(body) + _overhead(query)
            while self._size > self._most:
                (_, name), (_, gone) = self._pages.popitem(last=False)
                self._size -= len(gone) + _overhead(name)


def _overhead(query: bytes) -> int:
    return OVERHEAD + len(query)
