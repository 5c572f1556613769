"""The tables of an export about reading back: certificates, and payments for Opter."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from config.settings_sections import Section, about

Version = Annotated[str, StringConstraints(pattern=r"^\d{1,3}\.\d{1,3}\.\d{1,3}$")]


class Reconcile(Section):
    """How what stands in e-conomic is read back and compared: the certificate of a period."""

    lag_seconds: Annotated[
        int,
        about(
            "Seconds after an export within which what e-conomic does not show yet counts as not read, never as "
            "missing: how far its listings and its ledger lag behind is not documented",
            300,
            ge=0,
            le=86_400,
        ),
    ] = 600
    accounts: Annotated[
        bool, about("Whether the sums by account and VAT code are compared with what the set-up of today gives", False)
    ] = True
    documents: Annotated[
        bool,
        about(
            "Whether it is compared which PDFs are attached: that the documents service can be listed is not "
            "documented, so where it cannot, the certificate says so",
            False,
        ),
    ] = True
    payment_words: Annotated[
        tuple[str, ...],
        about(
            "Words in the type of a booked entry that make it a payment, which carries the invoice's number and is no "
            "second invoice",
            ("payment", "reminder"),
        ),
    ] = ("payment",)
    booked_entries_version: Annotated[
        Version, about("Version of e-conomic's booked entries service to speak", "6.0.0")
    ] = "4.0.0"
    documents_version: Annotated[Version, about("Version of e-conomic's documents service to speak", "4.1.0")] = "4.0.1"


class Expects(Section):
    """What the agreement must offer: `export check` asks, and the daily check of the agreement."""

    modules: Annotated[
        tuple[str, ...], about("Names of e-conomic's modules that the agreement must have", ("Project",))
    ] = ()
    read_only_plans: Annotated[
        tuple[str, ...],
        about(
            "Words in the name of an agreement's type that make it a plan that cannot write: e-conomic's Basis cannot; "
            "whether the API names the plan is not documented",
            ("Basis", "Revisor"),
        ),
    ] = ("Basis",)
    booked_entries_versions: Annotated[
        tuple[Version, ...],
        about("Further versions of the booked entries service that are asked for, to say what e-conomic offers", ()),
    ] = ("6.0.0",)


PaymentColumn = Literal[
    "paymentId",
    "kind",
    "invoiceNumber",
    "amount",
    "date",
    "currency",
    "exchangeRate",
    "remainder",
    "customerNumber",
    "region",
    "invoiceId",
]


class Payments(Section):
    """What `payments` tells Opter, and where it puts it."""

    folder: Annotated[
        str | None,
        about("Folder that files are put into, each by an atomic rename; none: no files", "/srv/opter/payments"),
    ] = None
    url: Annotated[
        str | None,
        about("https address that each run is sent to by POST as JSON; none: not sent", "https://host/payments"),
    ] = None
    format: Annotated[
        Literal["csv", "jsonl"], about("`csv`: a row a payment; `jsonl`: a JSON document a line", "jsonl")
    ] = "csv"
    columns: Annotated[
        tuple[PaymentColumn, ...],
        about("Columns of the CSV file, in this order", ("invoiceNumber", "amount", "date", "currency")),
    ] = ("invoiceNumber", "amount", "date", "currency", "exchangeRate", "kind", "paymentId")
    header: Annotated[bool, about("Whether the CSV file begins with the columns' names", False)] = True
    delimiter: Annotated[str, about("What stands between columns", ",", min_length=1, max_length=1)] = ";"
    decimal: Annotated[Literal[".", ","], about("The decimal sign of amounts and rates in CSV", ".")] = ","
    credit_notes: Annotated[
        bool,
        about("Whether what Opter's own credit notes have settled is reported as well; Opter knows it without", True),
    ] = False
    days: Annotated[int, about("Days for which the periods that came in are looked at", 730, ge=1, le=3660)] = 400
