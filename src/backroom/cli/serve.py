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
        str, Parameter(help="The address to listen on; 0.0.0.0 for all addresses of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535), help="The port; 0 for any free one.")] = 8000,
    place: Place = Place(),  # noqa: B008
) -> None:
    """Runs the server until SIGTERM or SIGINT, then finishes the requests that it has accepted."""
    settings = place.settings()
    # Fails on a store with an interrupted restore before the port is opened.
    with opened(settings, new=True) as db:
        setup = db.write_now(make_setup, now_ms()) if db.read_now(needs_setup) else None

    def ready(address: str) -> None:
        fields = {"url": address}
        text = f"Backroom is ready at {address} (data in {settings.data}). Press Ctrl+C to stop it."
        if setup is not None:
            fields["setupUrl"] = setup_link(settings.public_url or _here(address), setup.token)
            text += f"\nNobody has an account yet. Create the owner's account:\n{fields['setupUrl']}"
        try:
            place.answer(fields, text)
        except (Invalid, OSError) as error:
            # The server is useful even if nobody reads its output. Python would complain when it closes it at exit.
            sys.stdout = None
            log.warning("nobody_reads_output", error=str(error), url=address)

    server.serve(App(settings), settings, host, port, ready)


def _here(address: str) -> str:
    """The address as a browser on this machine can open it, also if the server listens on all addresses."""
    return address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
