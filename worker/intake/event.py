"""The event that closes a period: a plain JSON document in CloudEvents 1.0 structured mode (cloudevents.io)."""

import re
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from config.exports import ExportName
from worker.domain.invoice import Contract, Currency, Invoice, Moment, Sha256
from worker.domain.invoice_period import ControlTotal
from worker.domain.money import Money

SPEC_VERSION = "1.0"
EVENT_TYPE = "opter.invoice-period.closed.v1"

_EXTENSION = re.compile(r"[a-z0-9]{1,20}")


Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Period(Contract):
    """The invoice period in Opter: invoices made in one go, not necessarily a range of dates."""

    #: Opter's number of the period.
    id: Annotated[int, Field(ge=1, le=999_999_999_999)]
    #: Opter's name of the period, for example ``2026-47A``.
    name: Label
    #: The region, where it has number series of its own.
    region: Label | None = None
    closed_at: Moment


class Total(Contract):
    """What the period's invoices of one currency add up to, according to Opter."""

    currency: Currency
    net: Money
    vat: Money
    gross: Money


class Reference(Contract):
    """Where the invoices lie: a file with one invoice a line (NDJSON, UTF-8)."""

    #: ``file:///...`` below an allowed folder, or ``https://...`` on an allowed host.
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    #: SHA-256 of the file's bytes, hexadecimal.
    sha256: Sha256
    #: Number of invoices in it.
    count: Annotated[int, Field(ge=1)]


class Data(Contract):
    """A closed period of one export: its invoices either inline or by reference."""

    #: Name of the export, as in the exports file.
    export: ExportName
    trigger: Literal["period-closed", "retrospective"] = "period-closed"
    period: Period
    invoice_count: Annotated[int, Field(ge=1)]
    control_totals: Annotated[tuple[Total, ...], Field(min_length=1)]
    invoices: Annotated[tuple[Invoice, ...], Field(min_length=1)] | None = None
    invoices_ref: Reference | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "Data":
        if (self.invoices is None) == (self.invoices_ref is None):
            raise ValueError("give either invoices or invoicesRef, not both and not neither")
        return self

    def totals(self) -> tuple[ControlTotal, ...]:
        """Return the control totals as the core knows them."""
        return tuple(
            ControlTotal(currency=one.currency, net=one.net, vat=one.vat, gross=one.gross)
            for one in self.control_totals
        )


class Event(Contract):
    """The envelope. CloudEvents allows further attributes (``subject``, ``traceparent``, ...); they are not used."""

    model_config = ConfigDict(extra="allow")

    specversion: Literal["1.0"]
    id: Key
    source: Key
    type: Literal["opter.invoice-period.closed.v1"]
    time: Moment | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    data: Data

    @model_validator(mode="after")
    def _attributes(self) -> "Event":
        extra: dict[str, Any] = self.model_extra or {}
        for name, value in extra.items():
            if not _EXTENSION.fullmatch(name) or not isinstance(value, str | int | None):
                raise ValueError(
                    f"{name[:40]!r} is no CloudEvents attribute: a-z and 0-9 only, text, number or boolean"
                )
        return self

    @property
    def key(self) -> str:
        """What makes the event one and the same: ``source#id``."""
        return f"{self.source}#{self.id}"
