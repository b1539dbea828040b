"""What a second call changes, and what it says of it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from backroom.store.database import Database
from tests.contract.mcp.agent import Agent
from tests.contract.mcp.conftest import Send
from tests.contract.mcp.test_tools import COMMIT, events_of
from tests.harness.cast import Cast


def test_a_room_says_what_was_changed(owner: Agent) -> None:
    title = f"Told {uuid4()}"
    notes = [
        owner.done("create_room", title=title, **given)["note"]
        for given in ({"goal": "Sell"}, {"goal": "Sell"}, {}, {"goal": "More", "tool": "codex", "constraints": []})
    ]
    nothing = "This room was open already; nothing was changed."
    both = "This room was open already; goal and tool changed to what you gave."
    assert notes == ["Opened.", nothing, nothing, both]


def test_a_commit_is_one_in_short_and_in_full(owner: Agent, cast: Cast, database: Database, send: Send) -> None:
    report = send("Fixed by one commit")

    def link(commit: str, **more: str) -> Any:
        return owner.done("link_commit", id=report, commit=commit, **more)

    assert link(COMMIT[:7])["note"] == "Linked."
    assert link(COMMIT[:9].upper())["note"] == "It was linked already; its hash, address or message was changed."
    assert link(COMMIT)["changed"] is True
    assert link(COMMIT[:7])["note"] == "This commit was linked already; nothing was changed."
    assert link(COMMIT[:7], url="https://git.example.com/c/1")["changed"] is True
    assert link(COMMIT, message="Fix")["changed"] is True
    assert link(COMMIT, message="Fix")["changed"] is False
    assert [event.payload for event in events_of(database, cast, report)] == [
        {"commit": COMMIT, "url": "https://git.example.com/c/1", "message": "Fix"}
    ]
    assert link("f" * 40)["note"] == "Linked."
    assert len(events_of(database, cast, report)) == 2


def test_the_same_words_after_another_status_are_another_comment(owner: Agent, send: Send) -> None:
    report = send("Came back")
    for status, changed in (("in-progress", True), ("in-progress", False), ("resolved", True)):
        owner.done("set_status", id=report, status=status)
        assert owner.done("add_comment", id=report, text="Done, please check")["changed"] is changed
    assert len(owner.done("list_comments", id=report)["comments"]) == 2
