"""What the people of the sample data say."""

from __future__ import annotations

from typing import NamedTuple


class Room(NamedTuple):
    """One sample project: its name, its host, its pages, and what is said in its channels.

    `extra` is a channel besides the first three (key, name, color, mascot); `past` is one that was archived.
    """

    name: str
    host: str
    pages: tuple[str, ...]
    picture: str
    extra: tuple[str, str, str, str]
    past: tuple[str, str, str, str] | None
    said: dict[str, tuple[str, ...]]
    quotes: tuple[tuple[str, str], ...]


SHOP = Room(
    "Lantern Shop",
    "lantern-shop.example",
    ("/", "/lamps", "/lamps/desk-lamp-oak", "/cart", "/checkout", "/checkout/payment", "/orders", "/returns"),
    "checkout",
    ("checkout", "Checkout", "#e67700", "rabbit"),
    ("summer-sale", "Summer sale", "#2b8a3e", "bear"),
    {
        "bug": (
            "The cart says 2 lamps, the summary says 3. I only want 2.",
            "I can't get past the address form: 'wrong postcode'. It has been my postcode for eleven years.",
            "Pressing Back on the payment page empties the cart. I had to pick everything again.",
            "Photos of the oak desk lamp don't load on my phone, just grey boxes.",
            "The order mail came three times.",
            "Filtering by colour AND by price shows nothing at all, each alone works.",
            "Die Versandkosten springen zwischen 4,90 € und 0 €, je nachdem, ob ich die Seite neu lade.",
            "Le bouton « Valider » ne réagit pas sur ma tablette. Il faut appuyer à côté.",
            "Zoomed in at 200 % the menu lies over the search field and I can't reach it.",
            "My screen reader reads every price twice, once as 'forty-nine ninety' and once as '4990'.",
            "Order 10482 shows as delivered. It isn't. Nobody rang.",
            "Sorting by 'newest' puts lamps from 2019 first??",
        ),
        "feature": (
            "Could you show the lamp switched on? I can't judge the light from a photo at noon.",
            "Please let me save a cart for later, I always compare at work and buy at home.",
            "A field for a gift message would be lovely.",
            "It'd help to see the cable's length without opening the data sheet.",
            "Können Sie bitte Rechnungskauf anbieten? Unsere Schule zahlt nur auf Rechnung.",
            "Wish list that I can share with my sister. That's it, that's the wish.",
            "Dark mode, please. You sell lamps, you of all people should understand.",
            "Estoy buscando recambios de pantallas y no hay categoría. ¿Podrían añadir una?",
        ),
        "checkout": (
            "Remove the coupon field; nearly nobody has a coupon, and everybody leaves to look for one.",
            "Payment with the card took 40 seconds with no sign of life. I nearly paid twice.",
            "The 'same as delivery address' box unticks itself when I change the country.",
            "Why do I need to give a phone number for a light bulb?",
            "Checkout was quick and painless. First shop this year where I wasn't asked to make an account. Thanks!",
            "Total changes after I've pressed Pay. Shipping should be in it from the start.",
            "Mon numéro de TVA est refusé alors qu'il est valide : les espaces ne sont pas acceptés.",
        ),
        "alpha-feedback": (
            "New product page: the big picture is great, but I now have to scroll for the price.",
            "The new search finds 'brass' in descriptions too. Finally!",
            "I liked the old order page better. I saw everything at once.",
            "Tried the new cart with keyboard only: I can get in, I can't get out again.",
        ),
        "summer-sale": (
            "The banner covers the close button on a small phone.",
            "Sale price in the list, full price in the cart. Which one is it?",
            "The countdown ran out an hour early here (I'm in Lisbon).",
            "Loved the sale page, found two lamps I didn't know I needed.",
        ),
    },
    (
        ("Enter coupon code", "input#coupon-code"),
        ("Delivery in 2 to 12 working days", "main .delivery > p:nth-of-type(2)"),
        ("By continuing you agree to receive our newsletter", "form.checkout label.newsletter"),
        ("Only 1 left!", ".stock-notice"),
    ),
)

BOATS = Room(
    "Tidewater Rentals",
    "app.tidewater.example",
    ("/today", "/calendar", "/boats", "/boats/12", "/customers", "/settings", "/settings/notifications", "/invoices"),
    "settings",
    ("harbour-office", "Harbour office", "#0b7285", "bear"),
    None,
    {
        "bug": (
            "Booked boat 12 for Saturday and it shows up on Sunday. The customer stood at the pier. Please fix fast.",
            "After the update all times are one hour early. We changed clocks last weekend, maybe that's it.",
            "Saving the settings says 'Saved' but after a reload the old e-mail address is back.",
            "The map is blank on the harbour's old iPad.",
            "Double booking! Two people, same boat, same hour, 20 seconds apart. I have the mails.",
            "Printing the day sheet cuts off the last column, which is the one with the phone numbers.",
            "Kalender lässt sich am Handy nicht nach rechts wischen, springt immer auf heute zurück.",
            "Notifications are switched off and I get them all the same. At 5 in the morning.",
            "Search doesn't find customers with an ø in the name. We are in Norway.",
            "The app logs me out every time I lock the phone.",
            "When the connection drops on the water, the check-in form loses everything that I typed.",
        ),
        "feature": (
            "Please show the tide next to the booking. We look it up in another app for every single customer.",
            "We need a way to block a boat for repairs without making a fake booking for 'Mr Broken'.",
            "Could the calendar start on Monday?",
            "Weekly summary by mail for the owner: hours out, income, damage. Nothing fancy.",
            "Kunne vi få appen på norsk? Sommervikarene våre spør hver uke.",
            "A photo with the hand-over protocol would have saved us 800 euros last month.",
            "Larger buttons please! We wear gloves.",
        ),
        "harbour-office": (
            "The harbour fee is still last year's. It is 18.50 since the first.",
            "Berth list and boat list disagree about the Aurora: berth 7 or berth 9?",
            "Can the office get its own login that can't see the income?",
            "Thank you for the export. The tax adviser stopped calling.",
            "Il manque la colonne « heure de retour » dans l'export, on la ressaisit à la main.",
        ),
        "alpha-feedback": (
            "New calendar looks good. It's slow with more than 40 boats, about 3 seconds for a month.",
            "The new hand-over screen: signature field too small for a finger.",
            "Undo after deleting a booking is the best thing you made this year.",
            "Alpha crashed once while I rotated the tablet, couldn't make it happen again.",
        ),
    },
    (
        ("Notify me about every change", "label[for='notify-all']"),
        ("Cancellation up to 24 hours before departure", "section#terms li:nth-child(3)"),
        ("No boats available", ".calendar-day.is-empty span"),
    ),
)

BOOKS = Room(
    "Ledgerly",
    "ledgerly.example",
    ("/overview", "/income", "/expenses", "/invoices", "/invoices/new", "/reports/quarter", "/bank", "/profile"),
    "chart",
    ("bank-sync", "Bank sync", "#5f3dc4", "panda"),
    ("beta-2", "Beta 2", "#868e96", "cat"),
    {
        "bug": (
            "The quarter's chart shows a loss of 12,000. There is no loss. I nearly fell off my chair.",
            "Invoice 2026-031 has the number twice.",
            "VAT of 7 % is rounded down per line instead of in the sum, I'm off by 3 cents every month.",
            "Import of a CSV with semicolons puts everything in one column.",
            "Beim Export nach DATEV fehlen alle Buchungen vom letzten Tag des Monats.",
            "I deleted a draft and a sent invoice disappeared. Please call me.",
            "Chart labels overlap as soon as a month has more than six digits (I wish this was my problem).",
            "Uploading a receipt as HEIC says 'unknown error'. My phone only makes those.",
            "La date est inversée dans les PDF : 03/04 devient le 4 mars.",
            "Totals don't add up when I filter for a single customer; unfiltered they do.",
            "The page freezes for about ten seconds on opening 'Expenses', we have about 9,000 of them.",
        ),
        "feature": (
            "Recurring invoices. I send the same eleven invoices on the first of every month.",
            "Please remind my customers automatically; I hate writing these mails.",
            "Show the same month last year as a thin line in the chart.",
            "Could you add a cash book? Small bakery here, half of it is cash.",
            "I'd pay for a button that sends everything to my accountant.",
            "Sería útil poder dividir un gasto entre dos categorías.",
            "Keyboard shortcuts for categorising: 1 to 9 would be enough.",
            "Swedish kronor please, at least for reading.",
        ),
        "bank-sync": (
            "The bank connection needs to be renewed every day instead of every 90.",
            "Transactions from 28 to 31 March are there twice.",
            "My bank (a small co-operative one) isn't in the list. Is there a plan?",
            "Sync works since yesterday's update. Took four mails, but it works. Cheers.",
            "It syncs the savings account too, although I unticked it.",
            "Die PIN-Eingabe öffnet sich hinter dem Fenster, man sieht sie nicht.",
        ),
        "alpha-feedback": (
            "The new overview answers my two questions (what's open, what's mine) without a click. Keep it.",
            "I don't understand the difference between 'open' and 'due' in the new list.",
            "Colours in the new chart: red and green look the same to me.",
            "New receipt scanner read 19 of 20 correctly. The 20th was a napkin, to be fair.",
        ),
        "beta-2": (
            "Beta 2 is fast! Import went down from minutes to seconds.",
            "In beta 2 the search field loses its focus after every letter.",
            "Beta: can't find where the profile went.",
            "Beta 2 forgot my column widths.",
        ),
    },
    (
        ("Net result after provisions", "table.summary tr:nth-child(5) th"),
        ("Your trial ends soon", "#banner p"),
        ("Something went wrong (code 0)", "[role='alert']"),
    ),
)

ROOMS = (SHOP, BOATS, BOOKS)

MORE = (
    "Happened twice today.",
    "I'm on a phone, if that matters.",
    "It worked last week.",
    "No hurry, just wanted you to know.",
    "Happy to show you in a call.",
    "Same on my colleague's machine.",
    "I've attached what I see.",
    "Otherwise I like it a lot, keep going!",
    "This is the third time I write about it.",
    "Reloading helps for a minute or so.",
    "Private window, same thing.",
    "Sorry for the long text.",
    "Danke und viele Grüße aus Kiel",
    "Merci d'avance !",
    "Steps: open the page, wait, click. That's all.",
    "Please don't close this as 'works for me' again.",
    "😅",
    "Using the newest Firefox.",
    "Tried two browsers.",
    "Only in the evening, oddly.",
)

SPOKEN = (
    "(see the voice note)",
    "Easier to say than to type, so I recorded it.",
    "Voice note, because I'm walking.",
)

ERRORS = (
    "TypeError: Cannot read properties of undefined (reading 'total')\n    at Summary (/assets/app.4f1c.js:214:31)",
    "Failed to load resource: the server responded with a status of 504 (Gateway Timeout)",
    "Uncaught (in promise) AbortError: The user aborted a request.",
    "RangeError: Invalid time value\n    at Date.toISOString (<anonymous>)",
    'Warning: Each child in a list should have a unique "key" prop.',
    "ResizeObserver loop completed with undelivered notifications.",
)

CHROMIUM = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0"
AGENTS = (
    ("desktop", 1440, 900, "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"),
    ("desktop", 1920, 1080, f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROMIUM} Safari/537.36"),
    ("desktop", 1512, 982, f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Safari/605.1.15"),
    ("mobile", 390, 844, f"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) {WEBKIT} Mobile/15E148 Safari/604.1"),
    ("mobile", 412, 915, f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {CHROMIUM} Mobile Safari/537.36"),
    ("tablet", 820, 1180, f"Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) {WEBKIT} Safari/604.1"),
)
"""Device, width and height of the window in pixels, user agent."""
