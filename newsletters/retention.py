"""What is kept about subscribers, what for, and how long; docs/retention.md is made of it.

Somebody who gets the letter is kept as long as they do; a term begins when they have left, and for who never confirmed,
when they were asked. Jobs take out what is kept no longer (`subscriptions/lapsing.py`, `bounces/tasks.py`).
"""

from collections.abc import Mapping

from events.retention import Field

LEFT, REPORTED, A_DAY = "left", "reported", "a day"
TERMS: Mapping[str, str] = {LEFT: "RETAIN_UNSUBSCRIBED_DAYS", REPORTED: "RETAIN_BOUNCES_DAYS"}
_CHOSEN = "To send what was asked for, when and in the language that was asked for."
_KNOWN = "To show that and why the letter is sent, or is not (GDPR, article 7(1))."
_OF_A_REPORT = "To stop writing to addresses that take no letters, or to people who do not want them, and to show why."
FIELDS: Mapping[str, tuple[Field, ...]] = {
    "Subscription": (
        Field("email, email_key", "To send the letter; one subscription for each address.", LEFT),
        Field("language, sections, regions, frequency, paused_until, chosen_at", _CHOSEN, LEFT),
        Field("consent, earlier_consents, state, state_since, unsubscribed_at", _KNOWN, LEFT),
        Field("bounced_at, bounce_answer", _KNOWN, LEFT),
        Field("search", "To find the subscriber in the list.", LEFT),
        Field("nonce", "To check the personal links in the letters.", LEFT),
        Field("newsletter_id", "Which letter it is.", LEFT),
    ),
    "Bounce": (
        Field("newsletter_id, issue_id, subscription_id", _OF_A_REPORT, REPORTED),
        Field("kind, status, answer, intake, matched, effect", _OF_A_REPORT, REPORTED),
        Field("cause", "So that each report counts once: a hash.", REPORTED),
    ),
    "Suppression": (
        Field("newsletter_id, reason", "So that nobody who left is written to again: beside a keyed hash, without the address."),
    ),
    "MailAllowance": (Field("used, expires_at", "So that no mailbox is flooded: beside a keyed hash, for a day.", A_DAY),),
}
