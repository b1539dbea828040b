"""Reports sent through the core, without a door."""

import itertools
from collections.abc import Sequence

from sqlalchemy import Connection, update

from backroom.clock import now_ms
from backroom.projects.directory import Directory
from backroom.reports.submit import StoredFile, Submission, submit_report
from backroom.store.database import Database
from backroom.store.tables import reports

_numbers = itertools.count(1)


def send_reports(
    db: Database, project_key: str, count: int, *, ids: Sequence[str] = (), files: Sequence[StoredFile] = ()
) -> list[str]:
    """Sends `count` reports one after the other; their ids, replaced by `ids` where given."""
    project = db.read_now(Directory().by_project_key, project_key)
    assert project is not None
    found = []
    for number in itertools.islice(_numbers, count):
        text = f"Report number {number}"
        blocks = f'[{{"type":"text","text":"{text}"}}]'.encode()
        sent = Submission(
            project=project,
            now=now_ms(),
            source="API",
            client_id=None,
            channel=None,
            title=text,
            message=text,
            blocks=blocks,
            context=b"{}",
            identity=None,
            user_id=None,
            url=None,
            artifact_id=None,
            files=files,
        )
        found.append(db.write_now(submit_report, sent).id)
    for old, new in zip(found, ids, strict=False):
        db.write_now(_rename, old, new)
    return [*ids, *found[len(ids) :]]


def _rename(tx: Connection, old: str, new: str) -> None:
    tx.execute(update(reports).where(reports.c.id == old).values(id=new))
