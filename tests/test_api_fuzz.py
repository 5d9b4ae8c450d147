"""Nobody gets a 5xx, or an answer that the API document does not know: a little is tried each time, `make fuzz` at length."""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from network_api.networks.documents import Network
from tests.api_fuzzing import DOCUMENT, fuzz
from tests.beyond_shape import BEYOND_SHAPE
from tests.world import World, make_world

ROLES = ("administrator", "coordinator", "network_member", "stranger")
MINUTES = int(os.environ.get("FUZZ_MINUTES", "4"))
SEED = int(os.environ.get("FUZZ_SEED") or random.randrange(1_000_000))


@pytest.fixture
def world(app: Flask, signed_in: Callable[..., Any], national: Network, regional: Network, other_region: Network) -> World:
    return make_world(app, signed_in, national, regional, other_region)


def still_somebody(world: World, role: str) -> bool:
    """Whether the run has not signed itself out, after which it would have seen nothing but 401."""
    return role == "stranger" or world.callers[role].get("/members/me").status_code == 200


def test_what_may_be_refused_in_its_right_shape_is_said_of_operations_that_there_are(app: Flask) -> None:
    items = app.test_client().get(DOCUMENT).get_json()["paths"].values()
    there_are = {said["operationId"] for item in items for said in item.values() if "operationId" in said}
    named = {name for rule in BEYOND_SHAPE.values() for name in rule.operations.split()} - {"get_*"}
    assert named <= there_are


@pytest.mark.parametrize("role", ROLES)
def test_every_operation_answers_as_the_document_says(app: Flask, world: World, role: str) -> None:
    answers = fuzz(app, world, role, ROLES.index(role), ("examples", "fuzzing"), examples=1, paths=25)
    assert answers[200]
    assert still_somebody(world, role)


def test_so_do_the_edges_of_a_few_operations(app: Flask, world: World) -> None:
    fuzz(app, world, "administrator", 1, ("coverage",), paths=2)


def test_so_do_operations_that_follow_each_other(app: Flask, world: World) -> None:
    answers = fuzz(app, world, "administrator", 1, ("stateful",), examples=2)
    assert answers[200] + answers[201]


@pytest.mark.fuzz
@pytest.mark.parametrize("minute", range(MINUTES))
def test_no_operation_fails_whatever_it_is_sent(app: Flask, world: World, minute: int) -> None:
    """A minute for each: a role in turn, other values every time, and the edges of a few operations drawn anew."""
    role, seed = ROLES[minute % len(ROLES)], SEED + minute
    if minute // len(ROLES) % 2:
        fuzz(app, world, role, seed, ("coverage",), minutes=1)
    else:
        fuzz(app, world, role, seed, ("fuzzing", "stateful"), minutes=1)
    assert still_somebody(world, role)
