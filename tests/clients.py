"""Clients of the API and of the pages, and people with a seat in a network. Imported by benchmarks too: it watches nothing."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from network_api.members.documents import Member
from network_api.networks.documents import ACTIVE, Membership, Network


class Visitor(FlaskClient):
    """A client of the pages that keeps cookies; each request has a context of its own, as in a server."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        with self.application.app_context():
            return super().open(*args, **kwargs)


class Api:
    """A client of the API, with a token or without."""

    def __init__(self, client: FlaskClient, token: str | None = None) -> None:
        self.client, self.token = client, token

    def __call__(self, method: str, path: str, json: Any = None, **headers: str) -> TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        url = path if path.startswith("//") else f"/api/v1{path}"
        return self.client.open(url.replace("//", "/", 1), method=method, json=json, headers=sent)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self("GET", path, **headers)

    def post(self, path: str, json: Any = None, **headers: str) -> TestResponse:
        return self("POST", path, {} if json is None else json, **headers)

    def patch(self, path: str, json: Any, **headers: str) -> TestResponse:
        return self("PATCH", path, json, **headers)

    def put(self, path: str, json: Any, **headers: str) -> TestResponse:
        return self("PUT", path, json, **headers)

    def delete(self, path: str, **headers: str) -> TestResponse:
        return self("DELETE", path, **headers)


def give_role(member: Member, network: Network, role: str) -> Membership:
    """Make somebody an active member of a network, as accepting an invitation would."""
    invited = Membership(
        network_id=network.pk, email=member.email, email_key=member.email_key, role=role, state="invited"
    ).insert()
    Member.get(member.pk).join(network.pk)
    return invited.become(ACTIVE, role, member_id=member.pk)[0]
