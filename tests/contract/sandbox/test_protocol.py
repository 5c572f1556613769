import httpx
import pytest
from support import toy_economic as toy
from support.listening import wait_for

BODY = {"name": "Ny kunde"}
#: Gives up on an answer soon, but never on sending.
IMPATIENT = httpx.Timeout(60, read=0.1)


def create(economic: httpx.Client, key: str = "k1", **changes: object) -> httpx.Response:
    return economic.post("/customers", json=BODY | changes, headers={"Idempotency-Key": key})


def findings(control: httpx.Client) -> list[str]:
    return [finding["what"] for finding in control.get("/findings").json()["findings"]]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "E00401"),
        ({"X-AppSecretToken": toy.APP}, "E00401"),
        ({"X-AgreementGrantToken": toy.GRANT}, "E00401"),
        ({"X-AppSecretToken": "other", "X-AgreementGrantToken": toy.GRANT}, "E02250"),
    ],
)
def test_without_the_right_tokens_it_is_401(
    address: str, control: httpx.Client, headers: dict[str, str], code: str
) -> None:
    """Missing headers, and an app secret that the grant does not belong to."""
    answer = httpx.get(f"{address}/customers", headers=headers)
    assert (answer.status_code, answer.json()["errorCode"]) == (401, code)
    assert control.get("/requests").json()["requests"][0]["agreement"] == 0


def test_a_grant_can_be_revoked_and_restored(economic: httpx.Client, control: httpx.Client) -> None:
    """A revoked grant answers 401 until it is made anew."""
    control.patch("/agreements/7", json={"revoked": True}).raise_for_status()
    assert economic.get("/customers").status_code == 401
    control.patch("/agreements/7", json={"revoked": False}).raise_for_status()
    assert economic.get("/customers").status_code == 200


def test_a_missing_role_is_403(economic: httpx.Client, control: httpx.Client) -> None:
    """Roles are fixed per app; the toy's journals need bookkeeping."""
    control.patch("/agreements/7", json={"roles": ["Sales"]}).raise_for_status()
    answer = economic.get("/journalsapi/v15.0.0/journals")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert economic.get("/customers").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/nowhere", {}, 404),
        ("PATCH", "/customers", {}, 405),
        ("GET", "/customers", {"Accept": "application/pdf"}, 406),
        ("POST", "/customers", {"Content-Type": "text/plain"}, 415),
        ("POST", "/vouchers/2026-1/attachment/file", {"Content-Type": "application/json"}, 415),
        ("POST", "/customers", {"Content-Type": "application/json"}, 400),
    ],
)
def test_a_request_in_the_wrong_form(
    economic: httpx.Client, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """Path, method, Accept, Content-Type and JSON are checked before any resource; the body says so."""
    content = b"{not json" if method == "POST" else None
    answer = economic.request(method, path, headers=headers, content=content)
    assert (answer.status_code, answer.json()["httpStatusCode"]) == (status, status)
    assert answer.headers["x-callcost"]


def test_a_listing_is_filtered_sorted_and_paged(economic: httpx.Client) -> None:
    """One page in the envelope, and links that lead back to this sandbox."""
    query = {"filter": "customerNumber$gt:40", "sort": "-name", "pagesize": "2"}
    answer = economic.get("/customers", params=query).json()
    assert [item["customerNumber"] for item in answer["collection"]] == [45, 44]
    following = economic.get(answer["pagination"]["nextPage"]).json()
    assert [item["customerNumber"] for item in following["collection"]] == [43, 42]


def test_a_service_lists_with_a_cursor(economic: httpx.Client) -> None:
    """The other host's shape under its own prefix."""
    answer = economic.get("/journalsapi/v15.0.0/journals").json()
    assert (sorted(answer), len(answer["items"])) == (["items"], 45)


def test_a_key_replays_the_original_answer(economic: httpx.Client, control: httpx.Client) -> None:
    """Same status, same bytes, the cache header, nothing created twice; the request log shows it."""
    first, second = create(economic), create(economic)
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert "x-resultfromcache" not in first.headers
    assert (second.headers["x-resultfromcache"], second.headers["location"]) == ("true", "/customers/46")
    assert [entry["replayed"] for entry in control.get("/requests").json()["requests"]] == [False, True]


def test_a_key_for_another_body_or_url_is_refused(economic: httpx.Client, control: httpx.Client) -> None:
    """400 with the code in the body, and a finding each."""
    create(economic)
    changed = create(economic, name="Anden")
    moved = economic.delete("/customers/1", headers={"Idempotency-Key": "k1"})
    assert [answer.status_code for answer in (changed, moved)] == [400, 400]
    assert [answer.json()["errorCode"] for answer in (changed, moved)] == ["PayloadChanged", "URLChanged"]
    assert len(findings(control)) == 2


def test_after_the_hour_the_key_creates_again(economic: httpx.Client, control: httpx.Client) -> None:
    """The duplicate that a blind late retry makes; time is moved, not waited for."""
    create(economic)
    control.post("/clock", json={"advance": 3599}).raise_for_status()
    assert create(economic).headers["x-resultfromcache"] == "true"
    control.post("/clock", json={"advance": 1.5}).raise_for_status()
    assert create(economic).json()["customerNumber"] == 47


def test_a_refusal_comes_back_under_its_key_unless_switched_off(economic: httpx.Client, control: httpx.Client) -> None:
    """Whether a 4xx is remembered is unknown; the harsh reading is the default."""
    first, second = create(economic, name=""), create(economic, name="")
    assert [first.status_code, second.status_code] == [400, 400]
    assert second.headers["x-resultfromcache"] == "true"
    control.patch("/switches", json={"cache_4xx": False}).raise_for_status()
    assert create(economic, key="k2", name="").status_code == 400
    assert "x-resultfromcache" not in create(economic, key="k2", name="").headers


@pytest.mark.parametrize(("switch", "statuses"), [("refuse", [201, 409]), ("wait", [201, 201])])
def test_a_key_in_flight(economic: httpx.Client, control: httpx.Client, switch: str, statuses: list[int]) -> None:
    """A second request with the key of one that is being processed: refused, or answered like the first."""
    control.patch("/switches", json={"in_flight": switch}).raise_for_status()
    slow = {"route": "POST /customers", "action": "delay", "delay": 30.0 if switch == "refuse" else 1.0}
    control.post("/faults", json=slow).raise_for_status()
    with pytest.raises(httpx.ReadTimeout):
        economic.post("/customers", json=BODY, headers={"Idempotency-Key": "k1"}, timeout=IMPATIENT)
    wait_for(lambda: bool(control.get("/requests").json()["requests"]), "the first is being processed")
    second = create(economic)
    assert second.status_code == statuses[1]
    assert control.get("/state").json()["7"]["counts"]["customers"] == (45 if switch == "refuse" else 46)


def test_rate_headers_are_on_every_answer(economic: httpx.Client) -> None:
    """Cost and use, also on refusals: a failed call costs too."""
    readings = [economic.get(path).headers["x-ratelimiting"] for path in ("/customers", "/customers?pagesize=0")]
    assert readings == [
        "token-limit-10000-per-60-seconds: 3/10000",
        "token-limit-10000-per-60-seconds: 6/10000",
    ]


def test_over_quota_is_429_until_the_window_is_over(economic: httpx.Client, control: httpx.Client) -> None:
    """With Retry-After; costs and limit are switches."""
    control.patch("/switches", json={"rate_limit": 10, "costs": {"GET /customers": 10}}).raise_for_status()
    assert economic.get("/customers").status_code == 200
    refused = economic.get("/customers/1")
    assert (refused.status_code, 55 <= int(refused.headers["retry-after"]) <= 60) == (429, True)
    control.post("/clock", json={"advance": 60}).raise_for_status()
    assert economic.get("/customers/1").status_code == 200


def test_an_upload_reaches_the_resource(economic: httpx.Client) -> None:
    """Multipart with any field name; the year in the path is decoded."""
    answer = economic.post(
        "/vouchers/2025_6_2026-1/attachment/file",
        files={"anything": ("faktura.pdf", b"%PDF-1.7")},
        headers={"Idempotency-Key": "k"},
    )
    assert (answer.status_code, answer.json()) == (201, {"name": "faktura.pdf", "bytes": 8, "year": "2025/2026"})


def test_an_upload_without_a_file_is_refused(economic: httpx.Client) -> None:
    """A form that holds only text."""
    answer = economic.post("/vouchers/2026-1/attachment/file", files={"a": (None, "text")})
    assert answer.status_code == 400


def test_money_arrives_as_written(economic: httpx.Client) -> None:
    """No float on the way in; the shortest exact number on the way out."""
    body = b'{"name":"N","creditLimit":1234567890.10}'
    answer = economic.post("/customers", content=body, headers={"Content-Type": "application/json"})
    assert b'"creditLimit":1234567890.1}' in answer.content


def test_the_request_log_and_its_findings(economic: httpx.Client, control: httpx.Client) -> None:
    """Every request is logged; what the real e-conomic would have ignored is a finding, once, not on the replay."""
    create(economic, creditlimit=5)
    create(economic, creditlimit=5)
    economic.delete("/invoices/drafts/")
    requests = control.get("/requests").json()["requests"]
    assert [(request["n"], request["method"], request["path"], request["status"]) for request in requests] == [
        (1, "POST", "/customers", 201),
        (2, "POST", "/customers", 201),
        (3, "DELETE", "/invoices/drafts/", 204),
    ]
    assert requests[0]["body"] == {"name": "Ny kunde", "creditlimit": 5}
    assert control.get("/requests", params={"after": 2}).json()["requests"] == requests[2:]
    assert findings(control) == [
        "The property creditlimit is ignored by e-conomic",
        "A write without Idempotency-Key",
        "DELETE without a draft number deletes every draft of the agreement",
    ]


def test_an_unknown_path_is_a_finding(economic: httpx.Client, control: httpx.Client) -> None:
    """A 404 for a resource is an answer; a 404 for a path is a mistake of the client."""
    assert [economic.get(path).status_code for path in ("/customers/999", "/custmers")] == [404, 404]
    assert findings(control) == ["There is no such path"]


def test_asking_for_another_version_of_a_service_is_no_finding(economic: httpx.Client, control: httpx.Client) -> None:
    """It is how a client learns which there are; a path that no version has is a mistake all the same."""
    paths = ("/journalsapi/v16.0.0/journals", "/journalsapi/v16.0.0/books", "/nopeapi/v1.0.0/journals")
    assert [economic.get(path).status_code for path in paths] == [404, 404, 404]
    assert findings(control) == ["There is no such path"] * 2


def test_the_latency_of_every_call_is_a_knob(economic: httpx.Client, control: httpx.Client) -> None:
    """For benchmarks: no call is faster."""
    control.patch("/switches", json={"latency_ms": 60}).raise_for_status()
    assert economic.get("/customers/1").elapsed.total_seconds() >= 0.06
