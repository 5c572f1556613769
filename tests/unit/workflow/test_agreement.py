"""An export writes to one agreement for good."""

import threading

import httpx
import pytest
from support import samples
from support.clock import ManualClock
from support.economic_bodies import Wire, client
from support.harness import EXPORT, PERIOD, Harness
from support.memory_store import MemoryStore
from support.samples import invoice, line

from worker.domain.record import State
from worker.errors import Misconfigured
from worker.workflow.agreement_pin import accept_agreement

#: The sandbox's agreement.
OURS = 417_001


def harness(*, pinned: int | None = None, named: int | None = None) -> Harness:
    """One export whose tokens open the sandbox's agreement, with a period of one invoice."""
    built = Harness(EXPORT.model_copy(update={"agreement": named}))
    if pinned:
        built.store.pin("main", pinned)
    built.close_period(invoice(line(), customer=samples.customer(ledger_number=None, corporate_id="99887761")))
    return built


def store(pinned: int | None) -> MemoryStore:
    found = MemoryStore(clock=ManualClock())
    if pinned:
        found.pin("main", pinned)
    return found


@pytest.mark.parametrize(
    ("named", "pinned"),
    [
        (None, None),  # first use
        (None, OURS),
        (OURS, None),
        (OURS, 999),  # the exports file wins: the export was moved on purpose
    ],
)
def test_the_exports_own_agreement_is_accepted(named: int | None, pinned: int | None) -> None:
    """The agreement of the exports file, else the one of the first use."""
    accept_agreement(samples.export(agreement=named), store(pinned), OURS)


@pytest.mark.parametrize(
    ("named", "pinned", "bound"),
    [
        (None, 999, "it has written to 999 since its first use"),
        (999, None, "the exports file names 999"),
        (999, OURS, "the exports file names 999"),
    ],
)
def test_another_agreement_is_refused(named: int | None, pinned: int | None, bound: str) -> None:
    """The message names it and the one that was expected."""
    with pytest.raises(Misconfigured) as caught:
        accept_agreement(samples.export(agreement=named), store(pinned), OURS)
    said = caught.value.failure

    assert (said.reason, said.value) == ("agreement-mismatch", str(OURS))
    assert said.description == f"The tokens of export main open agreement {OURS}, but {bound}."


def test_the_first_use_pins() -> None:
    """What the exports file names pins nothing: it speaks for itself."""
    pins = store(None)
    accept_agreement(samples.export(agreement=OURS), pins, OURS)
    accept_agreement(samples.export(), pins, 5)
    with pytest.raises(Misconfigured):
        accept_agreement(samples.export(), pins, OURS)


@pytest.mark.parametrize(("pinned", "named"), [(999, None), (None, 999), (OURS, 999)])
def test_tokens_of_another_agreement_pause_the_export(pinned: int | None, named: int | None) -> None:
    """Nothing but ``/self`` is asked, nothing written, no invoice dies for it."""
    stopped = harness(pinned=pinned, named=named)
    stopped.check()

    assert {export: why.reason for export, why in stopped.store.paused().items()} == {"main": "agreement-mismatch"}
    assert [entry.path for entry in stopped.sandbox.server_state.request_log.entries] == ["/self"]
    assert [record.state for record in stopped.records()] == [State.RECEIVED]


def test_tokens_that_change_under_way_pause_it_too() -> None:
    """A worker started with other tokens comes to an invoice that was checked before."""
    moved = harness()
    moved.check()
    before = len(moved.sandbox.server_state.request_log.entries)
    moved.sandbox.agreement.number = 999
    moved.hire()
    moved.deliver()

    assert {export: why.reason for export, why in moved.store.paused().items()} == {"main": "agreement-mismatch"}
    assert [entry.path for entry in moved.sandbox.server_state.request_log.entries[before:]] == ["/self"]
    assert [record.state for record in moved.records()] == [State.QUEUED]


def test_the_right_tokens_go_through() -> None:
    """Pinned at its first use; another start finds the same."""
    right = harness()
    right.until_rest()
    right.hire()

    assert right.store.pin("main", 5) == OURS
    assert [record.state for record in right.records()] == [State.EXPORTED]
    assert right.records()[0].periods == (PERIOD,)


def test_tokens_never_cross() -> None:
    """Two exports in one process, eight threads each, all at once: every call carries its own export's tokens."""
    seen: list[tuple[str, str, str]] = []

    def wire(request: httpx.Request) -> httpx.Response:
        headers = request.headers
        seen.append((request.url.path, headers["x-appsecrettoken"], headers["x-agreementgranttoken"]))
        return Wire()(request)

    exports = [
        samples.export(name=name, grant_token=f"grant-{name}", app_secret_token=f"secret-{name}")
        for name in ("north", "south")
    ]
    clients = {export.name: client(wire, export=export) for export in exports}

    def ask(name: str, first: int) -> None:
        for number in range(first, first + 20):
            clients[name].product(f"{name}-{number}")

    threads = [threading.Thread(target=ask, args=(name, 100 * at)) for at in range(1, 9) for name in ("north", "south")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 320
    for path, secret, grant in seen:
        name = path.removeprefix("/products/").partition("-")[0]
        assert (secret, grant) == (f"secret-{name}", f"grant-{name}")
