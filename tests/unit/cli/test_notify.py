"""``notify``: the channels, how they are, and what waits in them."""

from pydantic import SecretStr
from support.cli import Bench

from config.notify_section import Notify
from worker.domain.action_log import LogFilter
from worker.domain.notices import Addressed, Kind, Notice, Once


def with_channel(bench: Bench, address: str = "log://") -> None:
    notify = Notify(url=SecretStr(address), language="en")
    bench.settings = bench.settings.model_copy(update={"notify": notify})


def lay(bench: Bench, channel: str = "installation") -> None:
    to = [Addressed(channel=channel, due_at=0.0)]
    bench.memory.tell([Once(key=channel, notice=Notice(kind=Kind.RESUMED, export="main"), to=to)])


def test_without_a_channel_it_says_how_to_set_one(bench: Bench) -> None:
    """That nobody is told is no fault."""
    assert bench.run("notify") == 0
    assert "OPTER_ECONOMIC_NOTIFY__URL" in bench.stdout.getvalue()
    assert bench.run("notify", "test") == 2


def test_a_channel_that_fails_needs_a_person(bench: Bench) -> None:
    """In its own list and in `health`: why, and that nothing is lost; then all is well again."""
    with_channel(bench)
    lay(bench)
    message = bench.memory.claim_message("installation", lease=60.0)
    assert message is not None
    bench.memory.message_failed(message, why="the service answered 503", again_in=30.0, doubtful=False)
    code, listed = bench.run("notify"), bench.stdout.getvalue()
    [found] = [part for part in bench.json("health")["parts"] if part["part"] == "Channel installation"]
    bench.memory.message_sent(message)

    assert (code, "the service answered 503" in listed) == (1, True)
    assert (found["level"], found["text"]) == ("fault", "fails: the service answered 503 (1 attempt, 1 notice waiting)")
    assert bench.run("notify") == 0


def test_a_test_message_says_what_became_of_it(bench: Bench) -> None:
    """Accepted, or why not; nothing that waits is touched."""
    with_channel(bench)
    assert bench.run("notify", "test") == 0
    assert "✓ installation: accepted" in bench.stdout.getvalue()
    with_channel(bench, "nonsense://token-4711")
    assert bench.run("notify", "test", "--channel", "installation") == 1
    assert "✗ installation: refused: apprise does not understand the address" in bench.stdout.getvalue()
    assert "4711" not in bench.stdout.getvalue() + bench.stderr.getvalue()
    assert bench.run("notify", "test", "--channel", "other") == 2


def test_what_waits_in_a_channel_that_is_no_more_is_discarded_by_a_person(bench: Bench) -> None:
    """It is shown until then, and the log of actions has who and why."""
    lay(bench, "main:gone")
    bench.run("notify")
    shown = bench.stdout.getvalue()
    code = bench.run("notify", "discard", "main:gone", "--why", "moved to Teams", "--by", "kim")
    [entry] = bench.memory.actions(LogFilter())

    assert "main:gone" in shown
    assert (code, bench.stdout.getvalue().strip()) == (0, "1 notice of channel main:gone discarded.")
    assert (entry.what, entry.who, entry.why, entry.of) == (
        "discard-messages",
        "kim",
        "moved to Teams",
        ("main:gone",),
    )
    assert bench.run("notify", "discard", "main:gone", "--why", "again", "--by", "kim") == 2
