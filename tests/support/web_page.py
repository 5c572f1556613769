"""The page over a harness, as a browser sees it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import redis
from argon2 import PasswordHasher
from pydantic import SecretStr
from starlette.testclient import TestClient
from support import samples
from support.harness import EXPORT, Harness
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.planning import planner
from support.store.steps import FAILURE, new_invoice, period

from config.exports import ExportConfig
from config.exports_file import grant_file, load_with_grant
from config.settings_sections import Http, Metrics, Web
from config.sign_in_section import SignIn
from worker.domain.access import ALL_RIGHTS, EVERY, Rights, Role
from worker.domain.broker_look import BrokerLook
from worker.domain.invoice import Customer
from worker.domain.ports import AgreementRate
from worker.domain.reasons import EventReason
from worker.domain.store_look import StoreLook
from worker.domain.sums import Problem
from worker.dry_run.planner import Planner
from worker.economic.mapping.setup_check import Check
from worker.economic.urls import voucher_path
from worker.intake.queue import DeadEvent, digest, envelope
from worker.reconcile.setup_report import SetupReport
from worker.runtime.connecting import Connector
from worker.store.approvals import RedisApprovals
from worker.store.connection import StorePolicy
from worker.store.period_holds import RedisPeriodHolds
from worker.store.sessions import RedisSessions
from worker.web.app import create_app
from worker.web.installation import Installation
from worker.web.openid import OpenId
from worker.web.services import Services
from worker.web.users import LocalUsers, User, changing, hashed, known_as
from worker.workflow.invoice_reading import InvoiceReader
from worker.workflow.probe import Probe

#: A customer's name that would be a script, and a cell that would be a formula.
MARKUP, FORMULA = "<script>alert(1)</script>", '=HYPERLINK("http://x")'
FINE, MISSING, OTHER = 100001, 100002, 100003
#: What only who sees the export ``other`` may read.
SECRET_NAME, OTHER_EVENT = "Hidden Haulage ApS", b"hidden event"


class Page:
    """An application over a harness, and a browser that is or is not signed in."""

    def __init__(  # noqa: PLR0913  # what a test may want otherwise
        self,
        client: redis.Redis,
        prefix: str,
        *,
        folder: Path = Path("never"),
        sign_in: SignIn | None = None,
        peer: str = "testclient",
        exports: Mapping[str, ExportConfig] | None = None,
        **settings: Any,
    ) -> None:
        """``settings`` are those of the page, ``peer`` is who speaks to it.

        ``folder`` is where its users file and its secret at a provider lie.
        """
        sign_in = sign_in or SignIn()
        self.users = folder / "users.json"
        exports = exports or {"main": EXPORT, "other": EXPORT.model_copy(update={"name": "other"})}
        self.harness = Harness(exports["main"])
        #: What workers know of e-conomic, and what a check of the set-up finds.
        self.rates: dict[str, AgreementRate | None] = {}
        self.broker: BrokerLook | None = None
        self.stores: list[StoreLook] = []
        self.checks: tuple[Check, ...] = ()
        self.events = MemoryEventQueue(MemoryEvents())
        self.sessions = RedisSessions(client, prefix=prefix, policy=StorePolicy())
        self.holds = RedisPeriodHolds(client, prefix=prefix, policy=StorePolicy(), clock=self.harness.clock)
        if exports["main"].four_eyes:
            self.harness.approvals = self.holds
        self.services = Services(
            settings=Web(allowed_hosts=("page.example",), **settings),
            exports=exports,
            store=self.harness.store,
            causes=self.harness.store,
            batches=self.harness.store,
            index=self.harness.store,
            actions=self.harness.store,
            certificates=self.harness.store,
            series=self.harness.store,
            events=self.events,
            sessions=self.sessions,
            sign_in=sign_in,
            approvals=RedisApprovals(client, prefix=prefix, policy=StorePolicy(), clock=self.harness.clock),
            holds=self.holds,
            users=LocalUsers(self.users, make=cheap_hasher),
            openid=self._openid(sign_in, folder) if sign_in.openid_discovery else None,
            planner=self._planner,
            probe=self._probe,
            reader=self._reader,
            first_pause=30.0,
            figures=lambda: b"figure 1\n",
            installation=Installation(
                channels=lambda: self.harness.store.channel_states(["installation", "other:finance"]),
                setup=self.setup,
                rates=lambda: self.rates,
                redis=lambda: {"redis_version": "7.0.0", "used_memory": 2**20, "aof_enabled": 1},
                stores=lambda: self.stores,
                broker=lambda: self.broker,
                connector=self._connector(folder),
                flower_url="http://flower.example",
                clock_gap=30.0,
                require_durability=False,
            ),
            metrics=Metrics(token=SecretStr("scrape")),
            clock=self.harness.clock,
        )
        self.app = create_app(self.services)
        self.browser = TestClient(
            self.app, base_url="http://page.example", follow_redirects=False, client=(peer, 50000)
        )

    def _openid(self, sign_in: SignIn, folder: Path) -> OpenId:
        file = folder / (sign_in.openid_secret_file or "")
        return OpenId(sign_in, secret_file=file, sessions=self.sessions, clock=self.harness.clock)

    def add_user(self, name: str, password: str, **roles: Role) -> None:
        """Write a person into the users file; roles by export, ``every`` for all."""
        exports = {EVERY if export == "every" else export: role for export, role in roles.items()}
        with changing(self.users) as users:
            users[known_as(name)] = User(
                name=name, roles=exports, password=hashed(password, cheap_hasher()) if password else ""
            )

    def _connector(self, folder: Path) -> Connector:
        """What connects exports, without an exports file to do so."""
        file = folder / "exports.toml"
        return Connector(
            read=partial(load_with_grant, file, env={"SECRET": "sandbox-app"}, secrets=folder),
            file=partial(grant_file, file, secrets=folder),
            http=Http(),
            store=self.harness.store,
            clock=self.harness.clock,
        )

    def setup(self, export: ExportConfig) -> SetupReport:
        return SetupReport(export=export.name, checks=self.checks)

    @contextmanager
    def _planner(self, export: ExportConfig) -> Iterator[Planner]:
        assert export is EXPORT
        yield planner(self.harness)

    @contextmanager
    def _probe(self, export: ExportConfig) -> Iterator[Probe]:
        assert export is EXPORT
        client = self.harness.client
        yield Probe(context=self.harness.context, read=client.read, check_token=client.check_token)

    @contextmanager
    def _reader(self, export: ExportConfig) -> Iterator[InvoiceReader]:
        assert export is self.harness.export
        client = self.harness.client
        yield InvoiceReader(context=self.harness.context, resource=client.resource, voucher_path=voucher_path)

    def sign_in(self, roles: Mapping[str, Role] | None = None, name: str = "Birthe") -> None:
        """Sign in by a link; without ``roles`` as the administrator of every export."""
        rights = ALL_RIGHTS if roles is None else Rights(roles=roles)
        answer = self.browser.post("/sign-in", data={"link": self.sessions.make_link(name, seconds=60, rights=rights)})
        assert answer.status_code == 303

    def fill(self) -> None:
        """One invoice is exported, two fail: a group is missing."""
        self.harness.close_period(
            samples.invoice(invoice_number=FINE, customer=customer(MARKUP)),
            samples.invoice(samples.line(account="3050"), invoice_number=MISSING, customer=customer(FORMULA)),
            samples.invoice(samples.line("8.00", account="3050"), invoice_number=OTHER, customer=customer("Acme A/S")),
        )
        self.harness.until_rest()

    def fill_other(self) -> None:
        """A period of the export ``other`` whose one invoice fails, and a refused event of it."""
        store, whole = self.harness.store, period(900, export="other", count=1)
        content = samples.invoice(invoice_number=FINE, customer=customer(SECRET_NAME)).content()
        new = replace(new_invoice(FINE, export="other"), content=content.text, content_hash=content.sha256)
        store.open_period(whole, "o#1")
        store.register(whole.id, "o#1", [new])
        store.close_event(whole.id, "o#1")
        fence = store.claim_period(whole.id)
        assert fence is not None
        read = {new.id: new.content_hash}
        store.pass_preflight(whole.id, fence, read=read, queued=[], lookup=frozenset(), dead={new.id: FAILURE})
        store.finish_preflight(whole.id, fence, notice="")
        problem = Problem(reason=EventReason.EVENT_UNREADABLE, description=f"About {SECRET_NAME}.")
        refused = DeadEvent(id=digest(OTHER_EVENT), bytes=1, at=1.0, problems=(problem,), export="other")
        self.events.dead_letter(OTHER_EVENT, envelope(refused))
        store.pause("other", FAILURE)

    def form(self, path: str, **fields: str) -> int:
        """Send a form as the page would; return the status."""
        return int(self.browser.post(path, data={"form_token": self.form_token(), **fields}).status_code)

    def form_token(self) -> str:
        session = self.sessions.lasts(self.browser.cookies["opter-economic-session"])
        assert session is not None
        return session.form_token

    def cause(self) -> str:
        """The address of the one cause."""
        return "/to-fix/" + self.browser.get("/to-fix").text.split('href="/to-fix/')[1].split('"')[0]

    def set_digest(self) -> str:
        return str(self.browser.get(self.cause()).text.split('name="set" value="')[1].split('"')[0])


def customer(name: str) -> Customer:
    """The sandbox's customer 1001, under a name of the test's choice."""
    return samples.customer(name=name, corporate_id="99000007")


def cheap_hasher() -> PasswordHasher:
    """Argon2id as cheap as it comes: what is tried here is not its strength."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
