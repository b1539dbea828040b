"""Pictures: what is in them, what must never be, and what the reporter paints over, down to the stored bytes."""

from __future__ import annotations

import base64
from io import BytesIO

import pytest
from PIL import Image

from tests.browser.widget import site as sites
from tests.browser.widget.conftest import NewRoom, Room, Visit, Visitor
from tests.browser.widget.site import Site

MASK = (59, 55, 50)
INK = (31, 27, 22)
Colour = tuple[int, int, int]


def near(picture: Image.Image, x: int, y: int, wanted: Colour, by: int = 8) -> None:
    """Asserts the colour of a pixel, as far as a picture keeps it."""
    found = picture.getpixel((x, y))
    assert isinstance(found, tuple)
    assert all(abs(a - b) < by for a, b in zip(found, wanted, strict=True)), f"{found} at {x}, {y}, not {wanted}"


def shoot(shop: Visitor) -> None:
    """Opens the room and takes a screenshot."""
    shop.enter()
    shop.page.click('[aria-label="Screenshot"]')
    shop.page.wait_for_selector(".b.screenshot")


def stored_picture(shop: Visitor, room: Room) -> Image.Image:
    """Sends, and gives the one picture as it was stored."""
    shop.sent()
    (block,) = [block for block in room.only()["blocks"] if block["type"] == "screenshot"]
    return room.picture(block)


def share(shop: Visitor) -> None:
    """Shares the screen instead, and waits for the picture of it."""
    # A slow machine's frames come late: what the widget believes to be another screen after seconds, it awaits.
    shop.page.evaluate("() => { const set = setTimeout; setTimeout = (act, ms) => set(act, 30 * ms) }")
    shop.page.click("text=Share your screen instead")
    shop.page.wait_for_selector(".editor .hint")
    shop.drawn()


FIELDS = """
body{margin:0;background:#fff}
body>*{position:absolute;left:100px;width:200px;height:40px;box-sizing:border-box;border:0;padding:0;margin:0;
background:#0f0;color:#00f;font:30px/40px monospace;overflow:hidden}
#text{top:100px}#area{top:150px}#pick{top:200px}#free{top:250px}#private{top:300px}#own{top:350px}
#plain{top:400px;background:oklch(62.8% .2577 29.23);color:#fff}
#pseudo{top:450px;background:#fff}#pseudo::before{content:"";display:block;width:200px;height:40px;background:#00f}
"""
BODY = """<input id="text" value="WWWWWWWW"><textarea id="area">WWWWWWWW</textarea>
<select id="pick"><option>WWWWWWWW</select>
<div id="free" contenteditable>WWWWWWWW</div><div id="private" data-private>WWWWWWWW</div>
<div id="own" class="card">WWWWWWWW</div><button id="plain">Pay now</button><div id="pseudo"></div>"""


def test_masked_values_are_absent_from_the_stored_bytes(visit: Visit, new_room: NewRoom) -> None:
    """Inputs, text areas, choices, editable text, [data-private] and what a setting selects: all mask, to the pixel."""
    room = new_room({"mask": [".card"]})
    shop = visit(f"{BODY}{room.loader}", head=f"<style>{FIELDS}</style>")
    shoot(shop)
    assert "6 masked" in (shop.page.text_content(".b.screenshot small") or "")
    picture = stored_picture(shop, room)
    assert picture.size == (1280, 800)
    for top in (100, 150, 200, 250, 300, 350):
        box = picture.crop((100, top, 300, top + 40))
        assert box.getcolors() == [(200 * 40, MASK)], f"the box at {top} shows something"
    near(picture, 105, 405, (255, 0, 0))
    near(picture, 150, 470, (0, 0, 255))
    near(picture, 600, 50, (255, 255, 255))


def test_what_is_masked_changes_no_byte_of_the_picture(visit: Visit, new_room: NewRoom) -> None:
    """Two pages that differ only in what was typed give the same picture."""
    pictures = []
    for value in ("4242 4242 4242 4242", "i"):
        room = new_room()
        shop = visit(f'<input style="position:absolute;left:100px;top:100px;width:300px" value="{value}">{room.loader}')
        shop.page.fill("input", value)
        shoot(shop)
        shop.sent()
        pictures.append(room.file(room.only()["blocks"][0]))
    assert pictures[0] == pictures[1]


def test_under_a_strict_policy_with_trusted_types(visit: Visit, room: Room, site: Site) -> None:
    """No inline style or script, one host, Trusted Types on: everything works, nothing is reported."""
    site.pages["/page.css"] = sites.Page(FIELDS.encode(), "text/css")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {room.server}",
            f"connect-src {room.server}",
            "img-src data:",
            "style-src 'self'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
    head = '<link rel="stylesheet" href="/page.css">'
    shop = visit(BODY + room.loader, head=head, headers={"content-security-policy": policy})
    shoot(shop)
    shop.page.click('[aria-label="Point at an element"]')
    shop.page.wait_for_selector(".pick-bar")
    shop.page.mouse.click(150, 420)
    shop.page.wait_for_selector(".b.selection")
    picture = stored_picture(shop, room)
    near(picture, 150, 120, MASK)
    near(picture, 105, 405, (255, 0, 0))
    assert shop.errors == []
    assert [line for line in shop.said if "Content Security" in line or "Trusted" in line] == []


def test_shadow_roots_canvases_fixed_boxes_and_scrolled_pages_stand_where_they_stood(visit: Visit, room: Room) -> None:
    script = """<script>
const s = document.querySelector('#host').attachShadow({mode: 'open'});
s.innerHTML = '<style>p{margin:0;width:100px;height:50px;background:#00f}</style><p></p>' +
  '<input style="display:block;width:100px;height:50px;border:0;background:#0f0;padding:0" value="WWW">';
const c = document.querySelector('canvas').getContext('2d'); c.fillStyle = '#f0f'; c.fillRect(0, 0, 100, 50);
scrollTo(0, 500);
</script>"""
    fixed = "position:fixed;left:300px;top:20px;width:50px;height:50px;background:#f00"
    body = f"""<div style="height:600px"></div>
<div style="display:flex"><div id="host"></div><canvas width="100" height="50"></canvas></div>
<div style="height:3000px"></div><div style="{fixed}"></div>{script}"""
    shop = visit(body + room.loader, head="<style>body{margin:0}</style>")
    shoot(shop)
    picture = stored_picture(shop, room)
    near(picture, 20, 120, (0, 0, 255))
    near(picture, 120, 120, (255, 0, 255))
    near(picture, 20, 170, MASK)
    near(picture, 320, 40, (255, 0, 0))


def test_pictures_sprites_and_styles_of_files_are_drawn(visit: Visit, room: Room, site: Site) -> None:
    """An image, a background from a style sheet, and an icon of an external sprite, each fetched for the picture."""
    square = BytesIO()
    Image.new("RGB", (10, 10), "#00f").save(square, "PNG")
    site.pages["/blue.png"] = sites.Page(square.getvalue(), "image/png")
    sprite = """<svg xmlns="http://www.w3.org/2000/svg"><symbol id="s" viewBox="0 0 10 10">
<rect width="10" height="10" fill="#f0f"/></symbol></svg>"""
    site.pages["/sprite.svg"] = sites.Page(sprite.encode(), "image/svg+xml")
    site.pages["/page.css"] = sites.Page(
        b"body{margin:0}body>*{position:absolute;top:0;width:100px;height:100px}#back{left:100px;background:url(blue.png)}"
        b"svg{left:200px}",
        "text/css",
    )
    body = '<img src="/blue.png"><div id="back"></div><svg><use href="/sprite.svg#s"/></svg>'
    shop = visit(body + room.loader, head='<link rel="stylesheet" href="/page.css">')
    shoot(shop)
    picture = stored_picture(shop, room)
    near(picture, 50, 50, (0, 0, 255))
    near(picture, 150, 50, (0, 0, 255))
    near(picture, 250, 50, (255, 0, 255))


def test_a_redaction_is_burnt_into_the_stored_pixels(visit: Visit, room: Room) -> None:
    """By pointer and by keyboard; a solid fill, for a blur can be undone."""
    stripes = "<style>body{background:repeating-linear-gradient(90deg,#0f0 0 4px,#00f 4px 8px)}</style>"
    shop = visit(room.loader, head=stripes)
    shoot(shop)
    shop.page.click("text=Edit")
    shop.drawn()
    canvas = shop.page.wait_for_selector(".stage canvas")
    assert canvas
    box = canvas.bounding_box()
    assert box
    shop.page.mouse.move(box["x"] + 10, box["y"] + 10)
    shop.page.mouse.down()
    shop.page.mouse.move(box["x"] + 100, box["y"] + 100, steps=3)
    shop.page.mouse.up()
    canvas.focus()
    shop.page.keyboard.press("Enter")
    shop.page.click(".editor >> text=Done")
    shop.page.wait_for_selector(".editor", state="detached")
    picture = stored_picture(shop, room)
    scale = 1280 / box["width"]
    first, last = round(20 * scale), round(90 * scale)
    painted = picture.crop((first, first, last, last))
    assert painted.getcolors() == [((last - first) ** 2, INK)]
    near(picture, 640, 400, INK)
    assert picture.getpixel((1270, 790)) != INK


def test_a_crop_leaves_nothing_of_the_rest(visit: Visit, room: Room) -> None:
    shop = visit(room.loader, head="<style>body{background:linear-gradient(90deg,#0f0 50%,#f00 50%)}</style>")
    shoot(shop)
    shop.page.click("text=Edit")
    shop.page.click('[aria-label="Crop"]')
    shop.drawn()
    canvas = shop.page.wait_for_selector(".stage canvas")
    assert canvas
    canvas.focus()
    shop.page.keyboard.press("Enter")
    shop.page.click(".editor >> text=Done")
    shop.page.wait_for_selector(".editor", state="detached")
    picture = stored_picture(shop, room)
    assert picture.width < 640
    assert picture.height < 400


def test_where_the_page_can_not_be_drawn_the_next_steps_are_offered(visit: Visit, room: Room) -> None:
    policy = f"default-src 'none'; script-src {room.server}; connect-src {room.server}"
    shop = visit(room.loader, headers={"content-security-policy": policy})
    shop.enter()
    shop.page.click('[aria-label="Screenshot"]')
    shop.page.wait_for_selector(".notice")
    notice = shop.page.text_content(".notice") or ""
    assert notice.index("can't be captured") < notice.index("Share your screen") < notice.index("Choose an image")
    picture = BytesIO()
    Image.new("RGB", (40, 30), "#0f0").save(picture, "PNG")
    with shop.page.expect_file_chooser() as chooser:
        shop.page.click("text=Choose an image")
    chooser.value.set_files({"name": "a.png", "mimeType": "image/png", "buffer": picture.getvalue()})
    shop.page.wait_for_selector(".b.screenshot")
    assert "nothing masked automatically" in (shop.page.text_content(".b.screenshot") or "")
    assert stored_picture(shop, room).size == (40, 30)


def test_the_screen_is_shared_where_the_page_can_not_be_drawn(visit: Visit, room: Room, site: Site) -> None:
    """The fields of this page are covered in it too; it goes to the editor first, for what lies beside it isn't."""
    site.pages["/page.css"] = sites.Page(FIELDS.encode(), "text/css")
    policy = f"default-src 'none'; script-src {room.server}; connect-src {room.server}; style-src 'self'"
    head = '<link rel="stylesheet" href="/page.css">'
    shop = visit(BODY + room.loader, head=head, headers={"content-security-policy": policy})
    shop.enter()
    shop.page.click('[aria-label="Screenshot"]')
    share(shop)
    shop.page.click(".editor >> text=Done")
    shop.page.wait_for_selector(".b.screenshot")
    picture = stored_picture(shop, room)
    scale = picture.width / 1280
    for y, wanted in ((120, MASK), (320, MASK), (405, (255, 0, 0))):
        near(picture, round(105 * scale), round(y * scale), wanted, by=40)


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_pictures_may_be_pasted_and_dropped_anywhere_in_the_room(visit: Visit, room: Room, kind: str) -> None:
    """What a camera writes beside the pixels, such as the place, isn't sent."""
    raw = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at 7 Paper Street"
    Image.new("RGB", (40, 30), "#0f0").save(raw, "JPEG", exif=exif)
    assert b"Paper Street" in raw.getvalue()
    shop = visit(room.loader)
    shop.enter()
    shop.page.evaluate(
        """([kind, data]) => {
            const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
            const carried = new DataTransfer();
            carried.items.add(new File([bytes], 'a.jpg', {type: 'image/jpeg'}));
            const room = document.querySelector('[data-backroom]').shadowRoot.querySelector('.room');
            const more = {bubbles: true, composed: true, cancelable: true};
            room.dispatchEvent(kind === 'paste'
              ? new ClipboardEvent('paste', {clipboardData: carried, ...more})
              : new DragEvent('drop', {dataTransfer: carried, ...more}));
        }""",
        [kind, base64.b64encode(raw.getvalue()).decode()],
    )
    shop.page.wait_for_selector(".b.screenshot")
    shop.sent()
    block = room.only()["blocks"][0]
    assert (block["width"], block["height"]) == (40, 30)
    assert b"Paper Street" not in room.file(block)


def test_frames_of_the_same_origin_are_drawn_and_their_fields_covered(visit: Visit, room: Room, site: Site) -> None:
    inner = """<!doctype html><style>html,body{height:100%}body{margin:0;background:#0f0}</style>
<div style="width:100px;height:50px;background:#00f"></div>
<input style="display:block;width:100px;height:50px;border:0;padding:0;background:#f00" value="WWWW">"""
    site.pages["/inner"] = sites.Page(inner.encode())
    frame = '<iframe src="/inner" style="position:absolute;left:200px;top:100px;width:300px;height:200px;border:0">'
    shop = visit(f"{frame}</iframe>{room.loader}")
    shop.page.frame_locator("iframe").locator("input").wait_for()
    shoot(shop)
    picture = stored_picture(shop, room)
    near(picture, 250, 125, (0, 0, 255))
    near(picture, 250, 175, MASK)
    near(picture, 450, 250, (0, 255, 0))


def test_drawings_pseudo_elements_and_scrolled_boxes_look_as_they_did(visit: Visit, room: Room) -> None:
    """Shapes by attribute and by style, a border of several kinds, a box that is scrolled, text that is too long."""
    style = """body{margin:0}body>*{position:absolute;top:0;width:100px;height:100px;box-sizing:border-box}
.edge{border-top:20px solid #f00;border-left:20px solid #00f}.after::after{content:"";display:block;height:50px;
background:#0f0}.scrolled{overflow:hidden}.scrolled div{height:100px;background:#f0f}.scrolled div+div{background:#0ff}
.c{fill:#0f0}"""
    body = """<svg viewBox="0 0 100 100"><rect width="50" height="50" fill="#f00"/><rect x="50" width="50" height="50"
class="c"/><path d="M0 75H100" stroke="#00f" stroke-width="30"/></svg>
<div class="edge" style="left:100px"></div><div class="after" style="left:200px"></div>
<div class="scrolled" style="left:300px"><div></div><div></div></div>
<script>document.querySelector('.scrolled').scrollTop = 60</script>"""
    shop = visit(body + room.loader, head=f"<style>{style}</style>")
    shoot(shop)
    picture = stored_picture(shop, room)
    for x, y, colour in (
        (25, 25, (255, 0, 0)),
        (75, 25, (0, 255, 0)),
        (50, 75, (0, 0, 255)),
        (150, 10, (255, 0, 0)),
        (110, 60, (0, 0, 255)),
        (250, 25, (0, 255, 0)),
        (250, 75, (255, 255, 255)),
        (350, 20, (255, 0, 255)),
        (350, 60, (0, 255, 255)),
    ):
        near(picture, x, y, colour)


def test_a_canvas_that_may_not_be_read_stops_nothing(visit: Visit, room: Room, site: Site) -> None:
    """A picture of another origin has been drawn into it: its place stays empty, all else is there."""
    square = BytesIO()
    Image.new("RGB", (10, 10), "#00f").save(square, "PNG")
    site.pages["/blue.png"] = sites.Page(square.getvalue(), "image/png")
    elsewhere = site.url.replace("127.0.0.1", "localhost")
    body = f"""<canvas width="100" height="100" style="display:block"></canvas>
<div style="width:100px;height:100px;background:#0f0"></div>
<img src="{elsewhere}/blue.png" hidden onload="
document.querySelector('canvas').getContext('2d').drawImage(this, 0, 0, 100, 100); document.title = 'drawn'">"""
    shop = visit(body + room.loader, head="<style>body{margin:0}</style>")
    shop.page.wait_for_function("document.title === 'drawn'")
    shoot(shop)
    near(stored_picture(shop, room), 50, 150, (0, 255, 0))


@pytest.mark.parametrize(
    ("style", "left", "top", "scale"),
    [
        ("transform:scale(.5);transform-origin:0 0", 0, 0, 0.5),
        ("padding:40px", 40, 40, 1),
        ("padding:10px;border:5px solid;transform:scale(.8);transform-origin:0 0", 12, 12, 0.8),
    ],
    ids=["scaled", "padded", "both"],
)
def test_frames_that_are_scaled_or_padded_show_no_values_either(
    visit: Visit, room: Room, site: Site, style: str, left: int, top: int, scale: float
) -> None:
    inner = """<!doctype html><body style="margin:0;background:#fff"><input value="████████ SECRET" style="
position:absolute;left:100px;top:100px;width:400px;height:60px;border:0;padding:0;font-size:40px;color:#f00">"""
    site.pages["/inner"] = sites.Page(inner.encode())
    frame = f'<iframe src="/inner" style="position:absolute;left:0;top:0;width:600px;height:300px;border:0;{style}">'
    shop = visit(f"{frame}</iframe>{room.loader}", head="<style>body{margin:0}</style>")
    shop.page.frame_locator("iframe").locator("input").wait_for()
    shoot(shop)
    picture = stored_picture(shop, room)
    counts: list[tuple[int, Colour]] = picture.getcolors(picture.width * picture.height)  # type: ignore[assignment]
    assert [colour for _, colour in counts if colour[0] > 150 and colour[1] < 50] == []
    near(picture, round(left + scale * 110), round(top + scale * 110), MASK)
    near(picture, round(left + scale * 490), round(top + scale * 150), MASK)


def test_covers_follow_a_page_that_moves_while_the_browser_asks(visit: Visit, room: Room, site: Site) -> None:
    script = """<script>
const devices = navigator.mediaDevices, real = devices.getDisplayMedia.bind(devices);
devices.getDisplayMedia = async (wish) => { const stream = await real(wish); scrollTo(0, 200); return stream; };
</script>"""
    field = """<input value="████████" style="position:absolute;left:100px;top:400px;width:600px;height:100px;border:0;
padding:0;font-size:80px;color:#f00;background:#fff"><div style="height:3000px"></div>"""
    shop = visit(f"{field}{script}{room.loader}", headers={"content-security-policy": "img-src 'none'"})
    shop.enter()
    shop.page.click('[aria-label="Screenshot"]')
    share(shop)
    assert "Only this page's fields are masked" in (shop.page.text_content(".editor .hint") or "")
    shop.page.click(".editor >> text=Done")
    shop.page.wait_for_selector(".b.screenshot")
    picture = stored_picture(shop, room)
    scale = picture.width / 1280
    near(picture, round(110 * scale), round(210 * scale), MASK, by=40)
    counts: list[tuple[int, Colour]] = picture.getcolors(picture.width * picture.height)  # type: ignore[assignment]
    assert sum(n for n, (red, green, blue) in counts if red > 180 and green < 80 and blue < 80) == 0
