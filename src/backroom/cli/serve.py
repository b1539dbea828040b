"""`backroom serve`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from backroom.app import App
from backroom.cli.place import Place, opened
from backroom.web import server


def serve(
    *,
    host: Annotated[
        str, Parameter(help="The address to listen on; 0.0.0.0 is every one of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535), help="The port; 0 takes a free one.")] = 8000,
    place: Place = Place(),  # noqa: B008
) -> None:
    """Serves until SIGTERM or SIGINT, then finishes what it accepted."""
    settings = place.settings()
    # A store with half a restore in it is turned away before anything listens.
    with opened(settings):
        pass

    def ready(address: str) -> None:
        place.answer({"url": address}, f"Backroom is ready at {address} (data in {settings.data}). Ctrl+C stops it.")

    server.serve(App(settings), settings, host, port, ready)
