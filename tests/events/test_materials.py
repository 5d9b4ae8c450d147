"""Materials and recordings: links and files, for everybody or for participants, open before, at or after the day."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from gridfs import NoFile

from events import materials
from events.documents import Event
from events.feature import check
from events.material_documents import MaterialFile, bucket
from events.tasks import retain
from network_api.documents import utcnow
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import body, register, send_pdf

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LINK = "https://example.org/esitys"
Link = Callable[..., str]


@pytest.fixture
def path(event: Event) -> str:
    """Where the materials of `event` are."""
    return f"/events/{event.pk}/materials"


def titles(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json
    return [found["title"]["fi"] for found in answer.json["items"]]


def add(client: Api, path: str, title: str, **given: Any) -> Any:
    return client.post(path, {"title": {"fi": title}, "url": LINK, **given})


def test_who_reads_which(
    anyone: Api, coordinator: Api, event: Event, path: str, link: Link, signed_in: Callable[..., Api]
) -> None:
    add(coordinator, path, "Kaikille", audience="public")
    add(coordinator, path, "Osallistujille")
    add(coordinator, path, "Tiedosto tulossa", url=None, audience="public")
    for who in ("eka", "toka"):
        register(anyone, event, who)
    register(anyone, event, "jono", wait=True)
    assert titles(anyone.get(path)) == ["Kaikille"]
    assert titles(anyone.get(f"/manage/registrations/{link('eka')}/materials")) == ["Kaikille", "Osallistujille"]
    assert titles(anyone.get(f"/manage/registrations/{link('jono')}/materials")) == ["Kaikille"]
    assert titles(signed_in("eka@example.org").get(path)) == ["Kaikille", "Osallistujille"]
    assert titles(signed_in("joku@example.org").get(path)) == ["Kaikille"]
    assert titles(coordinator.get(path)) == ["Kaikille", "Osallistujille", "Tiedosto tulossa"]
    shown = [client.get(f"/events/{event.pk}").json["materials"] for client in (anyone, coordinator)]
    assert [len(found) for found in shown] == [1, 3]


def test_each_opens_at_its_time(anyone: Api, coordinator: Api, event: Event, path: str) -> None:
    for title, given in {
        "Ennen": {"opens": "before"},
        "Alussa": {"opens": "at_start"},
        "Jälkeen": {"opens": "after"},
        "Omaan aikaan": {"opens_at": (utcnow() + timedelta(days=9)).isoformat()},
    }.items():
        assert add(coordinator, path, title, audience="public", **given).status_code == 201
    tag = anyone.get(f"/events/{event.pk}").headers["ETag"]
    assert titles(anyone.get(path)) == ["Ennen"]
    now, hour = utcnow(), timedelta(hours=1)
    Event.change({"_id": event.pk}, {"$set": {"starts_at": now - hour, "ends_at": now + hour}})
    assert titles(anyone.get(path)) == ["Ennen", "Alussa"]
    Event.change({"_id": event.pk}, {"$set": {"ends_at": now, "materials.3.opens_at": now}})
    assert titles(anyone.get(path)) == ["Ennen", "Alussa", "Jälkeen", "Omaan aikaan"]
    assert anyone.get(f"/events/{event.pk}", If_None_Match=tag).status_code == 200


def test_a_file_is_stored_and_comes_back_as_a_download(
    anyone: Api, coordinator: Api, event: Event, path: str, link: Link
) -> None:
    made = add(coordinator, path, "Esitys", url=None).json
    content = b"%PDF-1.7 " + bytes(range(256)) * 3000
    sent = send_pdf(coordinator, f"{path}/{made['id']}/file", content)
    assert (sent.status_code, sent.json["size"], sent.json["has_file"]) == (200, len(content), True)
    assert anyone.get(f"{path}/{made['id']}/file").status_code == 404
    register(anyone, event, "eka")
    got = anyone.get(f"/manage/registrations/{link('eka')}/materials/{made['id']}/file")
    assert (got.data, got.content_type, got.headers["X-Content-Type-Options"]) == (content, "application/pdf", "nosniff")
    assert got.headers["Content-Disposition"] == "attachment; filename=esitys.pdf"
    assert f"materials/{made['id']}/file" in anyone.get(f"//manage/registrations/{link('eka')}").text


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"<html><script>alert(1)</script>", "application/pdf", 422),
        (b"PK\x03\x04 just a zip", DOCX, 422),
        (b"PK\x03\x04 word/document.xml word/vbaProject.bin", DOCX, 422),
        (b"PK\x03\x04 word/document.xml", DOCX, 200),
        (b"\x89PNG\r\n\x1a\n...", "image/png", 200),
        (b"<html>", "text/html", 415),
        (b"%PDF-" + b"x" * 25 * 1024 * 1024, "application/pdf", 413),
    ],
)
def test_a_file_is_what_it_says_and_not_too_large(
    coordinator: Api, path: str, content: bytes, content_type: str, status: int
) -> None:
    made = add(coordinator, path, "Esitys", url=None).json
    assert send_pdf(coordinator, f"{path}/{made['id']}/file", content, content_type).status_code == status


def test_a_file_that_another_replaced_or_whose_material_went_is_taken_away(coordinator: Api, path: str) -> None:
    made = add(coordinator, path, "Esitys", url=None).json
    for _ in range(2):
        send_pdf(coordinator, f"{path}/{made['id']}/file")
    first, second = MaterialFile.rows({}, sort=[("_id", 1)])
    retain()
    assert [row["_id"] for row in MaterialFile.rows({})] == [second["_id"]]
    with pytest.raises(NoFile):
        bucket().open_download_stream(first["_id"])
    assert list(check()) == []
    assert coordinator.delete(f"{path}/{made['id']}", If_Match="*").status_code == 204
    retain()
    assert MaterialFile.rows({}) == []


def test_an_upload_that_was_killed_leaves_nothing(
    coordinator: Api, event: Event, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the bytes and the note that they are the material's."""
    made = add(coordinator, path, "Esitys", url=None).json

    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(materials, "_attach", killed)
        with pytest.raises(Killed):
            send_pdf(coordinator, f"{path}/{made['id']}/file")
    retain()
    [noted] = MaterialFile.rows({})  # an hour is left to it
    MaterialFile.change({"_id": noted["_id"]}, {"$set": {"unused_at": utcnow() - timedelta(hours=2)}})
    assert [problem.invariant for problem in check()] == ["file_unused"]
    retain()
    assert (MaterialFile.rows({}), list(check())) == ([], [])


def test_an_upload_that_took_too_long_is_refused_and_the_earlier_file_stays(
    coordinator: Api, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = add(coordinator, path, "Esitys", url=None).json
    send_pdf(coordinator, f"{path}/{made['id']}/file", b"%PDF-1.7 ensin")
    monkeypatch.setattr(materials, "UPLOAD_TAKES", timedelta(0))
    late = send_pdf(coordinator, f"{path}/{made['id']}/file", b"%PDF-1.7 sitten")
    assert (late.status_code, late.json["code"]) == (409, "upload_given_up")
    assert coordinator.get(f"{path}/{made['id']}/file").data == b"%PDF-1.7 ensin"
    retain()
    assert (len(MaterialFile.rows({})), list(check())) == (1, [])


def test_a_material_that_became_a_link_during_the_upload_stays_one(
    coordinator: Api, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = add(coordinator, path, "Esitys", url=None).json
    attach = materials._attach

    def link_first(*given: Any) -> Any:
        assert coordinator.patch(f"{path}/{made['id']}", {"url": LINK}, If_Match="*").status_code == 200
        return attach(*given)

    monkeypatch.setattr(materials, "_attach", link_first)
    refused = send_pdf(coordinator, f"{path}/{made['id']}/file")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["file"])
    assert coordinator.get(f"{path}/{made['id']}").json["has_file"] is False


def test_a_material_with_a_file_does_not_become_a_link(coordinator: Api, path: str) -> None:
    made = add(coordinator, path, "Esitys", url=None).json
    send_pdf(coordinator, f"{path}/{made['id']}/file")
    refused = coordinator.patch(f"{path}/{made['id']}", {"url": LINK}, If_Match="*")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["url"])


def test_there_is_an_end_to_how_many_materials_a_theme_day_has(
    coordinator: Api, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(materials, "MOST_AT_ONCE", 1)
    assert add(coordinator, path, "Yksi").status_code == 201
    refused = add(coordinator, path, "Kaksi")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["materials"])


def test_a_name_of_a_file_is_no_path(coordinator: Api, path: str) -> None:
    made = add(coordinator, path, "Esitys", url=None).json
    headers = {"Authorization": f"Bearer {coordinator.token}"}
    where = f"/api/v1{path}/{made['id']}/file?filename=..%2Fesitys.pdf"
    refused = coordinator.client.put(where, data=b"%PDF-", content_type="application/pdf", headers=headers)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["filename"])


def test_deleting_a_draft_takes_its_files_away(coordinator: Api, regional: Network) -> None:
    draft = coordinator.post("/events", body(regional)).json
    path = f"/events/{draft['id']}/materials"
    made = add(coordinator, path, "Esitys", url=None).json
    send_pdf(coordinator, f"{path}/{made['id']}/file")
    assert coordinator.delete(f"/events/{draft['id']}", If_Match="*").status_code == 204
    retain()
    assert MaterialFile.rows({}) == []


def test_a_material_is_edited_with_the_etag_of_its_theme_day(coordinator: Api, event: Event, path: str) -> None:
    made = add(coordinator, path, "Esitys")
    one = f"{path}/{made.json['id']}"
    tag = coordinator.get(one).headers["ETag"]
    assert coordinator.patch(one, {"title": {"fi": "Uusi"}}, If_Match=tag).json["title"] == {"fi": "Uusi"}
    assert coordinator.patch(one, {"title": {"fi": "Vanha"}}, If_Match=tag).status_code == 412
    assert coordinator.patch(one, {"url": "http://example.org"}, If_Match="*").status_code == 422
    assert send_pdf(coordinator, f"{one}/file").status_code == 422  # it is a link


def test_a_copy_of_a_theme_day_has_its_links(coordinator: Api, event: Event, path: str) -> None:
    add(coordinator, path, "Linkki")
    made = add(coordinator, path, "Tiedosto", url=None).json
    send_pdf(coordinator, f"{path}/{made['id']}/file")
    copy = coordinator.post(f"/events/{event.pk}/duplicate").json
    assert [found["title"]["fi"] for found in copy["materials"]] == ["Linkki"]


def test_in_a_copy_for_another_time_a_material_opens_as_long_before_or_after(coordinator: Api, event: Event, path: str) -> None:
    later = timedelta(weeks=1)
    add(coordinator, path, "Tallenne", opens_at=(event.ends_at + later).isoformat())
    starts = event.starts_at + timedelta(weeks=52)
    copy = coordinator.post(f"/events/{event.pk}/duplicate", {"starts_at": starts.isoformat()}).json
    opens, ends = (datetime.fromisoformat(found) for found in (copy["materials"][0]["opens_at"], copy["ends_at"]))
    assert opens - ends == later
