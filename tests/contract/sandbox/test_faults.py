from typing import Any

import httpx
import pytest
from support.listening import wait_for
from support.toy_economic import HEADERS

BODY = {"name": "Ny kunde"}
#: Gives up on an answer soon, but never on sending.
IMPATIENT = httpx.Timeout(60, read=0.1)


def script(control: httpx.Client, **fault: Any) -> None:
    control.post("/faults", json={"route": "POST /customers", **fault}).raise_for_status()


def customers(control: httpx.Client) -> int:
    return int(control.get("/state").json()["7"]["counts"]["customers"])


def create(economic: httpx.Client, key: str = "k1") -> httpx.Response:
    return economic.post("/customers", json=BODY, headers={"Idempotency-Key": key})


@pytest.mark.parametrize(("when", "count"), [("before", 45), ("after", 46)])
def test_a_dropped_connection_has_no_answer(
    economic: httpx.Client, control: httpx.Client, when: str, count: int
) -> None:
    """A drop closes the socket without an answer; whether the call was processed is the script's choice."""
    script(control, action="drop", when=when)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        create(economic)
    assert customers(control) == count
    assert control.get("/requests").json()["requests"][0]["status"] == 0


def test_a_replay_after_a_drop_creates_nothing_twice(economic: httpx.Client, control: httpx.Client) -> None:
    """The answer that was lost on the way is the one that the same key brings back."""
    script(control, action="drop", when="after")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        create(economic)
    again = create(economic)
    assert (again.status_code, again.json()["customerNumber"]) == (201, 46)
    assert again.headers["x-resultfromcache"] == "true"
    assert customers(control) == 46


def test_half_a_body_ends_in_the_middle(economic: httpx.Client, control: httpx.Client) -> None:
    """The length is announced in full, and the connection closes before it is reached."""
    script(control, action="half")
    with pytest.raises(httpx.RemoteProtocolError):
        create(economic)
    assert customers(control) == 46


def test_garbage_is_not_json(economic: httpx.Client, control: httpx.Client) -> None:
    """A created resource may be answered by a body that says nothing."""
    script(control, action="garbage")
    answer = create(economic)
    assert (answer.status_code, answer.content) == (201, b"<html><body>502 Bad Gateway</body></html>")
    assert customers(control) == 46


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("body", "content"), [({"customerNumber": 7}, b'{"customerNumber":7}'), ([], b"[]"), (None, b"")]
)
def test_a_success_about_something_else(
    economic: httpx.Client, control: httpx.Client, when: str, body: Any, content: bytes
) -> None:
    """Carried out, or by nobody: the answer says something else, and the key remembers what was done."""
    script(control, action="body", body=body, when=when)
    answer, again = create(economic), create(economic)

    done = when == "after"
    assert (answer.status_code, answer.content) == (201 if done else 200, content)
    assert ("x-resultfromcache" in again.headers, again.json()["customerNumber"]) == (done, 46)
    assert customers(control) == 46


def test_a_refusal_keeps_its_own_body(economic: httpx.Client, control: httpx.Client) -> None:
    """Another body is put into successes alone."""
    script(control, action="body", body={"customerNumber": 7}, when="after")
    refused = economic.post("/customers", json={}, headers={"Idempotency-Key": "k2"})

    assert refused.status_code == 400
    assert "customerNumber" not in refused.json()


def test_the_gateways_refusal_is_not_remembered(economic: httpx.Client, control: httpx.Client) -> None:
    """503 and 429 come from before the key memory: the same key goes through afterwards."""
    script(control, status=503)
    script(control, status=429, retry_after=7)
    first, second, third = create(economic), create(economic), create(economic)
    assert [first.status_code, second.status_code, third.status_code] == [503, 429, 201]
    assert second.headers["retry-after"] == "7"
    assert "x-resultfromcache" not in third.headers


@pytest.mark.parametrize(("switch", "statuses"), [(True, [500, 500]), (False, [500, 201])])
def test_whether_a_500_is_remembered_is_a_switch(
    economic: httpx.Client, control: httpx.Client, *, switch: bool, statuses: list[int]
) -> None:
    """Unknown of the real e-conomic: harsh by default, the 500 comes back for the key's whole hour."""
    control.patch("/switches", json={"cache_5xx": switch}).raise_for_status()
    script(control, status=500)
    assert [create(economic).status_code, create(economic).status_code] == statuses


def test_the_nth_call_and_the_next_ones(economic: httpx.Client, control: httpx.Client) -> None:
    """nth=2, times=2 strikes the second and third matching calls alone."""
    script(control, nth=2, times=2, status=503)
    statuses = [create(economic, key=f"k{n}").status_code for n in range(4)]
    assert statuses == [201, 503, 503, 201]
    assert [(line["seen"], line["struck"]) for line in control.get("/faults").json()["faults"]] == [(4, 2)]


def test_a_late_answer_times_out_although_processed(economic: httpx.Client, control: httpx.Client) -> None:
    """A delay after processing makes the client give up on something that has happened."""
    script(control, action="delay", when="after", delay=30)
    with pytest.raises(httpx.ReadTimeout):
        economic.post("/customers", json=BODY, headers={"Idempotency-Key": "k"}, timeout=IMPATIENT)
    wait_for(lambda: customers(control) == 46, "the request is processed")


def test_cleared_faults_strike_no_more(economic: httpx.Client, control: httpx.Client) -> None:
    """DELETE empties the script."""
    script(control, status=503, times=None)
    control.delete("/faults").raise_for_status()
    assert create(economic).status_code == 201


def test_a_misspelt_fault_is_refused(control: httpx.Client) -> None:
    """A script line that would silently do nothing is an error of the test that wrote it."""
    answer = control.post("/faults", json={"rote": "POST /customers"})
    assert answer.status_code == 400
    assert "rote" in answer.json()["message"]


def test_the_connection_survives_refusals(address: str, control: httpx.Client) -> None:
    """Only a drop closes the connection; a scripted 503 leaves it open for the next call."""
    script(control, status=503)
    with httpx.Client(base_url=address, headers=HEADERS) as client:
        assert [create(client).status_code, create(client).status_code] == [503, 201]
