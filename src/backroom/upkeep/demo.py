"""Fills an empty store with the sample data: one workspace, its team, three projects, 60 days of reports and work."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from backroom.access import ALL_SCOPES, Actor, KeyScope, Role, person
from backroom.accounts.commands import create_user
from backroom.accounts.invitations import create_invitation, sign_up
from backroom.accounts.passwords import hash_password
from backroom.accounts.rules import Plan
from backroom.clock import DAY, HOUR, MINUTE
from backroom.errors import Conflict, NotFound
from backroom.files.blobs import Blobs
from backroom.ids import id_at, random_text
from backroom.projects.channels import create_channel, update_channel
from backroom.projects.commands import (
    NewKey,
    create_project,
    create_secret_key,
    regenerate_miniback_key,
    update_project,
)
from backroom.projects.directory import Directory, ProjectFacts
from backroom.projects.queries import Project, get_project
from backroom.projects.rules import Channel
from backroom.projects.usage import KeyUse, note_uses
from backroom.reports import commands, rules
from backroom.reports.commits import Commit
from backroom.reports.detail import Artifact
from backroom.reports.markdown import artifact_of
from backroom.reports.places import find_agent
from backroom.reports.rooms import open_room
from backroom.reports.rules import AudioBlock, Block, ScreenshotBlock, SelectionBlock, Status, TextBlock
from backroom.reports.submit import StoredFile, Submission, submit_report
from backroom.reports.timeline import AGENT as AGENT_KIND
from backroom.reports.views import create_view
from backroom.store.database import Database
from backroom.upkeep.demo_people import AGENT, AGENT_NAME, OWNER, REVIEW, TEAM, VIEWS, Mate
from backroom.upkeep.demo_pictures import Picture, draw
from backroom.upkeep.demo_story import DAYS, SEED, Told, tell
from backroom.upkeep.demo_team import Given, Labelled, Linked, Notice, What, steps
from backroom.upkeep.demo_texts import ROOMS, Room
from backroom.upkeep.progress import Report, silent
from backroom.upkeep.restore import has_data

EMAIL = "demo@example.com"
NAME = "Demo Owner"
PASSWORD_LENGTH = 16
SECRET_LENGTH = 40
ADDRESS = "http://127.0.0.1:8000"
AGENT_SCOPES = frozenset({KeyScope.FEEDBACK_READ, KeyScope.FEEDBACK_WRITE})
SAMPLES = Path(__file__).with_name("samples")
VOICES = (("note.webm", "audio/webm", 4008), ("note.mp4", "audio/mp4", 3000))
"""Name, content type, length in milliseconds."""
HAS_DATA = "This store has data already; the sample data goes into an empty one only (another --data folder)."


class DemoProject(NamedTuple):
    """A project of the sample data with its keys."""

    facts: Project
    key: NewKey
    miniback: NewKey


@dataclass(frozen=True)
class Demo:
    """What was made; the password and the keys can be read this once."""

    email: str
    password: str
    workspace: str
    projects: list[DemoProject]
    reports: int

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "email": self.email,
            "password": self.password,
            "workspaceId": self.workspace,
            "reports": self.reports,
            "projects": [
                {
                    "id": project.facts.id,
                    "name": project.facts.name,
                    "slug": project.facts.slug,
                    "projectKey": project.facts.project_key,
                    "key": project.key.key,
                    "minibackKey": project.miniback.key,
                }
                for project in self.projects
            ],
            "try": self.lines(),
        }

    def as_text(self) -> str:
        """For a person; the lines can be pasted while `backroom serve` runs."""
        parts = [
            f"Made {self.reports} reports in {len(self.projects)} projects of the workspace {self.workspace}.",
            f"Owner: {self.email}, password: {self.password}",
            f"Team: {', '.join(f'{mate.email} ({mate.role})' for mate in TEAM)}.",
            "Nobody knows the team's passwords; `backroom user reset-password` makes a link for a new one.",
            "",
        ]
        for facts, key, miniback in self.projects:
            parts += [
                f"{facts.name} ({facts.slug}, {facts.id})",
                f"  public key    {facts.project_key}",
                f"  Patchrooms    {key.key}",
                f"  Miniback      {miniback.key}",
            ]
        parts += ["", "Passwords and keys are shown only now. To try, while `backroom serve` runs:", "", *self.lines()]
        return "\n".join(parts)

    def lines(self) -> list[str]:
        """Commands for a shell that read and send through both dialects."""
        facts, key, miniback = self.projects[0]
        patchrooms, bearer = f"{ADDRESS}/api/v1", f"-H 'Authorization: Bearer {key.key}'"
        x_api_key, json = f"-H 'x-api-key: {miniback.key}'", "-H 'Content-Type: application/json'"
        report = {
            "clientId": "3f0c3a52-6c0e-4d5b-9a55-0d6f3c1f7a10",
            "blocks": [{"type": "text", "text": "The total is wrong after I change the country."}],
            "context": {"url": f"https://{ROOMS[0].host}/checkout"},
        }
        sent = msgspec.json.encode(report).decode()
        message = msgspec.json.encode({"message": "Love the new search."}).decode()
        return [
            f"curl -s {bearer} '{patchrooms}/projects/{facts.id}/feedback?limit=3'",
            f"curl -s {json} -d '{sent}' '{patchrooms}/ingest/{facts.project_key}'",
            f"curl -s {x_api_key} '{ADDRESS}/api/feedback?search=cart&pageSize=3'",
            f"curl -s {x_api_key} {json} -d '{message}' '{ADDRESS}/api/projects/{facts.id}/feedback'",
        ]


def fill(db: Database, blobs: Blobs, now: int, report: Report = silent) -> Demo:
    """Fills the store in one transaction. Raises Conflict where it has data."""
    if db.read_now(has_data):
        raise Conflict(HAS_DATA)
    password = random_text(PASSWORD_LENGTH)
    hashes = {OWNER: hash_password(password)}
    hashes |= {mate.key: hash_password(random_text(SECRET_LENGTH)) for mate in TEAM}
    story = tell(now)
    pictures = _draw_all(story, report)
    writer = _Writer(blobs, story, pictures)
    try:
        workspace, projects = db.write_now(writer.write, hashes, now)
    except BaseException:
        blobs.delete(writer.kept)
        raise
    return Demo(EMAIL, password, workspace, projects, len(story))


def _draw_all(story: list[Told], report: Report) -> dict[int, Picture]:
    """The screenshots by their report's number."""
    random = Random(SEED)  # noqa: S311 -- pictures, not secrets
    shown = [number for number, told in enumerate(story) if told.shows]
    pictures = {}
    for done, number in enumerate(shown, start=1):
        told = story[number]
        pictures[number] = draw(told.room.picture, str(told.context["url"]), random)
        report("drawing", done, len(shown))
    return pictures


class _Writer:
    """Writes a story into an empty store, in order of time, so that every id fits its moment."""

    def __init__(self, blobs: Blobs, story: list[Told], pictures: dict[int, Picture]) -> None:
        self.kept: list[str] = []
        self._blobs = blobs
        self._story = story
        self._pictures = pictures
        self._random = Random(SEED)  # noqa: S311 -- which sample voice, not a secret

    def write(self, tx: Connection, hashes: dict[str, str], now: int) -> tuple[str, list[DemoProject]]:
        """The accounts, then everything that happens; returns the workspace's id and the projects.

        `hashes` are those of the passwords, by what the story calls each person.
        """
        start = now - (DAYS + 1) * DAY
        user = create_user(tx, EMAIL, NAME, hashes[OWNER], Plan.PRO, start)
        owner = person(user.id, NAME, user.workspace, Role.OWNER)
        projects = [_make_project(tx, owner, room, start + place * MINUTE) for place, room in enumerate(ROOMS)]
        people = {OWNER: owner}
        for place, mate in enumerate(TEAM, start=1):
            people[mate.key] = _invite(tx, owner, mate, hashes[mate.key], start + place * HOUR)
        known = {room.name: made.facts.id for room, made in zip(ROOMS, projects, strict=True)}
        agents = {name: _make_agent(tx, owner, project, start + 5 * HOUR) for name, project in known.items()}
        reviewer, reviewed = agents[REVIEW.room.name], known[REVIEW.room.name]
        about = (REVIEW.title, REVIEW.goal, REVIEW.constraints, AGENT_NAME)
        room, _ = open_room(tx, reviewer, reviewed, *about, start + 6 * HOUR)
        self._happen(tx, people, agents, artifact_of(room), now)
        _finish(tx, owner, known, now)
        return user.workspace, projects

    def _happen(
        self, tx: Connection, people: dict[str, Actor], agents: dict[str, Actor], artifact: Artifact, now: int
    ) -> None:
        """Everything from the first report on; `agents` are those of the projects, by name."""
        facts = {name: _facts(tx, agent.project or "") for name, agent in agents.items()}
        ids: dict[int, str] = {}
        for step in steps(self._story, now):
            name = self._story[step.report].room.name
            if step.what is None:
                ids[step.report] = submit_report(tx, self._submission(facts[name], step.report, artifact)).id
            elif step.who == AGENT:
                _do_as_agent(tx, agents[name], ids[step.report], step.what, step.moment)
            else:
                _do(tx, people, step.who, ids[step.report], step.what, step.moment)

    def _submission(self, project: ProjectFacts, number: int, artifact: Artifact) -> Submission:
        told = self._story[number]
        files: list[StoredFile] = []
        blocks = self._blocks(project.id, number, told, files)
        identity = {"userId": told.user, "verified": told.verified} if told.user and told.client_id else None
        url = told.context.get("url")
        return Submission(
            project=project,
            now=told.moment,
            source=told.source.value,
            client_id=told.client_id,
            channel=told.channel,
            title=rules.title_of(blocks),
            message=rules.message_of(blocks),
            blocks=msgspec.json.encode(blocks),
            context=msgspec.json.encode(told.context),
            identity=None if identity is None else msgspec.json.encode(identity),
            user_id=told.user,
            url=url if isinstance(url, str) else None,
            artifact_id=None if told.heard is None else artifact.id,
            artifact=None if told.heard is None else msgspec.json.encode(artifact),
            files=files,
            agent=find_agent(told.context),
        )

    def _blocks(self, project: str, number: int, told: Told, files: list[StoredFile]) -> list[Block]:
        """In the order in which one stacks them up; what has bytes is kept and added to `files`."""
        blocks: list[Block] = []
        if told.quote is not None:
            blocks.append(SelectionBlock(told.quote[0], told.quote[1], str(told.context["url"])))
        if told.text is not None:
            blocks.append(TextBlock(told.text))
        if number in self._pictures:
            data, content_type, width, height = self._pictures[number]
            url = self._keep(project, told.moment, "screenshot", data, content_type, (width, height), None, files)
            blocks.append(ScreenshotBlock(url, width, height))
        if told.speaks:
            name, content_type, length = self._random.choice(VOICES)
            data = (SAMPLES / name).read_bytes()
            url = self._keep(project, told.moment, "audio", data, content_type, (None, None), length, files)
            blocks.append(AudioBlock(url, length))
        return blocks

    def _keep(
        self,
        project: str,
        moment: int,
        kind: str,
        data: bytes,
        content_type: str,
        size: tuple[int | None, int | None],
        length: int | None,
        files: list[StoredFile],
    ) -> str:
        """Keeps a file; returns the address at which it is read back."""
        id_ = id_at(moment)
        key = f"{project}/{id_}"
        self._blobs.put(key, data)
        self.kept.append(key)
        digest = hashlib.sha256(data).hexdigest()
        kept = StoredFile(
            id=id_,
            kind=kind,
            content_type=content_type,
            size=len(data),
            sha256=digest,
            key=key,
            width=size[0],
            height=size[1],
            duration_ms=length,
        )
        files.append(kept)
        return f"/api/v1/projects/{project}/files/{id_}"


def _make_project(tx: Connection, owner: Actor, room: Room, now: int) -> DemoProject:
    """A project with its keys, its channels, and a secret with which its users are signed."""
    project = create_project(tx, owner, room.name, None, now)
    for channel in (room.extra, room.past):
        if channel is not None:
            create_channel(tx, owner, project, Channel("", *channel, 1.0, False), now)
    update_project(tx, owner, project, {"identity_secret": random_text(SECRET_LENGTH)}, now)
    key = create_secret_key(tx, owner, project, ALL_SCOPES, "Sample key", now)
    return DemoProject(get_project(tx, owner, project), key, regenerate_miniback_key(tx, owner, project, now))


def _invite(tx: Connection, owner: Actor, mate: Mate, password_hash: str, now: int) -> Actor:
    """A teammate who was invited and came."""
    invitation = create_invitation(tx, owner, mate.email, mate.role, now)
    made = sign_up(tx, invitation.token, mate.email, mate.name, password_hash, Plan.PRO, now + 10 * MINUTE)
    return person(made.id, mate.name, made.workspace, mate.role)


def _make_agent(tx: Connection, owner: Actor, project: str, now: int) -> Actor:
    """An agent with a key of the project, which nobody is told."""
    key = create_secret_key(tx, owner, project, AGENT_SCOPES, AGENT_NAME, now)
    return Actor(AGENT_KIND, key.id, owner.workspace, project, AGENT_SCOPES, name=AGENT_NAME)


def _do(tx: Connection, people: dict[str, Actor], who: str, report: str, what: What, now: int) -> None:
    """What somebody of the team does to a report."""
    actor = people[who]
    if isinstance(what, Status):
        commands.set_status(tx, actor, [report], what, now)
    elif isinstance(what, Given):
        commands.assign(tx, actor, [report], people[what.to].id, now)
    elif isinstance(what, Labelled):
        commands.add_label(tx, actor, [report], what.label, now)
    elif isinstance(what, Notice):
        commands.add_comment(tx, actor, [report], what.kind, what.text, now)


def _do_as_agent(tx: Connection, agent: Actor, report: str, what: What, now: int) -> None:
    """What the project's agent does to a report, with its key, whose use counts."""
    if isinstance(what, Status):
        commands.set_status(tx, agent, [report], what, now)
    elif isinstance(what, Notice):
        commands.add_comment(tx, agent, [report], what.kind, what.text, now, once=True)
    elif isinstance(what, Linked):
        commands.link_commit(tx, agent, [report], Commit(what.commit, what.url, what.message), now)
    note_uses(tx, [KeyUse(agent.id, now // DAY, 1, now)])


def _finish(tx: Connection, owner: Actor, projects: dict[str, str], now: int) -> None:
    """The saved views, and the channels whose time is over."""
    for view in VIEWS:
        of_project = "" if view.room is None else projects[view.room.name]
        create_view(tx, owner, view.name, view.query, of_project, view.shared, now)
    for room in ROOMS:
        if room.past is not None:
            update_channel(tx, owner, projects[room.name], room.past[0], {"archived": True}, now)


def _facts(tx: Connection, project: str) -> ProjectFacts:
    found = Directory().by_id(tx, project)
    if found is None:
        raise NotFound(f"There is no project {project}.")
    return found
