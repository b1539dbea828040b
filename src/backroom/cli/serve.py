"""`backroom serve`."""

from __future__ import annotations

import sys
from typing import Annotated

import structlog
from cyclopts import Parameter
from cyclopts.validators import Number

from backroom.accounts.links import setup_link
from backroom.accounts.setup import make_setup, needs_setup
from backroom.app import App
from backroom.cli.place import Place, opened
from backroom.clock import now_ms
from backroom.errors import Invalid
from backroom.web import server

log = structlog.get_logger("backroom.server")


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
    with opened(settings, new=True) as db:
        setup = db.write_now(make_setup, now_ms()) if db.read_now(needs_setup) else None

    def ready(address: str) -> None:
        fields = {"url": address}
        text = f"Backroom is ready at {address} (data in {settings.data}). Ctrl+C stops it."
        if setup is not None:
            fields["setupUrl"] = setup_link(settings.public_url or _here(address), setup.token)
            text += f"\nNobody has an account yet. Make yours, the owner's:\n{fields['setupUrl']}"
        try:
            place.answer(fields, text)
        except (Invalid, OSError) as error:
            # Who reads the output isn't who is served. Closing it again at the end would complain.
            sys.stdout = None
            log.warning("nobody_reads_output", error=str(error), url=address)

    server.serve(App(settings), settings, host, port, ready)


def _here(address: str) -> str:
    """The address as a browser on this machine can open it, where every address is listened on."""
    return address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
