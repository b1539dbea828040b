"""What the team of the sample data sorts reports by, and says below them."""

from __future__ import annotations

from typing import NamedTuple

from backroom.reports.rules import Status
from backroom.upkeep.demo_people import NADIA, OWNER, RUBEN
from backroom.upkeep.demo_texts import BOATS, BOOKS, SHOP

COMMITS = "https://git.example.com"


class Remark(NamedTuple):
    """A note of somebody of the team, or a reply to the reporter."""

    who: str
    text: str
    replies: bool = False


class Thread(NamedTuple):
    """What is said below one report that has `about` in its text, once it has been put on `after`."""

    about: str
    after: Status
    remarks: tuple[Remark, ...]


class Fix(NamedTuple):
    """A commit of the agent for a report that has `about` in its text, and the agent's note."""

    about: str
    message: str
    note: str


class Desk(NamedTuple):
    """How the team works on one project: its labels, each with what a text has that gets it; threads and fixes."""

    labels: tuple[tuple[str, tuple[str, ...]], ...]
    threads: tuple[Thread, ...]
    fixes: tuple[Fix, ...]


NOTES = {
    "bug": (
        "Reproduced on the second try.",
        "Couldn't make it happen here. Asked for the steps.",
        "Happens on the test system, too.",
        "There's a line about it in the log, every time.",
        "Smaller than it looks. An hour.",
        "Bigger than it looks. Not this week.",
        "Seems to be an old one. Nobody had said so.",
        "Saw it last week and thought it was me.",
        "Took a recording before I touch anything.",
    ),
    "feature": (
        "Asked for four times now.",
        "Would be a setting, and we have enough of those.",
        "Cheap to try on one page first.",
        "Good one. For the next planning.",
        "They wrote to the hotline about it, too.",
    ),
    "alpha-feedback": (
        "Passed on to whoever drew it.",
        "Noted for the next round of the alpha.",
    ),
}
"""Notes that fit any report of the channel."""


def _thread(about: str, after: Status, *remarks: tuple[str, str]) -> Thread:
    return Thread(about, after, tuple(Remark(*remark) for remark in remarks))


def _reply(about: str, after: Status, text: str) -> Thread:
    return Thread(about, after, (Remark(NADIA, text, replies=True),))


TRIAGED, WORKED_ON, RESOLVED = Status.TRIAGED, Status.IN_PROGRESS, Status.RESOLVED

SHOP_DESK = Desk(
    (
        ("payment", ("payment", "paid", "coupon", "total", "tva", "rechnung", "price in the list")),
        ("cart", ("cart", "2 lamps")),
        ("phone", ("phone", "tablet")),
        ("accessibility", ("screen reader", "keyboard", "200 %", "dark mode")),
        ("delivery", ("deliver", "versand", "postcode", "order mail")),
    ),
    (
        _thread(
            "The cart says 2 lamps",
            WORKED_ON,
            (NADIA, "The summary still counts the lamp that was taken out in another tab."),
            (RUBEN, "So the cart is right and the summary is old. I'll take the one that is right."),
        ),
        _thread(
            "wrong postcode",
            TRIAGED,
            (RUBEN, "01067 begins with a zero. We keep postcodes as numbers."),
            (NADIA, "Of course we do."),
            (OWNER, "Not any more, please."),
        ),
        _thread("Pressing Back on the payment page", TRIAGED, (RUBEN, "Only while the card form is open.")),
        _reply(
            "The order mail came three times",
            RESOLVED,
            "Sorry for the pile. The mail server said no twice and meant yes. You were charged once, I looked.",
        ),
        _reply(
            "Die Versandkosten springen",
            RESOLVED,
            "Danke für den Hinweis. Es sind 4,90 €, seit heute auch nach dem Neuladen.",
        ),
        Thread(
            "Order 10482",
            TRIAGED,
            (
                Remark(NADIA, "I've asked the carrier who signed for it. You hear from me either way.", replies=True),
                Remark(RUBEN, "They say it was signed for by B. Tree, front garden."),
            ),
        ),
        _thread(
            "lamp switched on",
            TRIAGED,
            (OWNER, "The photographer could do that with the next batch."),
            (NADIA, "She will, if somebody else brings the bulbs."),
        ),
        _reply(
            "Rechnungskauf",
            TRIAGED,
            "Für Schulen geht das schon, es steht nur nirgends: bitte bei der Bestellung „auf Rechnung“ dazuschreiben.",
        ),
        _thread("Dark mode, please", TRIAGED, (RUBEN, "She has a point."), (NADIA, "It comes after the checkout.")),
        _thread(
            "Remove the coupon field",
            TRIAGED,
            (NADIA, "2 of 100 orders have a coupon. I'd fold it away."),
            (OWNER, "Folded, not gone. The newsletter lives from it."),
        ),
        Thread(
            "Payment with the card took 40 seconds",
            WORKED_ON,
            (
                Remark(RUBEN, "The bank took 38 of them. We wait and don't say so."),
                Remark(NADIA, "You paid once. The page will say that it waits, and for what.", replies=True),
            ),
        ),
        _thread(
            "phone number for a light bulb",
            TRIAGED,
            (OWNER, "The carrier wants it for floor lamps. A bulb fits the letter box."),
        ),
        _reply("Checkout was quick and painless", TRIAGED, "Thank you. I'll read this out on Monday."),
        _thread("scroll for the price", TRIAGED, (RUBEN, "Price beside the name, picture below. Tried it, works.")),
    ),
    (
        Fix(
            "screen reader reads every price twice",
            "Hide the machine's price from screen readers",
            "Each price stood there twice, once for people and once for search engines, and both were read. The"
            " second one is hidden from screen readers now.",
        ),
        Fix(
            "Sorting by 'newest'",
            "Sort lamps by the day they came in",
            "The import had written its own date on every lamp. The sorting was right, its dates weren't. Test added.",
        ),
        Fix(
            "same as delivery address",
            "Keep the address box ticked when the country changes",
            "A new country drew the form anew and forgot the box. It keeps its state now; tried with four countries.",
        ),
        Fix(
            "numéro de TVA",
            "Take VAT numbers with spaces and dots",
            "Spaces and dots are taken out before the check. The number is shown as it was typed.",
        ),
        Fix(
            "Tried the new cart with keyboard only",
            "Let the focus leave the cart",
            "The cart held the focus after it was closed. Escape and Tab lead back to the page now.",
        ),
        Fix(
            "countdown ran out an hour early",
            "Count the sale down to the shop's midnight",
            "It ended at the server's midnight, which is an hour early in Lisbon.",
        ),
    ),
)

BOATS_DESK = Desk(
    (
        ("bookings", ("booking", "booked")),
        ("calendar", ("calendar", "kalender", "tide", "clocks")),
        ("on deck", ("phone", "ipad", "tablet", "handy", "gloves", "on the water", "finger")),
        ("notices", ("notification", "weekly summary", "e-mail")),
        ("paper", ("print", "export", "protocol", "day sheet")),
    ),
    (
        Thread(
            "Booked boat 12",
            WORKED_ON,
            (
                Remark(RUBEN, "The day is cut off in UTC. Whoever books after ten at night gets the next one."),
                Remark(NADIA, "We look through this week's bookings by hand until it's mended.", replies=True),
            ),
        ),
        _thread(
            "Double booking!",
            TRIAGED,
            (NADIA, "Which one was first?"),
            (RUBEN, "The mails are 20 seconds apart. We keep minutes."),
            (OWNER, "Then nobody was first. Lock the hour."),
        ),
        _thread("logs me out", TRIAGED, (RUBEN, "The phone drops the page, and we keep the session in the page.")),
        _reply("Notifications are switched off", RESOLVED, "Off is off now, also at 5 in the morning. Sorry."),
        _thread(
            "connection drops on the water",
            TRIAGED,
            (RUBEN, "The feedback form keeps what it can't send. Check-in could do the same."),
            (NADIA, "One draft for each booking, please."),
        ),
        _thread(
            "harbour's old iPad",
            TRIAGED,
            (NADIA, "They won't buy a new one for a map."),
            (RUBEN, "Then they get a picture of the map."),
        ),
        _thread(
            "show the tide next to the booking",
            TRIAGED,
            (OWNER, "Tables are free for the coast. What about the river?"),
            (NADIA, "On the river they look out of the window."),
        ),
        _thread(
            "Mr Broken",
            TRIAGED,
            (RUBEN, "Mr Broken has 31 bookings this year. He's our best customer."),
            (NADIA, "He never pays."),
        ),
        _reply("appen på norsk", TRIAGED, "Takk! Oversettelsen er nesten ferdig. Vil dere lese gjennom den?"),
        _thread("We wear gloves", WORKED_ON, (RUBEN, "Tried it with oven gloves. 56 pixels work, 48 don't.")),
        _thread("Berth list and boat list", TRIAGED, (NADIA, "Berth 9. The harbour master moved her himself.")),
        _reply("Thank you for the export", TRIAGED, "Give the tax adviser our regards."),
        _thread("Undo after deleting", TRIAGED, (OWNER, "Frame this.")),
    ),
    (
        Fix(
            "Printing the day sheet",
            "Print the day sheet in landscape",
            "Nine columns don't fit on upright paper. It prints in landscape, and phone numbers come second.",
        ),
        Fix(
            "customers with an ø",
            "Find customers by ø, å and æ",
            "To the database an ø is no o with an accent. Both sides of a search are folded now: bjorn finds Bjørn.",
        ),
        Fix(
            "harbour fee",
            "Give the harbour fee a date from which it counts",
            "The fee stood in the code, twice. It is the harbour's own setting now, with a first day.",
        ),
        Fix(
            "heure de retour",
            "Add the hour of return to the export",
            "The column is there, as the last one, so that no spreadsheet of theirs breaks.",
        ),
        Fix(
            "signature field too small",
            "Let the signature take the whole width",
            "On screens for fingers the field is as wide as the page and 200 pixels high.",
        ),
    ),
)

BOOKS_DESK = Desk(
    (
        ("tax", ("vat", "datev", "quarter", "accountant")),
        ("invoices", ("invoice", "customer")),
        ("import", ("import", "csv", "heic", "receipt")),
        ("chart", ("chart", "overview")),
        ("bank", ("bank", "transactions", "sync", "pin-eingabe")),
    ),
    (
        _thread(
            "loss of 12,000",
            WORKED_ON,
            (RUBEN, "A refund of 12,000 counts as an expense and as income that is missing."),
            (NADIA, "So it is wrong by 12,000, twice."),
        ),
        Thread(
            "I deleted a draft",
            TRIAGED,
            (
                Remark(NADIA, "I'll call you in ten minutes.", replies=True),
                Remark(RUBEN, "It's in the bin under the draft's number. Nothing is lost."),
                Remark(NADIA, "She has it back."),
            ),
        ),
        _thread("more than six digits", TRIAGED, (OWNER, "I wish it was ours, too.")),
        _thread(
            "HEIC",
            TRIAGED,
            (RUBEN, "A reader for HEIC is 9 MB. Phones send JPEG if the page asks for it."),
            (NADIA, "Then let the page ask."),
        ),
        _reply("La date est inversée", RESOLVED, "Corrigé : le 3 avril est redevenu le 3 avril."),
        _thread(
            "about 9,000 of them",
            TRIAGED,
            (RUBEN, "9,000 rows, all drawn at once. Nobody reads 9,000 rows."),
            (NADIA, "She does."),
        ),
        _thread("eleven invoices", TRIAGED, (OWNER, "The third one this month. Let's do it.")),
        _thread(
            "cash book",
            TRIAGED,
            (NADIA, "By law nobody may change it afterwards. That is more than another table."),
        ),
        _thread("sends everything to my accountant", TRIAGED, (OWNER, "Ask how much.")),
        _reply("dividir un gasto", TRIAGED, "Buena idea. Ya está en la lista."),
        _reply("Took four mails", TRIAGED, "Glad to hear it. Next time we try to need three."),
        _thread("savings account", TRIAGED, (RUBEN, "The box is kept, and then the bank's own list wins.")),
        _thread("napkin", TRIAGED, (NADIA, "Can we have the napkin for the tests?")),
    ),
    (
        Fix(
            "2026-031",
            "Give an invoice its number when it is sent",
            "Two drafts that were open together took the same number. Numbers are given on sending now, in turn.",
        ),
        Fix(
            "VAT of 7 %",
            "Round VAT on the sum",
            "Rounding moved from the lines to the sum. Invoices that were sent stay as they are.",
        ),
        Fix(
            "CSV with semicolons",
            "Tell the separator of an import by its first lines",
            "Commas, semicolons and tabs are told apart by the first five lines; the preview shows which it took.",
        ),
        Fix(
            "renewed every day",
            "Keep a bank's consent for as long as the bank says",
            "The bank says 90 days, and we kept 90,000 seconds. That is a day and an hour.",
        ),
        Fix(
            "red and green",
            "Tell income and expenses apart without colour",
            "Expenses are hatched now. Looked at it in grey.",
        ),
    ),
)

DESKS = {SHOP.name: SHOP_DESK, BOATS.name: BOATS_DESK, BOOKS.name: BOOKS_DESK}
