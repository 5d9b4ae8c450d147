"""The threat model names tests that there are, walks all ten points of the OWASP list, and tells tokens as they are."""

import ast
import re
import zlib
from pathlib import Path

from bson import ObjectId
from flask import Flask

from network_api.auth.documents import AccessToken

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/threat-model.md").read_text()
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def named_in(text: str) -> set[tuple[str, str]]:
    """The tests that a text names, by file and name."""
    return set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text))


def test_every_test_that_it_names_exists() -> None:
    named = named_in(PAGE)
    assert len(named) > 50
    missing = []
    for file, name in sorted(named):
        path = ROOT / file
        functions = (
            {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
            if path.exists()
            else ()
        )
        if name not in functions:
            missing.append(f"{file}::{name}")
    assert missing == []


def test_each_point_of_the_list_and_each_threat_has_its_tests() -> None:
    points = re.split(r"^### ", PAGE.partition("point by point")[2].partition("\n## ")[0], flags=re.MULTILINE)[1:]
    assert [point.partition(" ")[0] for point in points] == [f"API{number}:2023" for number in range(1, 11)]
    assert [point.partition("\n")[0] for point in points if not named_in(point)] == []
    rows = [
        line
        for line in PAGE.partition("## What stands in the way")[2].partition("\n## ")[0].splitlines()
        if line.startswith("| ")
    ]
    assert [row for row in rows[2:] if not named_in(row)] == []
    answered = {number for row in rows[2:] for number in re.findall(r"\((\d)\) \|", row)}
    assert answered == set(re.findall(r"^(\d)\. \*\*", PAGE, re.MULTILINE))


def base62(number: int) -> str:
    return "".join(DIGITS[number // 62**place % 62] for place in range(5, -1, -1))


def test_a_scanner_finds_our_tokens_as_this_page_says(app: Flask) -> None:
    patterns = re.findall(r"`(nw[st]_\[0-9A-Za-z\]\{42\})`", PAGE)
    for kind, pattern in zip(("session", "api"), patterns, strict=True):
        _, secret = AccessToken.issue(kind, ObjectId(), expires_at=None)
        assert re.search(rf"\b{pattern}\b", f"Authorization: Bearer {secret}\n"), kind
        assert secret[-6:] == base62(zlib.crc32(secret[4:-6].encode()))


def test_the_audit_of_dependencies_reads_what_is_locked() -> None:
    rule = re.search(r"^audit:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert rule
    assert [name for name in ("requirements-server.lock", "requirements-dev.lock") if name not in rule[1]] == []
    assert "make audit" in (ROOT / ".ci/run").read_text()
