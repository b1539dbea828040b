"""Sign the store's first person in: ``python -m bench.session`` prints the session's token.

The store is that of the environment's settings.
"""

from sqlalchemy import select

from backroom.accounts.sessions import start_session
from backroom.clock import now_ms
from backroom.config import read_settings
from backroom.store.database import Database
from backroom.store.tables import memberships


def main() -> None:
    """Print a token for the cookie."""
    settings = read_settings()
    database = Database(settings.database_url, settings.data)
    try:
        first = select(memberships.c.user, memberships.c.workspace).order_by(memberships.c.created_at).limit(1)
        user, workspace = database.read_now(lambda conn: conn.execute(first).one())
        print(database.write_now(start_session, user, workspace, "", "bench", True, now_ms()))
    finally:
        database.close()


if __name__ == "__main__":
    main()
