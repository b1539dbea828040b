"""What `backroom demo` says of the sample data: who can sign in, the keys, and commands to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from backroom.demo.texts import projects, team
from backroom.projects.commands import NewKey
from backroom.projects.queries import Project

ADDRESS = "http://127.0.0.1:8000"


class DemoProject(NamedTuple):
    """A project of the sample data with its keys."""

    facts: Project
    key: NewKey
    miniback: NewKey


@dataclass(frozen=True)
class Demo:
    """What was created. The password and the keys can't be read again later."""

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
            "try": self.commands(),
        }

    def as_text(self) -> str:
        """For a person; the commands can be pasted while `backroom serve` runs."""
        members = ", ".join(f"{member.email} ({member.role})" for member in team().members)
        parts = [
            f"Created {self.reports} reports in {len(self.projects)} projects of workspace {self.workspace}.",
            f"Owner: {self.email}, password: {self.password}",
            f"Team: {members}.",
            "The team's passwords are random. To sign in as one of them, run `backroom user reset-password EMAIL`.",
            "",
        ]
        for facts, key, miniback in self.projects:
            parts += [
                f"{facts.name} ({facts.slug}, {facts.id})",
                f"  public key    {facts.project_key}",
                f"  Patchrooms    {key.key}",
                f"  Miniback      {miniback.key}",
            ]
        parts += ["", "The password and the keys are shown only once. Run `backroom serve`, then try:", ""]
        return "\n".join([*parts, *self.commands()])

    def commands(self) -> list[str]:
        """Commands for a shell that read and send through both dialects."""
        facts, key, miniback = self.projects[0]
        patchrooms, bearer = f"{ADDRESS}/api/v1", f"-H 'Authorization: Bearer {key.key}'"
        x_api_key, json = f"-H 'x-api-key: {miniback.key}'", "-H 'Content-Type: application/json'"
        report = {
            "clientId": "3f0c3a52-6c0e-4d5b-9a55-0d6f3c1f7a10",
            "blocks": [{"type": "text", "text": "The total is wrong after I change the country."}],
            "context": {"url": f"https://{projects()[0].host}/checkout"},
        }
        sent = msgspec.json.encode(report).decode()
        message = msgspec.json.encode({"message": "Love the new search."}).decode()
        return [
            f"curl -s {bearer} '{patchrooms}/projects/{facts.id}/feedback?limit=3'",
            f"curl -s {json} -d '{sent}' '{patchrooms}/ingest/{facts.project_key}'",
            f"curl -s {x_api_key} '{ADDRESS}/api/feedback?search=cart&pageSize=3'",
            f"curl -s {x_api_key} {json} -d '{message}' '{ADDRESS}/api/projects/{facts.id}/feedback'",
        ]
