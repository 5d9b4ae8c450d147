"""What is refused though its shape is right: rules that JSON Schema cannot say, each with the operations that have it.

`positive_data_acceptance` holds for everything else. A rule with a code of its own needs no entry, nor does the state of things
(409, 410), nor an ETag that is stale (412): those are answers that the document names.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple


class Rule(NamedTuple):
    """The operations whose field means more than its shape (`get_*`: all that read), and what it means."""

    operations: str
    meaning: str


_TIMES = "post_events patch_event"
_TABLES = "post_registrations_import post_attendance_import post_subscribers_import"
_NEWSLETTERS = "post_newsletters patch_newsletter"
_CONTRIBUTIONS = "post_contributions patch_contribution"
_REGISTRATIONS = "post_registrations patch_registration patch_managed_registration"
BEYOND_SHAPE: Mapping[str, Rule] = {
    "agenda": Rule(_TIMES, "within the theme day, no session of a track over another"),
    "answers": Rule(_REGISTRATIONS, "what the theme day's questions ask"),
    "at": Rule("post_registration_check_in", "has passed"),
    "block": Rule("post_comments", "one that the issue has"),
    "columns": Rule(_TABLES, "which a table must have, and which it may"),
    "cursor": Rule("get_*", "only what a page of the same list gave out"),
    "email": Rule("post_memberships", "named by who invites; who asks to join names nobody"),
    "ends_at": Rule(f"{_TIMES} post_event_duplicate post_series_days", "after the start, within 31 days"),
    "feedback_url": Rule(_TIMES, "an address that a browser can open"),
    "file": Rule(f"{_TABLES} post_bounces put_material_content", "of the type it says, and no file where there is a link"),
    "image": Rule(_CONTRIBUTIONS, "an address that a browser can open; described in each language of the text"),
    "links": Rule(_CONTRIBUTIONS, "addresses that a browser can open"),
    "materials": Rule("post_event_materials", "so many at the most in a theme day"),
    "mode": Rule(f"{_REGISTRATIONS} post_group_registrations", "one that the theme day offers"),
    "network_id": Rule("post_events post_newsletters post_series_list post_webhooks", "a network that there is"),
    "co_hosts": Rule(_TIMES, "networks that there are"),
    "parent_id": Rule("post_networks patch_network", "regional networks have one above them, national ones none"),
    "paused_until": Rule("patch_own_subscription", "a day to come, and only for a pause"),
    "people": Rule("post_group_registrations", "nobody twice, and answers that the questions ask"),
    "questions": Rule(_TIMES, "which options, modes and lengths go with which type"),
    "quota_until": Rule("patch_co_host", "to come"),
    "registration_closes_at": Rule(f"{_TIMES} post_event_duplicate post_series_days", "not after the end"),
    "registration_opens_at": Rule(f"{_TIMES} post_event_duplicate post_series_days", "before registration closes"),
    "remote": Rule(_TIMES, "an address that a browser can open"),
    "reply_to": Rule(_NEWSLETTERS, "an address that every mail server takes"),
    "rows": Rule(_TABLES, "so many at the most in a table"),
    "scanned_at": Rule("post_check_ins post_check_in_batch", "has passed"),
    "send_at": Rule("post_schedule", "in the future; needed where the newsletter has no cadence"),
    "send_window": Rule(_NEWSLETTERS, "closes at another time than it opens"),
    "sender": Rule(_NEWSLETTERS, "an address that every mail server takes"),
    "series_id": Rule(_TIMES, "a series of the same network"),
    "slug": Rule("post_networks post_newsletters", "may be left out only where the name has letters to make it of"),
    "template_id": Rule("post_series_list patch_series", "a theme day of the same network"),
    "text": Rule(_CONTRIBUTIONS, "in the same languages as the title"),
    "timezone": Rule(f"{_TIMES} {_NEWSLETTERS}", "one of IANA's 600, which the document does not list"),
    "to": Rule("get_events get_network_figures get_network_figures_table", "after `from`"),
    "url": Rule(
        "post_event_materials patch_material post_webhooks patch_webhook",
        "an address that a browser can open, and none where there is a file; of the public internet for a webhook",
    ),
    "variant": Rule("get_preview post_test_send", "one that the issue has"),
}


def is_beyond_shape(operation: str, field: str) -> bool:
    """Whether a field of an operation may be refused though its shape is right."""
    rule = BEYOND_SHAPE.get(field)
    return rule is not None and any(fnmatchcase(operation, pattern) for pattern in rule.operations.split())
