"""The event that closes a period: a plain JSON document in CloudEvents 1.0 structured mode (cloudevents.io).

``python -m worker.intake.event > deploy/event.schema.json`` writes its JSON Schema.
"""

import json
import re
import sys
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.json_schema import DEFAULT_REF_TEMPLATE, GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

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


class InvoicesFile(Contract):
    """Where the invoices are: a file with one invoice a line (NDJSON, UTF-8)."""

    #: ``file:///...`` below an allowed folder, or ``https://...`` on an allowed host.
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    #: SHA-256 of the file's bytes, hexadecimal.
    sha256: Sha256
    #: Number of invoices in it.
    count: Annotated[int, Field(ge=1)]


class Head(Contract):
    """A closed period of one export, without the invoices themselves."""

    #: Name of the export, as in the exports file.
    export: ExportName
    trigger: Literal["period-closed", "retrospective"] = "period-closed"
    period: Period
    invoice_count: Annotated[int, Field(ge=1)]
    control_totals: Annotated[tuple[Total, ...], Field(min_length=1)]
    invoices_ref: InvoicesFile | None = None

    def totals(self) -> tuple[ControlTotal, ...]:
        """Return the control totals as the core knows them."""
        return tuple(
            ControlTotal(currency=total.currency, net=total.net, vat=total.vat, gross=total.gross)
            for total in self.control_totals
        )


class Data(Head):
    """A closed period of one export: its invoices either inline or in a file."""

    invoices: Annotated[tuple[Invoice, ...], Field(min_length=1)] | None = None


class Envelope(Contract):
    """The envelope. CloudEvents allows further attributes (``subject``, ``traceparent``, ...); they are not used."""

    model_config = ConfigDict(extra="allow")

    specversion: Literal["1.0"]
    id: Key
    source: Key
    type: Literal["opter.invoice-period.closed.v1"]
    time: Moment | None = None
    datacontenttype: Literal["application/json"] = "application/json"

    @model_validator(mode="after")
    def _attributes(self) -> "Envelope":
        extra: dict[str, Any] = self.model_extra or {}
        for name, value in extra.items():
            if not _EXTENSION.fullmatch(name) or not isinstance(value, str | int | None):
                raise ValueError(
                    f"{name[:40]!r} is no CloudEvents attribute: a-z and 0-9 only, text, number or boolean"
                )
        return self

    @property
    def key(self) -> str:
        """The event's identity: ``source#id``."""
        return f"{self.source}#{self.id}"


class EventHead(Envelope):
    """An event as it is read: its invoices are read one by one beside it."""

    data: Head


class Event(Envelope):
    """The whole event, as the published schema describes it."""

    data: Data


_DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: Plain decimal notation; money has at most two decimals, an exchange rate more.
_DECIMAL = r"^-?[0-9]+(\.[0-9]+)?$"


class _Published(GenerateJsonSchema):
    """Decimals are strings on the wire, never JSON numbers: a float would not survive every reader to the øre."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        del schema
        return {"type": "string", "pattern": _DECIMAL}


def event_schema(references: str = DEFAULT_REF_TEMPLATE) -> dict[str, Any]:
    """Return the schema of an event; ``references`` says how it refers to the parts in its ``$defs``."""
    schema = Event.model_json_schema(by_alias=True, schema_generator=_Published, ref_template=references)
    data = schema["$defs"]["Data"]
    # A rule between two fields, which the model states in code.
    data["oneOf"] = [
        {"required": [name], "properties": {name: {"type": kind}}}
        for name, kind in (("invoices", "array"), ("invoicesRef", "object"))
    ]
    return schema


def schema_text() -> str:
    """Return the published file: the schema that publishers can check their events against."""
    whole = {"$schema": _DIALECT, **event_schema(), "title": "Opter invoice period closed, version 1"}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
