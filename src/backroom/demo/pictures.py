"""Screenshots for the sample data: small pictures of pages, drawn as one would sketch them."""

from __future__ import annotations

from io import BytesIO
from random import Random
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 960, 600
INK, GREY, PALE, PAPER, WHITE = "#212529", "#868e96", "#dee2e6", "#f1f3f5", "#ffffff"
ACCENTS = ("#e67700", "#0b7285", "#5f3dc4", "#2b8a3e", "#c2255c")
LAMPS = ("Desk lamp, oak", "Floor lamp, brass", "Paper shade 40 cm", "LED bulb E27", "Reading light")
SWITCHES = ("Notify me about every change", "Weekly summary", "Show tides", "Large buttons", "Sound on new booking")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels."""


class Picture(NamedTuple):
    """An image file as bytes; its measures in pixels."""

    data: bytes
    content_type: str
    width: int
    height: int


def draw(kind: str, title: str, random: Random) -> Picture:
    """A page of that kind (`checkout`, `settings`, `chart`) in a browser's frame, as PNG or JPEG."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(image)
    accent = random.choice(ACCENTS)
    _frame(pen, title, accent)
    subject = {"checkout": _checkout, "settings": _settings, "chart": _chart}[kind](pen, accent, random)
    # The reporter's circle around what it is about.
    pen.ellipse(subject, outline="#e03131", width=4)
    file = BytesIO()
    if random.random() < 0.7:
        image.quantize(64).save(file, "PNG", optimize=True)
        return Picture(file.getvalue(), "image/png", WIDTH, HEIGHT)
    image.save(file, "JPEG", quality=82)
    return Picture(file.getvalue(), "image/jpeg", WIDTH, HEIGHT)


def _text(pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int = 16, fill: str = INK) -> None:
    pen.text(at, text, fill=fill, font=ImageFont.load_default(size))


def _frame(pen: ImageDraw.ImageDraw, title: str, accent: str) -> None:
    pen.rectangle((0, 0, WIDTH, 36), fill=PALE)
    for place, color in enumerate(("#fa5252", "#fab005", "#40c057")):
        pen.ellipse((14 + 22 * place, 12, 26 + 22 * place, 24), fill=color)
    pen.rounded_rectangle((100, 7, WIDTH - 100, 29), 11, fill=WHITE)
    _text(pen, (114, 9), title, 13, GREY)
    pen.rectangle((0, 36, WIDTH, 92), fill=WHITE)
    pen.rounded_rectangle((32, 50, 60, 78), 6, fill=accent)
    pen.line((0, 92, WIDTH, 92), fill=PALE)


def _button(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], label: str, fill: str) -> None:
    pen.rounded_rectangle(box, 8, fill=fill)
    _text(pen, (box[0] + 20, (box[1] + box[3]) // 2 - 11), label, 17, WHITE)


def _field(pen: ImageDraw.ImageDraw, left: int, top: int, label: str, value: str, wrong: bool = False) -> None:
    _text(pen, (left, top), label, 13, GREY)
    pen.rounded_rectangle((left, top + 18, left + 420, top + 54), 6, fill=WHITE, outline="#e03131" if wrong else PALE)
    _text(pen, (left + 12, top + 26), value)
    if wrong:
        _text(pen, (left, top + 57), "This can't be right.", 13, "#e03131")


def _checkout(pen: ImageDraw.ImageDraw, accent: str, random: Random) -> Box:
    _text(pen, (80, 54), "Checkout", 20)
    wrong = random.randrange(3)
    values = (("Street and number", "Harbour Road 7"), ("Postcode and town", "24103 Kiel"), ("Coupon code", ""))
    for place, (label, value) in enumerate(values):
        _field(pen, 48, 124 + 92 * place, label, value, wrong=place == wrong)
    pen.rounded_rectangle((520, 124, 912, 430), 10, fill=WHITE, outline=PALE)
    total = 0
    for place, lamp in enumerate(random.sample(LAMPS, 3)):
        price = random.randrange(900, 14900, 10)
        total += price
        top = 146 + 62 * place
        pen.rounded_rectangle((540, top, 584, top + 44), 6, fill=random.choice(ACCENTS))
        _text(pen, (600, top + 10), lamp)
        _text(pen, (826, top + 10), f"{price / 100:.2f}")
    pen.line((540, 344, 892, 344), fill=PALE)
    _text(pen, (540, 362), "Total", 20)
    _text(pen, (806, 362), f"{total / 100:.2f}", 20)
    _button(pen, (520, 452, 912, 504), f"Pay {total / 100:.2f} EUR", accent)
    if random.random() < 0.3:
        return (770, 346, 904, 402)
    return (26, 116 + 92 * wrong, 420, 208 + 92 * wrong)


def _settings(pen: ImageDraw.ImageDraw, accent: str, random: Random) -> Box:
    _text(pen, (80, 54), "Settings", 20)
    for place, name in enumerate(("Profile", "Notifications", "Boats", "Invoices", "Team")):
        top = 116 + 44 * place
        if place == 1:
            pen.rounded_rectangle((24, top - 6, 220, top + 30), 6, fill=WHITE)
        _text(pen, (40, top), name, fill=accent if place == 1 else INK)
    for place, label in enumerate(SWITCHES):
        top = 120 + 72 * place
        pen.rounded_rectangle((250, top, 912, top + 58), 8, fill=WHITE, outline=PALE)
        _text(pen, (270, top + 18), label)
        on = random.random() < 0.6
        pen.rounded_rectangle((842, top + 17, 888, top + 41), 12, fill=accent if on else PALE)
        left = 866 if on else 844
        pen.ellipse((left, top + 19, left + 20, top + 39), fill=WHITE)
    _button(pen, (250, 500, 370, 546), "Save", accent)
    if random.random() < 0.5:
        pen.rounded_rectangle((400, 504, 640, 542), 8, fill="#d3f9d8")
        _text(pen, (418, 512), "Your changes are saved", 15, "#2b8a3e")
    row = 72 * random.randrange(len(SWITCHES))
    return (800, 122 + row, 926, 176 + row)


def _chart(pen: ImageDraw.ImageDraw, accent: str, random: Random) -> Box:
    _text(pen, (80, 54), "Overview", 20)
    for place, label in enumerate(("Income", "Expenses", "Open invoices")):
        left = 32 + 304 * place
        pen.rounded_rectangle((left, 112, left + 288, 196), 10, fill=WHITE, outline=PALE)
        _text(pen, (left + 18, 126), label, 14, GREY)
        _text(pen, (left + 18, 150), f"{random.randrange(800, 48000):,} EUR", 24)
    pen.rounded_rectangle((32, 216, 928, 560), 10, fill=WHITE, outline=PALE)
    for line in range(5):
        top = 250 + 64 * line
        pen.line((84, top, 908, top), fill=PALE)
        _text(pen, (46, top - 9), f"{(4 - line) * 10}k", 13, GREY)
    height, points = 120, []
    for place, month in enumerate(MONTHS):
        left = 96 + 68 * place
        height = min(240, max(14, height + random.randrange(-52, 60)))
        pen.rounded_rectangle((left, 506 - height, left + 34, 506), 4, fill=accent)
        points.append((left + 17, 506 - int(height * 0.8) - random.randrange(30)))
        _text(pen, (left + 4, 518), month, 13, GREY)
    pen.line(points, fill=INK, width=2, joint="curve")
    left, top = random.choice(points)
    return (left - 60, top - 40, left + 60, top + 40)
