"""Who works with the sample data's reports, the room in which they review something, and the views that they keep."""

from __future__ import annotations

from typing import NamedTuple

from backroom.access import Role
from backroom.reports.rules import Status
from backroom.upkeep.demo_texts import SHOP, Room

OWNER, NADIA, RUBEN, AGENT = "owner", "nadia", "ruben", "agent"
AGENT_NAME = "Repo bot"


class Mate(NamedTuple):
    """A teammate; `key` is what the story calls them."""

    key: str
    name: str
    email: str
    role: Role


class Heard(NamedTuple):
    """What a person says of the artifact in its room, with the element meant; who settles it, how, and why."""

    user: str
    text: str
    quote: tuple[str, str]
    by: str
    status: Status
    why: str


class Review(NamedTuple):
    """A room and what is said in it."""

    room: Room
    page: str
    title: str
    goal: str
    constraints: tuple[str, ...]
    heard: tuple[Heard, ...]


class SavedView(NamedTuple):
    """A filter under a name, of one project or of all; for everybody where `shared`, else the owner's own."""

    name: str
    query: str
    room: Room | None
    shared: bool


TEAM = (
    Mate(NADIA, "Nadia Okafor", "nadia@example.com", Role.ADMIN),
    Mate(RUBEN, "Ruben Falk", "ruben@example.com", Role.MEMBER),
    Mate("wilma", "Wilma Ortega", "wilma@example.com", Role.VIEWER),
)

VIEWS = (
    SavedView("New bugs", "status=open&channel=bug", None, True),
    SavedView("Payment, unsolved", "status=open&status=triaged&status=in-progress&label=payment", SHOP, False),
)

REVIEW = Review(
    SHOP,
    "/preview/one-page-checkout",
    "Checkout on one page",
    "A guest pays for one lamp in under a minute and makes no account.",
    ("Works with a keyboard alone.", "The total doesn't change after Pay.", "Nothing new that counts visitors."),
    (
        Heard(
            "wilma",
            "I have to scroll for the Pay button on my laptop.",
            ("Pay 89.00 EUR", "button.pay"),
            AGENT,
            Status.RESOLVED,
            "The summary is folded until somebody opens it. Pay is in sight from 700 pixels of height.",
        ),
        Heard(
            "maren",
            "I typed my postcode and the town stayed empty.",
            ("Town", "input#town"),
            AGENT,
            Status.RESOLVED,
            "The town is looked up when one leaves the postcode, and can still be typed.",
        ),
        Heard(
            "lena",
            "Tab goes from the card number straight to the footer.",
            ("Card number", "input#card"),
            AGENT,
            Status.RESOLVED,
            "Three fields stood elsewhere in the page than on the screen. They are in one order again.",
        ),
        Heard(
            "tom.b",
            "Green for the button, really? I liked the orange one.",
            ("Pay 89.00 EUR", "button.pay"),
            OWNER,
            Status.CLOSED,
            "So did we. Green stays until somebody has counted.",
        ),
        Heard(
            "odd",
            "Paid for a lamp in 41 seconds. With a cat on my arm.",
            ("Thank you for your order", "h1"),
            NADIA,
            Status.RESOLVED,
            "Under a minute, nothing open. It ships.",
        ),
    ),
)
