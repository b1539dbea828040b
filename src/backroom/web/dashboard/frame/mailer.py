"""Mails, sent by threads of their own, so that a slow mail server keeps nothing else waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor

import structlog

from backroom.access import Role
from backroom.accounts.mail import MailFailed, send_mail
from backroom.errors import Failure

log = structlog.get_logger("backroom.web.dashboard")

THREADS = 2
TEST = "This is a test email from Backroom. Email works."
RESET = """\
Hello {name},

we received a request to reset the password of {email}. Choose a new password within one hour:

{link}

If you didn't request this, ignore this email. Your password stays the same.
"""
INVITATION = """\
Hello,

{inviter} invited you to join the workspace “{workspace}” on Backroom as {role}. Accept within seven days:

{link}

If you don't recognize this invitation, ignore this email.
"""


class Mailer:
    """The mails of one process; belongs to the event loop's thread. Without an address of a server it is off."""

    def __init__(self, url: str, sender: str) -> None:
        self.on = bool(url)
        self.sender = sender
        self._url = url
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="backroom-mail")
        self._under_way: set[asyncio.Task[None]] = set()

    async def send(self, to: str, subject: str, text: str) -> None:
        """Sends a mail and returns when the server has taken it. Raises MailFailed."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, send_mail, self._url, self.sender, to, subject, text)

    async def send_test(self, to: str) -> None:
        """A mail that says only that mails arrive. Raises MailFailed."""
        await self.send(to, "Test email from Backroom", TEST)

    async def send_reset(self, name: str, email: str, link: str) -> None:
        """The way to a new password. Raises MailFailed."""
        await self.send(email, "Reset your Backroom password", RESET.format(name=name, email=email, link=link))

    async def send_invitation(self, to: str, inviter: str, workspace: str, role: Role, link: str) -> None:
        """The way into a workspace. Raises MailFailed."""
        article = "an" if role.value[0] in "ao" else "a"
        text = INVITATION.format(inviter=inviter, workspace=workspace, role=f"{article} {role}", link=link)
        await self.send(to, f"{inviter} invited you to {workspace}", text)

    def later(self, work: Coroutine[None, None, None]) -> None:
        """Does the work after the answer that waits for nothing of it; what fails is logged."""
        task = asyncio.create_task(_logged(work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)


async def _logged(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except MailFailed as error:
        log.warning("mail_failed", error=error.message)
    except Failure as error:
        log.warning("mail_not_made", error=error.message)
