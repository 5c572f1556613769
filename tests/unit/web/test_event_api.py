"""``POST /events``: who may send, what is taken once, what is refused and how, and what became of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.events import event, invoices, raw
from support.formats import to_csv, to_ubl, to_xml
from support.posting import SECRET, Posting
from support.samples import invoice

from config.settings_sections import Web
from worker.domain.reasons import ProcessReason, failure
from worker.errors import StoreUnavailable
from worker.forward.signing import SIGNATURE_HEADER, TIME_HEADER, signature, signed
from worker.intake.sources.folder_watch import FolderWatch


@pytest.fixture
def posting(tmp_path: Path) -> Posting:
    return Posting(tmp_path)


def test_what_is_accepted_is_on_the_queue_and_can_be_followed(posting: Posting) -> None:
    """202 with an address; there it is received, then read, with the number of invoices."""
    answer = posting.post(event())

    assert (answer.status_code, list(posting.events.queue)) == (202, [raw(event())])
    assert posting.status(answer).json()["state"] == "received"
    posting.take_in()
    assert posting.status(answer).json() == {
        "id": answer.json()["id"],
        "export": "main",
        "state": "read",
        "problems": [],
        "period": {"id": "main-p881", "name": "2026-47A"},
        "invoices": {"announced": 2, "exported": 0, "failed": 0, "onTheWay": 2},
    }


def test_exported_is_said_when_all_are(posting: Posting) -> None:
    """N of m, and ``exported`` only at the end."""
    answer = posting.post(event())
    posting.take_in()
    seen = []
    for number in (100001, 100002):
        posting.store.mark_exported(f"main-{number}", by="anna", why="by hand")
        status = posting.status(answer).json()
        seen.append((status["state"], status["invoices"]["exported"]))

    assert seen == [("read", 1), ("exported", 2)]


def test_the_same_content_again_gets_the_same_answer(posting: Posting) -> None:
    """In other bytes, order and time too; once it was read, it does not go on the queue again."""
    first = posting.post(event())
    posting.take_in()
    again = [posting.post(json.dumps(changed, indent=1).encode()) for changed in _spellings()]

    assert [(each.status_code, each.json()) for each in again] == [(202, first.json())] * len(again)
    assert posting.queue.waiting() == 0


def _spellings() -> list[dict[str, Any]]:
    turned = event()
    turned["data"]["invoices"].reverse()
    return [event(), event() | {"time": "2026-11-20T15:04:06Z"}, turned]


@pytest.mark.parametrize("read", [False, True])
def test_other_content_under_a_known_id_is_a_conflict(posting: Posting, *, read: bool) -> None:
    """The first stands, before and after it is read; nothing of the second is taken."""
    posting.post(event())
    if read:
        posting.take_in()
    answer = posting.post(event(invoices(3)))

    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert posting.queue.waiting() == (0 if read else 1)


def test_a_refused_event_may_be_corrected_under_its_id(posting: Posting) -> None:
    """Nothing of it was taken in, so that no conflict can be; its reasons stand in the status meanwhile."""
    wrong = event(invoiceCount=3)
    answer = posting.post(wrong)
    posting.take_in()
    status = posting.status(answer).json()
    assert (status["state"], status["problems"][0]["reason"]) == ("refused", "control-totals")

    assert posting.post(event()).status_code == 202
    posting.take_in()

    assert posting.status(answer).json()["state"] == "read"


def test_an_event_that_was_discarded_comes_anew(posting: Posting) -> None:
    """What was accepted and then forgotten by a person is not said to be known, and lost."""
    wrong = event(invoiceCount=3)
    posting.post(wrong)
    posting.take_in()
    assert posting.queue.discard(raw(wrong))

    assert posting.post(wrong).status_code == 202
    assert posting.queue.waiting() == 1


def test_a_partly_taken_event_shows_both(posting: Posting) -> None:
    """Read, with the problems of what was left out."""
    items = invoices(2)
    items[0]["paymentCondition"] = {"days": "x"}
    answer = posting.post(event(items))
    posting.take_in()
    status = posting.status(answer).json()

    assert (status["state"], status["invoices"]["announced"], status["invoices"]["onTheWay"]) == ("read", 2, 1)
    assert status["problems"][0]["invoiceNumber"] == 100001


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({SIGNATURE_HEADER: ""}, "Without Event-Signature"),
        ({TIME_HEADER: ""}, "Without Event-Timestamp"),
        ({SIGNATURE_HEADER: "v1=" + 64 * "0"}, "not that of this request"),
        ({SIGNATURE_HEADER: "æ"}, "not that of this request"),
        ({TIME_HEADER: "1800000001"}, "not that of this request"),
        ({TIME_HEADER: 400 * "1"}, "not that of this request"),
    ],
)
def test_who_does_not_sign_is_refused(posting: Posting, change: dict[str, str], says: str) -> None:
    """Nothing is taken of a request that is not signed, or that was changed under way."""
    answer = posting.post(event(), **{key: value.encode("latin-1") for key, value in change.items()})  # type: ignore[arg-type]

    assert (answer.status_code, says in answer.json()["detail"]) == (401, True)
    assert answer.headers["content-type"] == "application/problem+json"
    assert posting.queue.waiting() == 0


@pytest.mark.parametrize("part", ["method", "export", "name", "body", "secret"])
def test_every_part_is_signed(posting: Posting, part: str) -> None:
    """Another method, export, name, body or secret is another request."""
    body, target, method, secret = raw(event()), "/events?export=main&name=a.json", "POST", SECRET
    if part == "secret":
        secret = SECRET[::-1]
    headers = signed(
        secret, method="GET" if part == "method" else method, target=target, now=posting.clock(), body=body
    )
    if part == "export":
        target = target.replace("main", "shut")
    if part == "name":
        target = target.replace("a.json", "b.json")
    content = body + b" " if part == "body" else body
    answer = posting.client.post(target, content=content, headers=headers | {"Content-Type": "application/json"})

    assert (answer.status_code, posting.queue.waiting()) == (401, 0)


@pytest.mark.parametrize("seconds", [-301, -300, 300, 301])
def test_a_request_counts_for_a_few_minutes(posting: Posting, seconds: int) -> None:
    """Captured, it is of no use later; a clock that is wrong is told by how much."""
    body, target = raw(event()), "/events?export=main"
    headers = signed(SECRET, method="POST", target=target, now=posting.clock() - seconds, body=body)
    answer = posting.client.post(target, content=body, headers=headers | {"Content-Type": "application/json"})

    assert answer.status_code == (202 if abs(seconds) <= 300 else 401)
    if abs(seconds) > 300:
        assert str(seconds) in answer.json()["detail"]


def test_a_new_secret_replaces_the_old_one_without_a_gap(posting: Posting) -> None:
    """Both lines of the file are accepted; a line that is taken out is not, from the next request on."""
    secret = b"the-new-secret-the-new-secret-the"
    target = "/events/x/status?export=main"
    assert posting.ask(target, secret).status_code == posting.ask(target).status_code == 404
    (posting.api.secrets / "main").write_bytes(secret)

    assert (posting.ask(target, secret).status_code, posting.ask(target).status_code) == (404, 401)


def test_a_secret_that_is_missing_or_short_takes_nothing(posting: Posting) -> None:
    """503 and no word of the secret: the sender is not at fault."""
    (posting.api.secrets / "main").write_bytes(b"short-secret")
    answer = posting.post(event())

    assert (answer.status_code, "short" in answer.text, posting.queue.waiting()) == (503, False, 0)


def test_the_signature_is_that_of_the_description() -> None:
    """A known example, computed with ``openssl dgst -sha256 -hmac``: integrators have nothing else to go by."""
    given = signature(
        b"0123456789abcdef0123456789abcdef",
        method="POST",
        target="/events?export=main",
        timestamp="1800000000",
        sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    )

    assert given == "v1=cc1c372d3bc800a0c53c2c8b39d85d24b95ede6c7b9bb3c84296d970ffab97ce"


@pytest.mark.parametrize(
    ("body", "kind", "status", "says"),
    [
        (b"{}", "text/html", 415, "text/html"),
        (b"x" * 2_000_000, "application/json", 413, "1048576"),
        (b"\xff", "application/json", 422, "neither JSON"),
        (b"{}", "application/json", 422, "invoiceNumber"),
        (raw(event() | {"type": "other"}), "application/json", 422, "other"),
        (raw(event(export="shut")), "application/json", 422, "shut"),
        (raw(event(invoices=...)), "application/json", 422, "either invoices or invoicesRef"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "application/xml", 422, "DOCTYPE"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(posting: Posting, body: bytes, kind: str, status: int, says: str) -> None:
    """As problem details, with the next step, and nothing is taken."""
    answer = posting.post(body, kind)
    problem = answer.json()

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (problem["status"], says in answer.text, problem["nextStep"] != "") == (status, True, True)
    assert posting.queue.waiting() == 0


@pytest.mark.parametrize("where", ["type", "id", "currency"])
def test_half_a_character_is_refused_and_quoted(posting: Posting, where: str) -> None:
    """JSON can escape one, and no answer can hold it: it is refused in words, at once or in the status."""
    half = chr(0xD800) + "DKK"
    body = event([invoices(1)[0] | {"currency": half}]) if where == "currency" else event() | {where: half}
    answer = posting.post(body)
    posting.take_in()
    refusal = answer if answer.status_code == 422 else posting.status(answer)

    assert [each["description"] for each in refusal.json()["problems"]]
    assert len(posting.store.periods()) == 0


def test_a_long_body_is_not_read_to_its_end(tmp_path: Path) -> None:
    """Without a length, it is refused as soon as it is too long."""
    posting, sent = Posting(tmp_path, limit=1000), []

    def endless() -> Any:
        for block in range(1000):
            sent.append(block)
            yield b"x" * 600

    headers = {"Content-Type": "application/json", TIME_HEADER: "1", SIGNATURE_HEADER: "v1=0"}
    answer = posting.client.post("/events?export=main", content=endless(), headers=headers)

    assert answer.status_code == 413


def test_compressed_bodies_are_not_taken(posting: Posting) -> None:
    """What unfolds under way has another size and hash."""
    assert posting.post(event(), **{"Content-Encoding": "gzip"}).status_code == 415


def test_too_many_requests_wait(tmp_path: Path) -> None:
    """429 with the time to wait, signed or not; after it they are taken again."""
    posting = Posting(tmp_path, settings=Web(requests_per_minute=2))
    codes = [posting.post(event()).status_code for _ in range(2)] + [
        posting.post(event(), **{TIME_HEADER: ""}).status_code
    ]
    late = posting.post(event())

    assert (codes, late.status_code, late.headers["retry-after"]) == ([202, 202, 429], 429, "30")
    posting.clock.advance(30)
    assert posting.post(event()).status_code == 202


def test_while_redis_is_away_nothing_is_accepted(posting: Posting, monkeypatch: pytest.MonkeyPatch) -> None:
    """503: the sender keeps it and comes again."""

    def away(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer."))

    monkeypatch.setattr(posting.queue, "publish", away)
    answer = posting.post(event())

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


@pytest.mark.parametrize("kind", ["xml", "json", "octet"])
def test_a_file_that_is_a_whole_period_is_an_event(posting: Posting, kind: str) -> None:
    """Whatever its type says, by what it holds; sent twice it is known, and all that is wrong is said at once."""
    content = to_xml(event()["data"])
    sent = {"xml": "application/xml", "json": "application/json", "octet": "application/octet-stream"}[kind]
    answers = [posting.post(content, sent, name="p.xml") for _ in range(2)]
    posting.take_in()

    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert posting.status(answers[0]).json()["invoices"]["announced"] == 2
    broken = content.replace(b"<net>1000.00</net>", b"<net>x</net>")
    problems = posting.post(broken, sent, name="p.xml").json()["problems"]
    assert {problem["invoiceNumber"] for problem in problems} == {100001, 100002}


def test_invoices_line_by_line_and_csv_are_taken(posting: Posting) -> None:
    """NDJSON and CSV name no period: without a folder each file is one of its own."""
    lines = b"\n".join(raw(each) for each in invoices(3))
    table = to_csv([invoice(invoice_number=7)])
    answers = [posting.post(lines, "application/x-ndjson"), posting.post(table, "text/csv")]
    posting.take_in()

    assert [posting.status(each).json()["invoices"]["announced"] for each in answers] == [3, 1]


def test_a_file_with_printed_invoices_needs_a_folder(posting: Posting, tmp_path: Path) -> None:
    """It is refused where they could not be kept, never taken without them."""
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[[ubl.accounts]]\ncost = "3010"\naccount = "3010"\n', encoding="utf-8")
    posting = Posting(tmp_path, mapping=mapping)
    printed = (
        "<cac:AdditionalDocumentReference><cac:Attachment><cbc:EmbeddedDocumentBinaryObject mimeCode='application/pdf'>"
        "JVBERi0xLjc=</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>"
    )
    totals = b"<cac:TaxTotal>"
    document = to_ubl(invoice()).replace(totals, printed.encode() + totals, 1)
    answer = posting.post(document, "application/xml")

    assert (answer.status_code, "printed invoices" in answer.json()["detail"]) == (422, True)
    assert posting.queue.waiting() == 0


class Folder:
    """The addresses for machines of an export with a folder, and the watcher of it."""

    def __init__(self, path: Path, **source: Any) -> None:
        (path / "files").mkdir()
        self.posting = Posting(path, folder=path / "files", stable_seconds=0, quiet_seconds=60, **source)
        export, publish = self.posting.exports["main"], self.posting.queue.publish
        self.watch = FolderWatch(export, publish=publish, clock=self.posting.clock)

    def turn(self) -> None:
        self.watch.turn()
        self.posting.take_in()


def _part(number: int) -> bytes:
    data = event(invoices(2))["data"]
    return to_xml(data | {"invoices": [data["invoices"][number]]})


def test_files_of_one_period_wait_for_each_other_in_the_folder(tmp_path: Path) -> None:
    """One file for each invoice: each is safe in the folder at 202, and they become one period."""
    folder = Folder(tmp_path)
    first = folder.posting.post(_part(0), "application/xml", name="1.xml")
    folder.turn()
    assert (first.status_code, folder.posting.status(first).json()["state"]) == (202, "received")
    second = folder.posting.post(_part(1), "application/xml", name="2.xml")
    folder.turn()

    states = [folder.posting.status(each).json() for each in (first, second)]
    assert [(each["state"], each["invoices"]["announced"]) for each in states] == [("read", 2), ("read", 2)]


def test_a_file_in_the_folder_is_taken_once_and_refused_with_reasons(tmp_path: Path) -> None:
    """Sent again while it waits, and after it was taken, it is not doubled; alone for too long, it says why."""
    folder = Folder(tmp_path)
    answers = [folder.posting.post(_part(0), "application/xml", name="a\\b/1.xml") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(list((tmp_path / "files").glob("*-1.xml"))) == 1
    folder.turn()
    folder.posting.clock.advance(61)
    folder.turn()

    status = folder.posting.status(answers[0]).json()
    assert (status["state"], status["problems"][0]["reason"]) == ("refused", "control-totals")
    # Sent again, it waits again: the other file may come this time.
    folder.posting.post(_part(0), "application/xml", name="1.xml")
    folder.posting.post(_part(1), "application/xml", name="2.xml")
    folder.turn()
    assert folder.posting.status(answers[0]).json()["state"] == "read"


@pytest.mark.parametrize("name", ["p.tmp", "p.part", "p~", "p.done", "thumbs.db"])
def test_no_accepted_file_counts_as_unfinished(tmp_path: Path, name: str) -> None:
    """What the watcher never takes of others, it takes of a sender who was told 202."""
    folder = Folder(tmp_path)
    answer = folder.posting.post(b"\n".join(json.dumps(each).encode() for each in invoices(2)), name=name)
    folder.turn()
    folder.posting.clock.advance(61)
    folder.turn()

    assert (answer.status_code, folder.posting.status(answer).json()["state"]) == (202, "read")


def test_a_status_of_another_export_or_of_nothing_is_not_found(posting: Posting) -> None:
    """Ids are not addresses of files: nothing but our own kind is looked for."""
    for posted in ("x", "file-x", f"file-{64 * 'a'}", "../../etc/passwd", "file-" + "../" * 21 + "x"):
        assert posting.ask_for(posted).status_code == 404


def test_a_manifest_by_http_closes_the_files_that_it_names(tmp_path: Path) -> None:
    """By the names that they were sent with; until then whole periods wait as well, where only a manifest closes."""
    folder = Folder(tmp_path, closed_by="manifest")
    manifest = json.dumps({"files": [{"name": "æ:1.xml"}]}).encode()
    first = folder.posting.post(to_xml(event()["data"]), "application/xml", name="æ:1.xml")
    folder.turn()
    assert folder.posting.status(first).json()["state"] == "received"
    second = folder.posting.post(manifest, name="p.manifest.json")
    folder.turn()

    assert [folder.posting.status(each).json()["state"] for each in (first, second)] == ["read", "read"]


def test_a_manifest_that_is_none_or_has_no_folder_is_refused(posting: Posting, tmp_path: Path) -> None:
    """At once, with what is wrong."""
    alone = posting.post(b'{"files": [{"name": "1.xml"}]}', name="p.manifest.json")
    (tmp_path / "other").mkdir()
    wrong = Folder(tmp_path / "other").posting.post(b'{"files": []}', name="p.manifest.json")

    assert (alone.status_code, "no folder" in alone.json()["detail"]) == (422, True)
    assert (wrong.status_code, "files" in wrong.json()["detail"]) == (422, True)
