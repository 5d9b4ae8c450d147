"""What issues and deliveries are called on the desk, in the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from textwrap import shorten

from flask_babel import format_datetime, gettext

from network_api.documents import Row
from newsletters.documents import Newsletter
from newsletters.issues.markdown import as_text


def state_name(state: str) -> str:
    """Where an issue stands."""
    known = {
        "draft": gettext("Draft"),
        "submitted": gettext("Waits for approval"),
        "approved": gettext("Approved"),
        "scheduled": gettext("Scheduled"),
        "sending": gettext("Being sent"),
        "paused": gettext("Paused"),
        "sent": gettext("Sent"),
        "cancelled": gettext("Called off"),
    }
    return str(known[state])


def delivery_name(state: str) -> str:
    """What has become of a delivery."""
    known = {
        "ready": gettext("Not tried yet"),
        "leased": gettext("In hand"),
        "attempting": gettext("Going out now"),
        "accepted": gettext("Taken by the reader's mail server"),
        "deferred": gettext("Put off, tried again soon"),
        "refused": gettext("Refused"),
        "suppressed": gettext("Not to be written to any more"),
        "cancelled": gettext("Not sent, called off"),
        "unknown": gettext("In doubt: the answer was lost"),
    }
    return str(known[state])


def exclusion_name(reason: str) -> str:
    """Why a subscriber was left out."""
    known = {
        "pending": gettext("Has not confirmed"),
        "paused": gettext("Pauses"),
        "unsubscribed": gettext("Has unsubscribed"),
        "bounced": gettext("The address does not work"),
        "suppressed": gettext("Not to be written to any more"),
        "later_in_quarter": gettext("Wants one letter a quarter"),
    }
    return str(known[reason])


def section_name(section: str) -> str:
    """A part of the letter."""
    known = {
        "editorial": gettext("Editorial"),
        "events": gettext("Theme days"),
        "introductions": gettext("Introductions"),
        "news": gettext("News"),
        "practices": gettext("Good practices"),
    }
    return str(known[section])


def language_name(code: str) -> str:
    """A language, in the reader's."""
    return str({"fi": gettext("Finnish"), "sv": gettext("Swedish"), "en": gettext("English")}[code])


def finding_words(found: Row) -> str:
    """What a check has found, as what to do about it; where it is about an address, with that."""
    known = {
        "title_empty": gettext("The subject line is empty."),
        "title_too_long": gettext("The subject line is too long for a mailbox."),
        "alt_text_missing": gettext("A picture lacks words for those who do not see it."),
        "image_bad": gettext("A picture has no address that begins with https://."),
        "link_bad": gettext("A link leads nowhere."),
        "link_unreachable": gettext("What a link leads to does not answer."),
        "source_changed": gettext("What this tells of has changed or is gone. Take its words again, or take it out."),
        "no_content": gettext("There is nothing to read yet."),
        "part_missing": gettext("One form of the letter would be empty."),
        "language_tag_missing": gettext("The letter does not say its language."),
        "too_large": gettext("The letter is so long that mailboxes would cut it off."),
        "contrast_low": gettext("The colours are too pale to read."),
        "other_language": gettext("Not written in this language: its readers get another one, with a word about that."),
    }
    return str(known.get(found["code"], found["detail"]))


def beginning(typed: Mapping[str, str], block: str, languages: Sequence[str]) -> str:
    """How the text of a piece begins, in the first of these languages that it is in; without its Markdown."""
    first = next((text for code in languages if (text := typed.get(f"{block}.text.{code}", "").strip())), "")
    return shorten(as_text(first), 90, placeholder=" …")


def at(instant: datetime, newsletter: Newsletter) -> str:
    """A day and a time, on the clock of the newsletter."""
    return str(format_datetime(instant.astimezone(newsletter.zone), "short", rebase=False))


FILTERS: Mapping[str, Callable[..., str]] = {
    "state_name": state_name,
    "delivery_name": delivery_name,
    "exclusion_name": exclusion_name,
    "section_name": section_name,
    "language_name": language_name,
    "finding_words": finding_words,
    "at": at,
    "beginning": beginning,
}


def refusals() -> dict[str, str]:
    """What the rules of issues say, in words for people, by code."""
    return {
        "stale_version": gettext(
            "Somebody has changed this issue since you opened it. What you typed stands below: compare it with the issue as it "
            "is now, and save again if yours is to hold."
        ),
        "wrong_state": gettext("This is not possible any more: somebody has moved the issue on. Here you see how it is now."),
        "own_issue": gettext("Somebody else has to approve what you have written."),
        "content_changed": gettext("Somebody has changed this issue since you read it. Read it again before you approve it."),
        "forbidden": gettext("That takes a coordinator of the network."),
    }
