"""What several tests look for on a page."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.harness.browser import Visitor
from tests.harness.processes import wait_until

BAD_REQUEST = "Failed to load resource: the server responded with a status of 400 (Bad Request)"


def titles(page: Page) -> list[str]:
    """The reports in the list, as they stand on a page that is loaded."""
    return page.locator(".row .row-title").all_inner_texts()


def expect_titles(page: Page, *wanted: str) -> None:
    """These reports and no others are in the list, from top to bottom."""
    expect(page.locator(".row .row-title")).to_have_text(wanted)


def wait_for_clipboard(page: Page, text: str) -> None:
    """Waits until that is what can be pasted: a page copies while the click is long over."""
    wait_until(lambda: page.evaluate("navigator.clipboard.readText()") == text, f"the clipboard to hold {text}")


def expect_wrong(page: Page, label: str, typed: str, message: str) -> None:
    """The field has what was typed and, for a screen reader too, what is wrong with it."""
    field = page.get_by_label(label, exact=True)
    expect(field).to_have_value(typed)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(re.escape(message)))


def forgive_refusal(visitor: Visitor) -> None:
    """Takes the one note that the browser makes of a form that came back."""

    def noted() -> list[str]:
        visitor.page.title()  # what the browser has said so far is heard before its answer
        return visitor.problems

    wait_until(noted, "the browser's note")
    assert [each.startswith(BAD_REQUEST) for each in visitor.problems] == [True], visitor.problems
    visitor.problems.clear()


def expect_consent_asked(visitor: Visitor, button: str, box: Locator) -> None:
    """Presses a form's button without its box ticked: it comes back and says, for a screen reader too, to tick first.

    A browser holds such a form back; one that doesn't is told by the server, so this one is made not to.
    """
    pressed = visitor.page.get_by_role("button", name=button)
    pressed.evaluate("button => { button.form.noValidate = true; }")
    pressed.click()
    expect(box).to_have_accessible_description(re.compile("Confirm this first"))
    forgive_refusal(visitor)
