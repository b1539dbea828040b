"""The composition root: Settings in, ASGI app out. The only module that knows every door."""

from __future__ import annotations

import gc
from typing import Any

from starlette.types import Receive, Scope, Send

from backroom.clock import now_ms
from backroom.config import Settings
from backroom.ids import random_text
from backroom.projects.directory import Directory
from backroom.reports.commands import purge_doomed
from backroom.store import search
from backroom.store.database import Database
from backroom.store.migrations import migrate
from backroom.web.http import Answer, Door, send_answer
from backroom.web.patchrooms.door import PatchroomsDoor

GC_THRESHOLDS = (10_000, 50, 50)


class App:
    """The ASGI app: lifespan, a request id on every answer, and the door for each path."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.db = open_database(settings)
        directory = Directory()
        self._doors: list[Door] = [PatchroomsDoor(self.db, directory, settings)]
        self._process = random_text(6)
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._requests += 1
        request_id = f"{self._process}-{self._requests:x}"
        scope["request_id"] = request_id
        named = (b"x-request-id", request_id.encode())

        async def send_named(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append(named)
            await send(message)

        path: str = scope["path"]
        for door in self._doors:
            if path.startswith(door.prefix):
                await door(scope, receive, send_named)
                return
        await send_answer(
            send_named,
            Answer(404, b'{"error":"Not found"}', [(b"content-type", b"application/json")]),
        )

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        migrate(self.db)
        self.db.start([search.feed, lambda tx: purge_doomed(tx, now_ms())])
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.db.close()
        await send({"type": "lifespan.shutdown.complete"})


def open_database(settings: Settings) -> Database:
    """The store that the settings name; makes the data folder where it is missing."""
    settings.data.mkdir(parents=True, exist_ok=True)
    return Database(settings.database_url, settings.data)
