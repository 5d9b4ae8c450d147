"""Schemathesis: requests made from the API document, sent to the application by somebody of `tests/world.py`."""

import random
import re
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import strategies as st
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.transport.wsgi import WSGI_TRANSPORT

from tests.beyond_shape import is_beyond_shape
from tests.world import World, api_rules

DOCUMENT = "/api/v1/openapi.json"
PHASES = ("examples", "coverage", "fuzzing", "stateful")
# Whoever does one of these is nobody afterwards: the rest of the run would be 401 and prove nothing.
SIGNING_OUT = ["delete_current_session", "delete_me"]
# Bodies that are files: their examples are text in the document, which is no case that schemathesis can make.
FILES = ["post_bounces", "post_attendance_import", "post_registrations_import", "post_subscribers_import", "put_material_content"]
ACCEPTED = ["2xx", "3xx", 401, 403, 404, 409, 410, 412, 429]
# Wrong data is refused by one of these; before its shape is looked at, a stale If-Match is a 412 and a missing one a 428,
# and a file without its type is a 415 (post_bounces, put_material_content, the imports).
REFUSED = [400, 401, 403, 404, 406, 412, 415, 422, 428]
# Settings of sockets, which this release also hands to an application in-process when it repeats a request without a token.
SOCKET_SETTINGS = ("max_redirects", "verify", "cert")


def _send(case: Any, **settings: Any) -> Any:
    given = {name: value for name, value in settings.items() if name not in SOCKET_SETTINGS}
    return type(WSGI_TRANSPORT).send(WSGI_TRANSPORT, case, **given)


def _instant(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


_ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))  # RFC 3339, section 5.6
# Half of them in the years in which a theme day can be, so that what the document says of years leaves some to be sent.
_near = st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=_ZONES)  # noqa: DTZ001 - it is to be naive
_INSTANTS = st.one_of(_near, st.datetimes(timezones=_ZONES)).map(_instant)
schemathesis.openapi.format("date-time", _INSTANTS)
WSGI_TRANSPORT.send = _send  # type: ignore[method-assign]


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether a failure stands: valid data may be refused by a rule with a code of its own, and by those in `beyond_shape.py`."""
    if not isinstance(failure, RejectedPositiveData):
        return True
    said = response.json()
    fields = {name.partition(".")[0] for name in said.get("errors", ())}
    operation = case.operation.definition.raw["operationId"]
    return said["code"] == "invalid" and not (fields and all(is_beyond_shape(operation, name) for name in fields))


def _things(world: World) -> dict[str, list[str]]:
    """What may stand in an address or in If-Match, by parameter."""
    apart = {"draft_id", "attended_id", "registration_token", "subscription_token", "attended_token"}
    found = {f"path.{name}": [value] for name, value in world.ids.items() if name not in apart}
    found["path.event_id"].append(world.ids["draft_id"])
    found["path.registration_id"].append(world.ids["attended_id"])
    found["path.token"] = [world.ids[name] for name in sorted(apart) if name.endswith("_token")]
    return {**found, "header.If-Match": ["*", '"1"']}


def _teach_files(document: Mapping[str, Any]) -> None:
    """Tell schemathesis what files look like: the document's examples, and any bytes."""
    for item in document["paths"].values():
        for said in item.values():
            for name, content in said.get("requestBody", {}).get("content", {}).items() if isinstance(said, dict) else ():
                if name != "application/json":
                    example = st.just(content["example"].encode())
                    schemathesis.openapi.media_type(name, st.one_of(example, st.binary(max_size=99)))


def _schema(app: Flask, world: World, role: str, seed: int, phases: Sequence[str], **limits: int) -> Any:
    things, token = _things(world), world.callers[role].token
    said: dict[str, Any] = {
        "seed": seed,
        "continue-on-failure": True,
        "checks": {
            "enabled": True,
            "positive_data_acceptance": {"expected-statuses": ACCEPTED},
            "negative_data_rejection": {"expected-statuses": REFUSED},
            "missing_required_header": {"expected-statuses": [401, 403, 404, 428]},  # If-Match: RFC 6585, section 3
        },
        "phases": {phase: {"enabled": phase in phases} for phase in PHASES},
        "generation": {"database": "none", "no-shrink": True},
        "dictionaries": {name: {"values": values} for name, values in things.items()},
        "parameters": {name: {"dictionary": name, "probability": 0.8} for name in things},
        "operations": [
            {"include-operation-id": SIGNING_OUT, "enabled": False},
            {"include-operation-id": FILES, "phases": {"examples": {"enabled": False}}},
        ],
        "cache": {"enabled": False},  # what one run learns would change the next
        "output": {"sanitization": {"enabled": False}},
    }
    if "minutes" in limits:
        said["max-time"] = limits["minutes"] * 60
    if "examples" in limits:
        said["generation"]["max-examples"] = limits["examples"]
    if "paths" in limits:
        drawn = random.Random(seed).sample(sorted({rule.rule for _, rule in api_rules(app)}), limits["paths"])
        others = [re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for _, rule in api_rules(app) if rule.rule not in drawn]
        said["operations"].append({"include-path": others, "enabled": False})
    if token:
        said["auth"] = {"openapi": {"bearer": {"bearer": token}}}
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app, config=schemathesis.Config.from_dict(said))
    _teach_files(schema.raw_schema)
    for item in schema.raw_schema["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation["responses"].pop("default", None)  # "any other error" would document every answer
    return schema


def _wrong(event: events.EngineEvent) -> Iterator[str]:
    """What an event of the run says against the application or its document."""
    if isinstance(event, events.NonFatalError | events.FatalError):
        error = event.value if isinstance(event, events.NonFatalError) else event.exception
        yield "".join([getattr(event, "label", ""), "\n", *traceback.format_exception(error)])
    elif isinstance(event, events.ScenarioFinished):
        for case, checks in event.recorder.checks.items():
            for check in checks:
                if check.failure_info is not None:
                    failure, answer = check.failure_info.failure, event.recorder.interactions[case].response
                    got = f"{answer.status_code} {answer.content[:500]!r}" if answer else "no answer"
                    yield f"{check.name}: {failure.title}\n{failure.message}\n{check.failure_info.code_sample}\n{got}"


def fuzz(app: Flask, world: World, role: str, seed: int, phases: Sequence[str], **limits: int) -> Counter[int]:
    """Send what schemathesis makes, and fail for each kind of fault once; how often which status was answered.

    `minutes` and `examples` (for each operation) limit the run, `paths` which are asked, drawn by the seed.
    """
    wrong: dict[str, str] = {}
    answers: Counter[int] = Counter()
    for event in from_schema(_schema(app, world, role, seed, phases, **limits)).execute():
        for said in _wrong(event):
            wrong.setdefault(said[:200], said)
        if isinstance(event, events.ScenarioFinished):
            answers.update(found.response.status_code for found in event.recorder.interactions.values() if found.response)
    print(f"\n{role}, seed {seed}, {'+'.join(phases)}: {answers.total()} requests, {dict(sorted(answers.items()))}")
    assert not wrong, f"{len(wrong)} faults with seed {seed}\n\n" + "\n\n".join(wrong.values())
    return answers
