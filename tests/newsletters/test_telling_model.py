"""Whatever editors do, in whatever order or at once: each contribution is told by one living issue, and none is lost."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any, ClassVar

import pytest
from bson import ObjectId
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from network_api.app import create_app
from network_api.auth.caller import Caller
from network_api.documents import transactional
from network_api.networks.documents import Network
from newsletters.contributions.documents import Contribution
from newsletters.documents import Newsletter
from newsletters.issues import writing
from newsletters.issues.documents import CANCELLED, DRAFT, SENT, Issue
from newsletters.issues.told import Told
from tests.newsletters.factories import contribute, make_newsletter
from tests.processes import at_once, together
from tests.profiles import QUICK, WITHOUT_SHRINKING

EDITOR = Caller(ObjectId(), is_administrator=True)
PROCESSES, STEPS = 3, 5
whichever = st.integers(0, 50)


def fill(newsletter: Newsletter) -> Issue:
    return writing.make_issue(EDITOR, newsletter, {"assemble": True, "title": {"fi": "Kirje"}})


def tells(issue: Issue) -> list[ObjectId]:
    return [block.source.id for block in issue.blocks if block.source is not None and not block.hidden]


@transactional
def cancel(issue: Issue) -> None:
    issue.move(CANCELLED, (DRAFT,))


class Telling(RuleBasedStateMachine):
    """The model knows of each contribution which living issue tells it; an issue that is filled must have all the others."""

    network: ClassVar[Network]

    @initialize()
    def begin(self) -> None:
        self.newsletter = make_newsletter(self.network, f"kirje-{ObjectId()}", sections=["news"])
        Contribution.collection().delete_many({})
        self.told: dict[ObjectId, ObjectId | None] = {}
        self.drafts: list[ObjectId] = []

    def draft(self, number: int) -> Issue | None:
        return Issue.get(self.drafts[number % len(self.drafts)]) if self.drafts else None

    @rule()
    def contribute(self) -> None:
        self.told[contribute(self.network, f"Uutinen {len(self.told)}").pk] = None

    @rule(number=whichever)
    def withdraw(self, number: int) -> None:
        if self.told:
            gone = list(self.told)[number % len(self.told)]
            Contribution.remove({"_id": gone})
            del self.told[gone]

    @rule()
    def assemble(self) -> None:
        issue = fill(self.newsletter)
        assert sorted(tells(issue)) == sorted(key for key, teller in self.told.items() if teller is None)
        self.told.update(dict.fromkeys(tells(issue), issue.pk))
        self.drafts.append(issue.pk)

    @rule(number=whichever)
    def fill_again(self, number: int) -> None:
        if issue := self.draft(number):
            mine = [key for key, teller in self.told.items() if teller in (None, issue.pk)]
            hidden = {block.source.id for block in issue.blocks if block.hidden}
            filled = writing.assemble(EDITOR, issue)
            assert sorted(tells(filled)) == sorted(set(mine) - hidden)
            self.told.update(dict.fromkeys(tells(filled), issue.pk))

    @rule(number=whichever, deleted=st.booleans())
    def give_up(self, number: int, deleted: bool) -> None:
        if issue := self.draft(number):
            if deleted:
                writing.remove_issue(EDITOR, issue, None)
            else:
                cancel(issue)
            self._ends(issue)
            self._given_back(issue.pk)

    @rule(number=whichever)
    def hide_all(self, number: int) -> None:
        if issue := self.draft(number):
            blocks = [
                {"section": block.section, "text": dict(block.text), "source": block.source.to_mongo(), "hidden": True}
                for block in issue.blocks
            ]
            writing.change_issue(EDITOR, issue, {"blocks": blocks}, None)
            self._given_back(issue.pk)

    @rule(number=whichever)
    def send(self, number: int) -> None:
        if issue := self.draft(number):
            Issue.alter({"_id": issue.pk}, {"$set": {"state": SENT}})
            self._ends(issue)

    @rule(hours=st.integers(1, 48))
    def time_passes(self, hours: int) -> None:
        ago = timedelta(hours=hours)
        for row in Contribution.rows({}):
            Contribution.alter({"_id": row["_id"]}, {"$set": {"created_at": row["created_at"] - ago}})
        now = Newsletter.get(self.newsletter.pk)
        marks = {name: mark - ago for name, mark in now.watermarks.items()}
        Newsletter.alter({"_id": now.pk}, {"$set": {"watermarks": marks, "created_at": now.created_at - ago}})

    def _ends(self, issue: Issue) -> None:
        self.drafts.remove(issue.pk)

    def _given_back(self, issue_id: ObjectId) -> None:
        self.told.update({key: None for key, teller in self.told.items() if teller == issue_id})


def test_each_is_told_by_one_living_issue_and_none_is_lost(regional: Network) -> None:
    Telling.network = regional
    run_state_machine_as_test(Telling, settings=QUICK)


@pytest.fixture
def without_told() -> Iterator[None]:
    """The guard off: nobody notes what is told."""
    keep = Told.keep
    Told.keep = classmethod(lambda cls, *_: None)  # type: ignore[assignment]
    yield
    Told.keep = keep  # type: ignore[method-assign]


@pytest.mark.usefixtures("without_told")
def test_without_the_note_the_model_disagrees(regional: Network) -> None:
    Telling.network = regional
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Telling, settings=WITHOUT_SHRINKING)


def write_for_a_while(settings: dict[str, Any], newsletter_id: str, network_id: str, seed: int, guard: bool) -> int:
    """A process of its own that contributes, fills issues and gives some of them up; how many it contributed."""
    if not guard:
        Told.keep = classmethod(lambda cls, *_: None)  # type: ignore[assignment]
    with create_app(settings).app_context():
        network, chance, contributed = Network.get(network_id), Random(seed), 0
        together()
        for _ in range(STEPS):
            contribute(network, f"Uutinen {seed}")
            contributed += 1
            issue = fill(Newsletter.get(newsletter_id))
            if chance.random() < 0.3:
                cancel(issue)
        return contributed


def told_in_parallel(settings: dict[str, Any], *, guard: bool = True) -> tuple[int, Counter[ObjectId]]:
    """How many were contributed, and how often each is told by living issues once a last one has been filled."""
    network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert()
    newsletter = make_newsletter(network, sections=["news"])
    writers = [(settings, str(newsletter.pk), str(network.pk), seed, guard) for seed in range(PROCESSES)]
    number = sum(at_once(write_for_a_while, *writers))
    fill(Newsletter.get(newsletter.pk))
    living = (Issue.wrap(row) for row in Issue.each({"newsletter_id": newsletter.pk, "state": DRAFT}))
    return number, Counter(key for issue in living for key in tells(issue))


def test_issues_that_are_filled_at_once_tell_everything_once(app: Flask, settings: dict[str, Any]) -> None:
    number, told = told_in_parallel(settings)
    assert (len(told), set(told.values())) == (number, {1})


@pytest.mark.usefixtures("without_told")
def test_without_the_note_they_tell_things_twice(app: Flask, settings: dict[str, Any]) -> None:
    _, told = told_in_parallel(settings, guard=False)
    assert max(told.values()) > 1
