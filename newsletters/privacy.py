"""What is kept about subscribers, and about those who write: see `network_api.privacy`.

Somebody who gets the letter is kept as long as they do; a term begins when they have left, and for who never confirmed,
when they were asked. Jobs take out what is kept no longer (`subscriptions/lapsing.py`, `bounces/tasks.py`).
"""

from flask_babel import lazy_gettext

from network_api.privacy import CONSENT, DUTY, INTEREST, SERVICE, Field, Holding, Term
from newsletters.bounces.documents import Bounce
from newsletters.contributions.documents import ContributedImage, ContributedLink, Contribution
from newsletters.dispatch.addressees import Addressees
from newsletters.dispatch.journals import Journal
from newsletters.dispatch.ledger import Progress, Snapshot
from newsletters.dispatch.rates import SendRate
from newsletters.dispatch.superseded import Superseded
from newsletters.documents import Cadence, Newsletter, Sender, SendWindow
from newsletters.issues.comment_documents import Comment
from newsletters.issues.counted_links import CountedLink
from newsletters.issues.documents import Approval, Audience, Block, Issue, Round, Source
from newsletters.issues.told import Told
from newsletters.subscriptions.documents import Subscription, SubscriptionConsent
from newsletters.subscriptions.suppression import MailAllowance, Suppression

LEFT = Term("after the person has left, or been found unreachable", "RETAIN_UNSUBSCRIBED_DAYS")
REPORTED = Term("after the report", "RETAIN_BOUNCES_DAYS")
STAYS = Term("stays, without a name")
HELD = Term("while a worker has the batch; then in its progress")
COPIED = Term("until the letter has been sent to the batch; a week at most")
WRITTEN = Term("as long as the newsletter has it")
_CHOSEN = "To send what was asked for, when and in the language that was asked for."
_KNOWN = "To show that and why the letter is sent, or is not (article 7(1))."
_OF_A_REPORT = "To stop writing to addresses that take no letters, or to people who do not want them, and to show why."
_WHO_WROTE = "Who wrote, edited, approved or sent it: the number of a member, which says nobody's name once they are erased."
_COPIED = "To send a letter that is on its way: what it needs of the subscription, copied for a batch of recipients."
_LEDGER = "Who was sent the letter and what became of it: the number of a subscription, which leads nowhere once it is deleted."
_SUPPRESSED = "So that nobody who left is written to again: beside a keyed hash, without the address."

REGISTER = (
    Holding(
        Newsletter,
        (Field("sender, reply_to", "From whom the letter comes, as readers see it.", INTEREST, WRITTEN),),
        other="slug, name, network_id, languages, timezone, send_window, cadence, count_links, sections, contribution_days,"
        " network_contribution_days,"
        " watermarks, held, pulse",
    ),
    Holding(Sender, (Field("name, email", "From whom the letter comes, as readers see it.", INTEREST, WRITTEN),)),
    Holding(Cadence, other="day, time"),
    Holding(SendWindow, other="opens, closes"),
    Holding(
        Subscription,
        (
            Field("email, email_key", "To send the letter; one subscription for each address.", CONSENT, LEFT),
            Field("language, sections, regions, frequency, paused_until, chosen_at", _CHOSEN, CONSENT, LEFT),
            Field("consent, earlier_consents, state, state_since, unsubscribed_at", _KNOWN, DUTY, LEFT),
            Field("bounced_at, bounce_answer", _KNOWN, DUTY, LEFT),
            Field("search", "To find the subscriber in the list.", CONSENT, LEFT),
            Field("nonce", "To check the personal links in the letters.", CONSENT, LEFT),
            Field("newsletter_id", "Which letter it is.", CONSENT, LEFT),
        ),
        other="pulse",
    ),
    Holding(SubscriptionConsent, (Field("asked_at, wording, source, confirmed_at", _KNOWN, DUTY, LEFT),)),
    Holding(
        Suppression,
        (Field("id, newsletter_id, reason", _SUPPRESSED, INTEREST, STAYS),),
        other="pulse",
        after_erasure=lazy_gettext(
            "A hash of your address that only the platform can make: so that no old list brings the letter back."
        ),
    ),
    Holding(
        MailAllowance,
        (Field("id, used, expires_at", "So that no mailbox is flooded: beside a keyed hash.", INTEREST, Term("a day")),),
    ),
    Holding(
        Bounce,
        (
            Field("newsletter_id, issue_id, subscription_id", _OF_A_REPORT, INTEREST, REPORTED),
            Field("kind, status, answer, intake, matched, effect", _OF_A_REPORT, INTEREST, REPORTED),
            Field("cause", "So that each report counts once: a hash.", INTEREST, REPORTED),
        ),
    ),
    Holding(
        Contribution,
        (Field("author_id", "Who wrote it in the name of their network.", INTEREST, Term("until the author erases themselves")),),
        other="network_id, section, title, text, links, image, told_at",
        after_erasure=lazy_gettext("What you wrote in the name of a network is the network's. That it was you is gone."),
    ),
    Holding(ContributedLink, other="url, label"),
    Holding(ContributedImage, other="url, alt"),
    Holding(
        Issue,
        (
            Field("author_id, edited_by, approval, rounds", _WHO_WROTE, INTEREST, STAYS),
            Field(
                "blocks",
                "Introductions, as the letter tells them, with consent.",
                CONSENT,
                STAYS,
            ),
        ),
        other="newsletter_id, network_id, title, state, content_hash, send_at, started_at, sent_at, audience, dropped,"
        " dispatching, contributions_until, network_deadlines",
        after_erasure=lazy_gettext("A letter that has been sent, without your introduction."),
    ),
    Holding(Source, other="type, id, version"),
    Holding(
        Block,
        (Field("text, source", "An introduction as the letter tells it, with consent.", CONSENT, STAYS),),
        other="section, pinned, hidden, edited, told",
    ),
    Holding(Approval, (Field("by, at", _WHO_WROTE, INTEREST, STAYS),), other="content_hash"),
    Holding(Audience, other="until, at_start, pulse, first_of_quarter, candidates, recipients, excluded, frozen_at"),
    Holding(Round, (Field("by, at", _WHO_WROTE, INTEREST, STAYS),), other="states, deliveries"),
    Holding(
        Told,
        (Field("key", "Which introductions a letter has told: by number.", INTEREST, STAYS),),
        other="newsletter_id, issue_id, facts",
    ),
    Holding(
        Comment,
        (
            Field(
                "author_id, text",
                "To talk about an issue before it goes.",
                SERVICE,
                Term("until its author takes it back or is erased"),
            ),
        ),
        other="issue_id, block",
    ),
    Holding(CountedLink, other="issue_id, url, days"),
    Holding(
        Snapshot,
        (Field("recipients, excluded, reasons, through", _LEDGER, DUTY, STAYS),),
        other="issue_id, number",
        after_erasure=lazy_gettext("That a letter was sent to somebody: a number that leads to nobody any more."),
    ),
    Holding(Addressees, (Field("people", _COPIED, CONSENT, COPIED),), other="pulse, expires_at"),
    Holding(
        Progress,
        (Field("states, times, answers", _LEDGER, DUTY, STAYS),),
        other="issue_id, number, state, leased, journalled, due_at, fence, rounds",
    ),
    Holding(Journal, (Field("states, times, answers", _LEDGER, DUTY, HELD),), other="fence"),
    Holding(Superseded, (Field("places, states, times, answers", _LEDGER, DUTY, STAYS),), other="issue_id, number, round"),
    Holding(SendRate, other="id, full_at"),
)
