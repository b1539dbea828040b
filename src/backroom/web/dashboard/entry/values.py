"""What the pages of this room are given: one value each, by the name of its template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backroom.accounts.invitations import Invited
from backroom.accounts.members import OwnWorkspace
from backroom.accounts.rules import SignUp
from backroom.accounts.sessions import Session
from backroom.web.dashboard.frame.forms import Form

CODE_PATH = "/sign-in/code"


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page before the dashboard. `form` is what was typed into it, None before anything was."""

    template: ClassVar[str]
    form: Form | None = None


@dataclass(frozen=True, kw_only=True)
class SetupPage(Page):
    """Where the owner's account is made. `state` is what `setup_state` says of the `token`."""

    template = "setup"
    state: str
    token: str


@dataclass(frozen=True, kw_only=True)
class SignIn(Page):
    """`next` is where it leads; `is_new` says that nobody has an account yet."""

    template = "sign_in"
    next: str
    is_new: bool
    may_sign_up: bool


@dataclass(frozen=True, kw_only=True)
class Code(Page):
    """The second factor; by a recovery code where `recovery` says so."""

    template = "code"
    next: str
    recovery: bool
    path: str = CODE_PATH


@dataclass(frozen=True, kw_only=True)
class NewAccount(Page):
    """An account without an invitation, as far as the instance's `mode` allows."""

    template = "sign_up"
    mode: SignUp


@dataclass(frozen=True, kw_only=True)
class InvitationPage(Page):
    """`session` is set if someone is signed in already; they accept with one click."""

    template = "invitation"
    token: str
    invited: Invited
    mode: SignUp
    session: Session | None


@dataclass(frozen=True, kw_only=True)
class GonePage(Page):
    """A link that is used, withdrawn or too old."""

    template = "gone"
    session: Session | None = None


@dataclass(frozen=True, kw_only=True)
class ResetPage(Page):
    """Where a link to a new password is asked for; `asked` is the address that one was asked for."""

    template = "reset"
    mails: bool
    asked: str = ""


@dataclass(frozen=True, kw_only=True)
class Choose(Page):
    """Where a new password is chosen, with the link."""

    template = "choose"
    token: str
    email: str


@dataclass(frozen=True, kw_only=True)
class NoWorkspacePage(Page):
    """What somebody can do who is in no workspace right now, or wants another; `own` are those they belong to."""

    template = "no_workspace"
    session: Session
    own: list[OwnWorkspace]
    may_add: bool
