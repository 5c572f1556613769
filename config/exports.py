"""One invoice export of Opter: which agreement its invoices go to, and how. The exports file holds any number."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from config.cells import Cell
from config.export_schema import (
    Booking,
    Codes,
    Corrections,
    Customers,
    Limits,
    Number,
    Source,
    TypeRules,
    Vat,
    Voucher,
)
from config.money_limits import limits_of, written_as_limits
from config.notify_section import Channels
from config.reconcile_schema import Expects, Payments, Reconcile
from config.settings_sections import Section, about

ExportName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,19}$")]
#: Opter's invoice types (docs.opter.com, invoicing-006), in the event's spelling.
InvoiceTypeName = Literal["invoice", "correction", "interest", "manual", "commission-discount"]

_NOTHING_DIFFERENT = TypeRules()


class ExportConfig(Section):
    """One entry of the exports file, secrets resolved."""

    name: ExportName
    method: Annotated[
        Literal["invoice", "voucher"],
        about(
            "`invoice`: a draft with all lines, then booked; `voucher`: entries in a journal, with the PDF", "voucher"
        ),
    ] = "invoice"
    journal: Annotated[
        Number, about('Number of the journal that vouchers go to; 1 is usually "Daily" (Opter\'s `journalNumber`)', 2)
    ] = 1
    grant_token: SecretStr
    app_secret_token: SecretStr
    store: Annotated[
        str,
        about(
            "Name of the store that holds everything of this export, of a table `[stores.NAME]`; none: the store of "
            "the settings (`REDIS__URL`). It stays for good: an export is not moved by another name",
            "north",
        ),
    ] = ""
    #: The store of that name; None: that of the settings.
    cell: Cell | None = None
    agreement: Annotated[
        int | None, about("Number of the agreement that the tokens must belong to; none: pinned at first use", 1234567)
    ] = None
    api_url: Annotated[str, about("Address of e-conomic's REST API, or of the sandbox", "http://127.0.0.1:8765")] = (
        "https://restapi.e-conomic.com"
    )
    openapi_url: Annotated[
        str, about("Address of e-conomic's newer services, or of the sandbox", "http://127.0.0.1:8765")
    ] = "https://apis.e-conomic.com"
    app_public_token: Annotated[
        str, about("Public token of the app at e-conomic, which `connect` names to it; no secret", "demo")
    ] = ""
    # As guides of other apps give it, for example docs.readsoftonline.com, "Using token-based authentication".
    grant_url: Annotated[
        str,
        about("Address of the page where a person grants the app access", "http://127.0.0.1:8765/requestaccess.aspx"),
    ] = "https://secure.e-conomic.com/secure/api1/requestaccess.aspx"
    invoice_series: Annotated[
        Literal["one", "by-type"],
        about("`one`: an invoice number is unique per region; `by-type`: only per region and invoice type", "by-type"),
    ] = "one"
    layout: Annotated[Number | None, about("`layoutNumber` of invoices; none: that of new customers", 20)] = None
    customers: Customers
    vat: Vat = Vat()
    codes: Codes = Codes()
    booking: Booking = Booking()
    voucher: Voucher = Voucher()
    corrections: Corrections = Corrections()
    source: Source = Source()
    #: What is different for an invoice type. Without an entry it is exported: every invoice belongs in the books.
    types: dict[InvoiceTypeName, TypeRules] = Field(default_factory=dict)
    closed_period: Annotated[
        Literal["refuse", "hold"],
        about("An invoice dated in a closed or barred year or period: `refuse`, or `hold` until it is opened", "hold"),
    ] = "refuse"
    self_clearing: Annotated[
        Literal["off", "ask", "set-up", "on"],
        about(
            "When e-conomic shows that the cause of failed invoices is gone: they go on by themselves (`on`), only for "
            "causes in the agreement's set-up (`set-up`), or the page shows it and a person decides (`ask`); `off`: "
            "never asked",
            "ask",
        ),
    ] = "set-up"
    read_barred_periods: Annotated[
        bool,
        about(
            "Whether barred periods are read too, from e-conomic's newer accounting years service (role "
            "Bookkeeping); else one shows only when e-conomic refuses an invoice dated in it",
            True,
        ),
    ] = False
    four_eyes: Annotated[
        tuple[str, ...],
        AfterValidator(written_as_limits),
        about(
            "Amounts above which a period waits, before its first write, until a person says yes to its invoices: the "
            "gross of all of them by currency, credit notes by their size; a currency without an amount always waits. "
            "None: nothing waits",
            ("DKK 1000000", "EUR 130000"),
        ),
    ] = ()
    first_date: Annotated[
        date | None,
        about(
            "Invoices dated before this are never exported: they were booked before this program came", date(2026, 1, 1)
        ),
    ] = None
    limits: Limits = Limits()
    reconcile: Reconcile = Reconcile()
    expects: Expects = Expects()
    payments: Payments = Payments()
    #: Where messages about this export go, beside the channel of the installation.
    channels: Channels = Field(default_factory=dict)

    @property
    def invoice_layout(self) -> int:
        """The ``layoutNumber`` of invoices."""
        return self.layout or self.customers.layout

    @property
    def period_limits(self) -> Mapping[str, Decimal]:
        """Currency -> amount above which a period needs a second person."""
        return limits_of(self.four_eyes)

    def rules_of(self, invoice_type: str) -> TypeRules:
        """Return what is different for this type of invoice."""
        return next((rules for name, rules in self.types.items() if name == invoice_type), _NOTHING_DIFFERENT)

    def for_type(self, invoice_type: str) -> "ExportConfig":
        """Return the export as it is for invoices of this type."""
        rules = self.rules_of(invoice_type)
        own = {name: value for name in ("layout", "journal") if (value := getattr(rules, name)) is not None}
        if rules.numbers:
            own["booking"] = self.booking.model_copy(update={"numbers": rules.numbers})
        return self.model_copy(update=own) if own else self
