import pytest

from worker.sandbox.idempotency import KeyMemory
from worker.sandbox.messages import Reply
from worker.sandbox.state import ApiError
from worker.sandbox.switches import AgreementSwitches

CREATED = Reply(status=201, body=b'{"n":1}')
HOUR = 3600.0


def after(reply: Reply, switches: AgreementSwitches | None = None) -> KeyMemory:
    keys = KeyMemory()
    memory = keys.begin("k", url="/customers", body=b"{}", now=0.0)
    keys.finish("k", memory, reply, switches or AgreementSwitches())
    return keys


def recalled(keys: KeyMemory, *, url: str = "/customers", body: bytes = b"{}", now: float = 1.0) -> Reply | None:
    memory = keys.recall("k", url=url, body=body, now=now, lifetime=HOUR)
    return memory.reply if memory else None


@pytest.mark.parametrize(("now", "expected"), [(0.0, CREATED), (3599.9, CREATED), (3600.0, None)])
def test_a_key_lives_for_one_hour(now: float, expected: Reply | None) -> None:
    """Within the hour the original answer; after it the key is free and the call is executed again."""
    assert recalled(after(CREATED), now=now) == expected


def test_another_key_is_free() -> None:
    """Keys are remembered one by one."""
    assert after(CREATED).recall("other", url="/customers", body=b"{}", now=1.0, lifetime=HOUR) is None


@pytest.mark.parametrize(
    ("url", "body", "code", "what"),
    [
        ("/customers", b"{ }", "PayloadChanged", "Content"),  # the harsh reading: bytes, not meaning
        ("/customers?x=1", b"{}", "URLChanged", "URL"),
        ("/products", b"{ }", "URLChanged", "URL"),
    ],
)
def test_the_same_key_for_something_else_is_refused(url: str, body: bytes, code: str, what: str) -> None:
    """400 with title and code and nothing else, as recorded, and the first answer stays remembered."""
    keys = after(CREATED)
    with pytest.raises(ApiError) as caught:
        recalled(keys, url=url, body=body)
    assert (caught.value.status, caught.value.body["errorCode"]) == (400, code)
    title = f"{what} must be the same when using the same Idempotency key."
    assert caught.value.body == {"title": title, "errorCode": code}
    assert recalled(keys) == CREATED


@pytest.mark.parametrize(
    ("status", "switches", "remembered"),
    [
        (201, AgreementSwitches(), True),
        (204, AgreementSwitches(cache_4xx=False, cache_5xx=False), True),
        (400, AgreementSwitches(), True),
        (400, AgreementSwitches(cache_4xx=False), False),
        (500, AgreementSwitches(), True),
        (500, AgreementSwitches(cache_5xx=False), False),
        (500, AgreementSwitches(cache_4xx=False), True),
    ],
)
def test_which_answers_are_remembered(status: int, switches: AgreementSwitches, *, remembered: bool) -> None:
    """Successes always; what happens to failures is unknown, so a switch each."""
    reply = Reply(status=status, body=b"")
    assert recalled(after(reply, switches)) == (reply if remembered else None)


def test_a_request_in_flight_holds_its_key_however_long_it_takes() -> None:
    """The hour runs out for answers, not for a request that is still being processed."""
    keys = KeyMemory()
    memory = keys.begin("k", url="/customers", body=b"{}", now=0.0)
    assert keys.recall("k", url="/customers", body=b"{}", now=HOUR + 1, lifetime=HOUR) is memory


def test_a_request_that_was_given_up_frees_its_key() -> None:
    """Without an answer there is nothing to remember."""
    keys = KeyMemory()
    keys.finish("k", keys.begin("k", url="/customers", body=b"{}", now=0.0), None, AgreementSwitches())
    assert recalled(keys) is None
