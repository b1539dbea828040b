"""Fills an empty store with the sample data: one workspace, its team, three projects, 60 days of reports and work."""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random

import msgspec
from sqlalchemy import Connection

from backroom.access import ALL_SCOPES, Actor, KeyScope, Role, person
from backroom.accounts.commands import create_user
from backroom.accounts.invitations import create_invitation, sign_up
from backroom.accounts.passwords import hash_password
from backroom.accounts.rules import Plan
from backroom.clock import DAY, HOUR, MINUTE
from backroom.demo.pictures import Picture, draw
from backroom.demo.reports import DAYS, SEED, SampleReport, plan_reports
from backroom.demo.summary import Demo, DemoProject
from backroom.demo.teamwork import Action, AddComment, AddLabel, Assign, LinkCommit, plan_steps
from backroom.demo.texts import AGENT, OWNER, Member, SampleProject, projects, team
from backroom.errors import Conflict, NotFound
from backroom.files.blobs import Blobs
from backroom.ids import id_at, ids_of_the_past, random_text
from backroom.projects.channels import create_channel, update_channel
from backroom.projects.commands import create_project, create_secret_key, regenerate_miniback_key, update_project
from backroom.projects.directory import Directory, ProjectFacts
from backroom.projects.queries import get_project
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
from backroom.upkeep.progress import Report, silent
from backroom.upkeep.restore import has_data

EMAIL = "demo@example.com"
NAME = "Demo Owner"
PASSWORD_LENGTH = 16
SECRET_LENGTH = 40
AGENT_SCOPES = frozenset({KeyScope.FEEDBACK_READ, KeyScope.FEEDBACK_WRITE})
VOICES_FOLDER = Path(__file__).with_name("voices")
VOICES = (("note.webm", "audio/webm", 4008), ("note.mp4", "audio/mp4", 3000))
"""Name, content type, length in milliseconds."""
HAS_DATA = "This store already has data. The sample data needs an empty store: choose another folder with --data."


def fill_store(db: Database, blobs: Blobs, now: int, report: Report = silent) -> Demo:
    """Fills the store in one transaction. Raises Conflict where it has data."""
    if db.read_now(has_data):
        raise Conflict(HAS_DATA)
    password = random_text(PASSWORD_LENGTH)
    hashes = {OWNER: hash_password(password)}
    hashes |= {member.key: hash_password(random_text(SECRET_LENGTH)) for member in team().members}
    reports = plan_reports(now)
    writer = _Writer(blobs, reports, _draw_all(reports, report))
    try:
        with ids_of_the_past():
            workspace, created = db.write_now(writer.write, hashes, now)
    except BaseException:
        blobs.delete(writer.kept)
        raise
    return Demo(EMAIL, password, workspace, created, len(reports))


def _draw_all(reports: list[SampleReport], report: Report) -> dict[int, Picture]:
    """The screenshots by their report's number."""
    random = Random(SEED)  # noqa: S311 -- pictures, not secrets
    numbers = [number for number, each in enumerate(reports) if each.has_screenshot]
    pictures = {}
    for done, number in enumerate(numbers, start=1):
        drawn = reports[number]
        pictures[number] = draw(drawn.project.picture, str(drawn.context["url"]), random)
        report("drawing", done, len(numbers))
    return pictures


class _Writer:
    """Writes the reports and the team's work into an empty store, in order of time, so that every id fits its time."""

    def __init__(self, blobs: Blobs, reports: list[SampleReport], pictures: dict[int, Picture]) -> None:
        self.kept: list[str] = []
        self._blobs = blobs
        self._reports = reports
        self._pictures = pictures
        self._random = Random(SEED)  # noqa: S311 -- which sample voice, not a secret

    def write(self, tx: Connection, hashes: dict[str, str], now: int) -> tuple[str, list[DemoProject]]:
        """The accounts, then everything that happens; returns the workspace's id and the projects.

        `hashes` are those of the passwords, by the key of each person.
        """
        start = now - (DAYS + 1) * DAY
        user = create_user(tx, EMAIL, NAME, hashes[OWNER], Plan.PRO, start)
        owner = person(user.id, NAME, user.workspace, Role.OWNER)
        made = [_create_project(tx, owner, each, start + place * MINUTE) for place, each in enumerate(projects())]
        people = {OWNER: owner}
        for place, member in enumerate(team().members, start=1):
            people[member.key] = _invite(tx, owner, member, hashes[member.key], start + place * HOUR)
        ids = {each.facts.name: each.facts.id for each in made}
        agents = {name: _create_agent(tx, owner, project, start + 5 * HOUR) for name, project in ids.items()}
        artifact = _open_room(tx, agents, ids, start + 6 * HOUR)
        self._write_steps(tx, people, agents, artifact, now)
        _finish(tx, owner, ids, now)
        return user.workspace, made

    def _write_steps(
        self, tx: Connection, people: dict[str, Actor], agents: dict[str, Actor], artifact: Artifact, now: int
    ) -> None:
        """Everything from the first report on; `agents` are those of the projects, by name."""
        facts = {name: _facts(tx, agent.project or "") for name, agent in agents.items()}
        ids: dict[int, str] = {}
        for step in plan_steps(self._reports, now):
            name = self._reports[step.report].project.name
            if step.action is None:
                ids[step.report] = submit_report(tx, self._submission(facts[name], step.report, artifact)).id
            elif step.who == AGENT:
                _act_as_agent(tx, agents[name], ids[step.report], step.action, step.moment)
            else:
                _act(tx, people, step.who, ids[step.report], step.action, step.moment)

    def _submission(self, project: ProjectFacts, number: int, artifact: Artifact) -> Submission:
        report = self._reports[number]
        files: list[StoredFile] = []
        blocks = self._blocks(project.id, number, report, files)
        has_identity = report.user is not None and report.client_id is not None
        identity = {"userId": report.user, "verified": report.verified} if has_identity else None
        url = report.context.get("url")
        return Submission(
            project=project,
            now=report.moment,
            source=report.source.value,
            client_id=report.client_id,
            channel=report.channel,
            title=rules.title_of(blocks),
            message=rules.message_of(blocks),
            blocks=msgspec.json.encode(blocks),
            context=msgspec.json.encode(report.context),
            identity=None if identity is None else msgspec.json.encode(identity),
            user_id=report.user,
            url=url if isinstance(url, str) else None,
            artifact_id=None if report.comment is None else artifact.id,
            artifact=None if report.comment is None else msgspec.json.encode(artifact),
            files=files,
            agent=find_agent(report.context),
        )

    def _blocks(self, project: str, number: int, report: SampleReport, files: list[StoredFile]) -> list[Block]:
        """In the order in which a reporter adds them; what has bytes is kept and added to `files`."""
        blocks: list[Block] = []
        if report.quote is not None:
            blocks.append(SelectionBlock(report.quote.text, report.quote.selector, str(report.context["url"])))
        if report.text is not None:
            blocks.append(TextBlock(report.text))
        if number in self._pictures:
            data, content_type, width, height = self._pictures[number]
            url = self._keep(
                project=project,
                moment=report.moment,
                kind="screenshot",
                data=data,
                content_type=content_type,
                size=(width, height),
                length=None,
                files=files,
            )
            blocks.append(ScreenshotBlock(url, width, height))
        if report.has_voice:
            name, content_type, length = self._random.choice(VOICES)
            url = self._keep(
                project=project,
                moment=report.moment,
                kind="audio",
                data=(VOICES_FOLDER / name).read_bytes(),
                content_type=content_type,
                size=(None, None),
                length=length,
                files=files,
            )
            blocks.append(AudioBlock(url, length))
        return blocks

    def _keep(
        self,
        *,
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
        files.append(
            StoredFile(
                id=id_,
                kind=kind,
                content_type=content_type,
                size=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                key=key,
                width=size[0],
                height=size[1],
                duration_ms=length,
            )
        )
        return f"/api/v1/projects/{project}/files/{id_}"


def _create_project(tx: Connection, owner: Actor, sample: SampleProject, now: int) -> DemoProject:
    """A project with its keys, its channels, and a secret with which its users are signed."""
    project = create_project(tx, owner, sample.name, None, now)
    for each in sample.channels():
        channel = Channel(
            id="", key=each.key, name=each.name, color=each.color, mascot=each.mascot, base_weight=1.0, archived=False
        )
        create_channel(tx, owner, project, channel, now)
    update_project(tx, owner, project, {"identity_secret": random_text(SECRET_LENGTH)}, now)
    key = create_secret_key(tx, owner, project, ALL_SCOPES, "Sample key", now)
    return DemoProject(get_project(tx, owner, project), key, regenerate_miniback_key(tx, owner, project, now))


def _invite(tx: Connection, owner: Actor, member: Member, password_hash: str, now: int) -> Actor:
    """A teammate who was invited and signed up."""
    token = create_invitation(tx, owner, member.email, member.role, now).token
    made = sign_up(tx, token, member.email, member.name, password_hash, Plan.PRO, now + 10 * MINUTE)
    return person(made.id, member.name, made.workspace, member.role)


def _create_agent(tx: Connection, owner: Actor, project: str, now: int) -> Actor:
    """An agent with a key of the project that nobody is shown."""
    key = create_secret_key(tx, owner, project, AGENT_SCOPES, team().agent, now)
    return Actor(AGENT_KIND, key.id, owner.workspace, project, AGENT_SCOPES, name=team().agent)


def _open_room(tx: Connection, agents: dict[str, Actor], ids: dict[str, str], now: int) -> Artifact:
    """The room of the review, as its project's agent opens it."""
    review = team().review
    about = (review.title, review.goal, review.constraints, team().agent)
    room, _ = open_room(tx, agents[review.project], ids[review.project], *about, now)
    return artifact_of(room)


def _act(tx: Connection, people: dict[str, Actor], who: str, report: str, action: Action, now: int) -> None:
    """What somebody of the team does to a report."""
    actor = people[who]
    if isinstance(action, Status):
        commands.set_status(tx, actor, [report], action, now)
    elif isinstance(action, Assign):
        commands.assign(tx, actor, [report], people[action.to].id, now)
    elif isinstance(action, AddLabel):
        commands.add_label(tx, actor, [report], action.label, now)
    elif isinstance(action, AddComment):
        commands.add_comment(tx, actor, [report], action.kind, action.text, now)


def _act_as_agent(tx: Connection, agent: Actor, report: str, action: Action, now: int) -> None:
    """What the project's agent does to a report, with its key, whose use counts."""
    if isinstance(action, Status):
        commands.set_status(tx, agent, [report], action, now)
    elif isinstance(action, AddComment):
        commands.add_comment(tx, agent, [report], action.kind, action.text, now, once=True)
    elif isinstance(action, LinkCommit):
        commands.link_commit(tx, agent, [report], Commit(action.commit, action.url, action.message), now)
    note_uses(tx, [KeyUse(agent.id, now // DAY, 1, now)])


def _finish(tx: Connection, owner: Actor, ids: dict[str, str], now: int) -> None:
    """Saves the views, and archives the channels whose time is over."""
    for view in team().views:
        project = "" if view.project is None else ids[view.project]
        create_view(tx, owner, view.name, view.query, project, view.shared, now)
    for sample in projects():
        if sample.archived_channel is not None:
            update_channel(tx, owner, ids[sample.name], sample.archived_channel.key, {"archived": True}, now)


def _facts(tx: Connection, project: str) -> ProjectFacts:
    found = Directory().by_id(tx, project)
    if found is None:
        raise NotFound(f"There is no project {project}.")
    return found
