"""`network-api check` recounts subscriptions."""

from datetime import UTC, datetime, timedelta

import time_machine

from network_api.documents import utcnow
from newsletters.bounces import receiving
from newsletters.bounces.documents import MAILBOX
from newsletters.bounces.tasks import forget_bounces
from newsletters.documents import Newsletter
from newsletters.feature import feature
from newsletters.subscriptions import subscribing
from newsletters.subscriptions.suppression import Suppression
from newsletters.subscriptions.tasks import lapse
from tests.newsletters import bounce_mails as mails
from tests.newsletters.factories import subscribe


def problems() -> list[str]:
    return sorted(problem.invariant for problem in feature.check())


def test_who_is_on_both_lists_or_on_none_is_found(newsletter: Newsletter) -> None:
    subscribing.unsubscribe(subscribe(newsletter, "lahti@example.org"))
    one = subscribe(newsletter, "tilaaja@example.org")
    assert problems() == []
    Suppression.add(newsletter.pk, one.email_key, "bounced")
    assert problems() == ["subscription_suppressed"]
    Suppression.lift(newsletter.pk, "lahti@example.org")
    assert problems() == ["subscription_not_suppressed", "subscription_suppressed"]


def test_what_a_job_has_missed_is_found(newsletter: Newsletter) -> None:
    subscribe(newsletter, "odottaa@example.org", "pending")
    subscribing.unsubscribe(subscribe(newsletter, "lahti@example.org"))
    subscribe(newsletter, "tauolla@example.org", "paused", paused_until=utcnow().date() + timedelta(days=5))
    receiving.receive(mails.dsn(), MAILBOX)
    assert problems() == []
    with time_machine.travel(datetime.now(UTC) + timedelta(days=400)):
        assert problems() == ["bounce_overdue", "pause_overdue", "subscription_overdue", "subscription_overdue"]
        lapse()
        forget_bounces()
        assert problems() == []
