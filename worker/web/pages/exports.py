"""Exports: how each gets on with its agreement, why it is paused, and its set-up checked while one waits."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from config.exports import ExportConfig
from worker.domain.access import Action
from worker.domain.clocks import ClockReading
from worker.domain.ports import AgreementRate
from worker.economic.reasons import EconomicReason
from worker.errors import Failure
from worker.reconcile.setup_report import SetupReport
from worker.web.guard import page
from worker.web.services import Services
from worker.web.visit import Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportState:
    """One export as the store and its workers know it."""

    config: ExportConfig
    paused: Failure | None
    #: What the last daily check of its agreement found wrong.
    failures: tuple[Failure, ...]
    rate: AgreementRate | None
    #: The latest comparison of e-conomic's clock with Redis'; None: not compared lately.
    clocks: ClockReading | None
    #: The agreement that it is pinned to: as its file says, or by its first use; None: to none yet.
    agreement: int | None

    @property
    def tokens_refused(self) -> bool:
        """Whether e-conomic has refused its tokens."""
        return self.paused is not None and self.paused.reason == EconomicReason.TOKENS_REFUSED


def routes(services: Services) -> list[Route]:
    """Return the list, one export, and its forms."""
    return [
        page("/exports", services, _list),
        page("/exports/{export}", services, _show),
        page("/exports/{export}/check", services, _check, post=Action.CHECK),
        page("/exports/{export}/resume", services, _resume, post=Action.RESUME),
    ]


def states(services: Services) -> Mapping[str, ExportState]:
    """Return every export that the person sees. Raises ``StoreUnavailable``."""
    store, rates = services.store, services.installation.rates()
    paused, failures = store.paused(), store.agreement_failures()
    clocks = {it.export: it for it in sorted(store.clocks(), key=lambda reading: reading.at)}
    return {
        name: ExportState(
            config=export,
            paused=paused.get(name),
            failures=tuple(failures.get(name, ())),
            rate=rates.get(name),
            clocks=clocks.get(name),
            agreement=export.agreement or store.pinned(name),
        )
        for name, export in sorted(services.exports.items())
    }


def _list(visit: Visit) -> Response:
    services = visit.services
    return visit.render("exports.html", exports=states(services), clock_gap=services.installation.clock_gap)


def _show(visit: Visit) -> Response:
    return _page(visit)


def _page(visit: Visit, *, report: SetupReport | None = None, problem: str = "", status: int = 200) -> Response:
    state = states(visit.services).get(visit.request.path_params["export"])
    if state is None:
        return visit.render("error.html", status=404, failure=None)
    gap = visit.services.installation.clock_gap
    return visit.render("export.html", status=status, state=state, report=report, problem=problem, clock_gap=gap)


def _check(visit: Visit) -> Response:
    services, name = visit.services, visit.request.path_params["export"]
    if name not in services.exports:
        return visit.render("error.html", status=404, failure=None)
    visit.rights.require(Action.CHECK, name)
    return _page(visit, report=services.installation.setup(services.exports[name]))


def _resume(visit: Visit) -> Response:
    services, name = visit.services, visit.request.path_params["export"]
    why = visit.form.get("why", "").strip()[:200]
    if name not in services.exports:
        return visit.render("error.html", status=404, failure=None)
    if not why:
        return _page(visit, problem="reason", status=422)
    services.store.resume(name, by=visit.who, why=why)
    return visit.redirect(f"/exports/{name}")
