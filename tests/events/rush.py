"""One process of a rush for seats: registers people over the whole application, and prints what each was answered.

    python -m tests.events.rush '{"settings": {...}, "event_id": "...", "people": [0, 50], "wait": false, "guard": true}'

It says `ready` when it has started and begins at the next line of its input, so that all processes begin together.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

from events import documents
from events.documents import PUBLISHED
from network_api.app import create_app

THREADS = 1  # more only measures how the embedded engine, one process itself, starves under conflicts


def main(told: dict[str, Any]) -> None:
    """Register everybody, from several threads at once."""
    if not told["guard"]:  # the negative control: seats are counted, and nothing asks whether there is one
        documents.seat_guard = lambda event, mode: {"status": PUBLISHED}
    app = create_app(told["settings"])
    path = f"/api/v1/events/{told['event_id']}/registrations"

    def register(number: int) -> list[Any]:
        body = {"mode": "onsite", "name": f"Henkilö {number}", "email": f"henkilo{number}@example.org", "wait": told["wait"]}
        began = perf_counter()
        answer = app.test_client().post(path, json=body)
        said = answer.get_json()
        return [answer.status_code, said.get("code") or said["status"], said.get("waiting_position"), perf_counter() - began]

    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(THREADS) as pool:
        print(json.dumps(list(pool.map(register, range(*told["people"])))), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
