"""The tables of an export in the exports file; deploy/docs/exports.md is made from their descriptions."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from config.settings_sections import Folder, Section, about

Number = Annotated[int, Field(ge=1, le=999_999_999)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Numbers = Literal["opter", "economic"]


class Customers(Section):
    """Defaults for customers that have to be created; Opter has no counterpart of group and layout."""

    group: Annotated[Number, about("`customerGroupNumber` of new customers", 1)]
    layout: Annotated[Number, about("`layoutNumber` of new customers and of invoices", 19)]
    currency: Annotated[CurrencyCode, about("Currency of new customers", "SEK")] = "DKK"
    payment_terms: Annotated[
        str | None, about("Name of the payment terms of new customers; none: those of the invoice", "Netto 14 dage")
    ] = None
    match_address: Annotated[
        bool,
        about(
            "Whether a customer with neither ledger number nor corporate id may be found by name, address, "
            "zip, city and country all being equal",
            False,
        ),
    ] = True
    other_name: Annotated[
        Literal["remark", "question"],
        about(
            "What a customer of the right sales ledger number is when its name in e-conomic is another and no id "
            "or EAN confirms it: used with a remark, or a question to a person",
            "question",
        ),
    ] = "remark"
    disable_einvoicing: Annotated[
        bool,
        about(
            "Whether new customers get e-conomic's switch against e-invoices (`eInvoicingDisabledByDefault`), as Opter "
            "sends the invoices through its own operator; existing customers keep theirs. e-conomic's REST schema has "
            "the property and calls it updatable by PATCH alone; whether a create takes it is not measured, so "
            "the answer is read: where it was ignored, a remark asks for it to be set by hand",
            False,
        ),
    ] = True
    update: Annotated[
        Literal["never", "newer"],
        about(
            "`newer`: write Opter's data to an existing customer when they were changed later than e-conomic's", "newer"
        ),
    ] = "never"


#: Territories whose VAT is not that of their country; ``worker.economic.mapping.vat_zones`` says how each is known.
Territory = Literal[
    "monaco",
    "northern-ireland",
    "isle-of-man",
    "channel-islands",
    "greenland",
    "faroe-islands",
    "aland",
    "canary-islands",
    "ceuta-and-melilla",
    "busingen",
    "heligoland",
    "livigno",
    "campione",
    "mount-athos",
    "french-overseas",
]


class Vat(Section):
    """VAT zones: which number stands for which, and who belongs to which."""

    home_country: Annotated[Country, about("Country of the agreement: its customers are domestic", "SE")] = "DK"
    domestic: Annotated[Number, about("Number of the zone of domestic customers", 11)] = 1
    eu: Annotated[Number, about("Number of the zone of customers in the EU", 12)] = 2
    abroad: Annotated[Number, about("Number of the zone of customers elsewhere", 13)] = 3
    domestic_exempt: Annotated[Number, about("Number of the zone of domestic customers exempt from VAT", 14)] = 4
    exempt_codes: Annotated[
        tuple[str, ...],
        about(
            "Opter's VAT codes that put a domestic invoice into the exempt zone when every line carries one of them",
            ("M0",),
        ),
    ] = ()
    eu_without_vat_number: Annotated[
        Literal["domestic", "eu"],
        about("Zone of EU customers without a VAT number: consumers pay the seller's VAT", "eu"),
    ] = "domestic"
    territories: Annotated[
        dict[Territory, Literal["eu", "abroad"]],
        about(
            "What a territory with VAT rules of its own counts as, where it differs from the table in the documents: "
            "Northern Ireland (`XI`) is in the EU for goods only",
            {"northern-ireland": "eu"},
        ),
    ] = Field(default_factory=dict)


class Codes(Section):
    """Opter's "Codes" tab: its names and codes paired with e-conomic's."""

    payment_conditions: Annotated[
        dict[str, str],
        about(
            "Opter's payment condition = name of e-conomic's payment terms; without an entry, terms of the same name, "
            "else days",
            {"30 dage": "Netto 30 dage"},
        ),
    ] = Field(default_factory=dict)
    tax_rates: Annotated[
        dict[str, str],
        about(
            "Opter's VAT code = e-conomic's, an empty text for lines without a VAT code in e-conomic; "
            "the voucher method needs every code that occurs",
            {"M25": "U25", "M0": ""},
        ),
    ] = Field(default_factory=dict)
    sales_accounts: Annotated[
        dict[str, str],
        about(
            "Opter's sales account = e-conomic's product group, by number or name, where they differ; "
            "for the invoice method",
            {"3012": "EU-salg"},
        ),
    ] = Field(default_factory=dict)
    ledger_accounts: Annotated[
        dict[str, int],
        about(
            "Opter's sales account = e-conomic's account number, where they differ; for the voucher method",
            {"Fragt": 3010},
        ),
    ] = Field(default_factory=dict)


class Corrections(Section):
    """Credit notes that come before the invoice that they credit."""

    before_original: Annotated[
        Literal["hold", "book"], about("`hold` one until its original is exported, or `book` it at once", "book")
    ] = "hold"
    hold_days: Annotated[
        int, about("Days after which it is exported all the same, with a remark", 30, ge=1, le=366)
    ] = 14
    match: Annotated[
        bool,
        about(
            "Whether a credit note that names its invoice is matched with it in e-conomic, once both are booked and "
            "cancel each other out; a partial or an over-credit is left to a person. The request's body is inferred, "
            "so try it on one credit note first",
            True,
        ),
    ] = False


class TypeRules(Section):
    """How invoices of one type are exported, where it differs from the export as a whole."""

    export: Annotated[
        bool,
        about("`false`: invoices of this type stay out of e-conomic; they are counted and shown as excluded", False),
    ] = True
    numbers: Annotated[Numbers | None, about("As `booking.numbers`; for the invoice method", "economic")] = None
    layout: Annotated[Number | None, about("`layoutNumber` of the invoices; for the invoice method", 21)] = None
    journal: Annotated[
        Number | None, about("Number of the journal that the vouchers go to; for the voucher method", 3)
    ] = None


class Limits(Section):
    """How fast this agreement may be called; e-conomic's headers slow it down further."""

    tokens_per_minute: Annotated[
        int,
        about(
            "Tokens per 60 seconds that e-conomic grants, until its `X-RateLimiting` headers say otherwise", 5_000, ge=1
        ),
    ] = 10_000
    share: Annotated[float, about("Share of the granted tokens to use", 0.5, gt=0, le=1)] = 0.95
    calls_per_day: Annotated[
        int, about("Calls per 24 hours (e-conomic's fair use is 50 000 per agreement)", 20_000, ge=1)
    ] = 45_000
    capacity: Annotated[
        int | None,
        about(
            "Tokens that e-conomic's bucket holds, if you know: their share may be used at once after a rest, and "
            "`tokens_per_minute` is what flows back. Unset: no 60 seconds see more than the grant",
            2_000,
            ge=1,
        ),
    ] = None
    app_tokens_per_minute: Annotated[
        int | None,
        about(
            "Tokens per 60 seconds that e-conomic grants the app as a whole, if it does: all exports with one app "
            "secret share them. Unset: each agreement has its own alone",
            20_000,
            ge=1,
        ),
    ] = None
    app_capacity: Annotated[int | None, about("As `capacity`, of the app's bucket", 4_000, ge=1)] = None

    def of_app(self) -> "Limits | None":
        """Return the limits of the app as a whole; None when it has none."""
        if self.app_tokens_per_minute is None:
            return None
        return Limits(
            tokens_per_minute=self.app_tokens_per_minute,
            capacity=self.app_capacity,
            share=self.share,
            calls_per_day=_UNBOUNDED,
        )


#: Calls a day where nothing bounds them.
_UNBOUNDED = 10**12

#: An amount in the invoice's currency.
Difference = Annotated[Decimal, Field(ge=0, le=1)]


class Booking(Section):
    """How far the invoice method goes."""

    book: Annotated[bool, about("`false`: stop at the draft, a person books", False)] = True
    numbers: Annotated[
        Numbers, about("`opter`: book with Opter's invoice number; `economic`: let e-conomic number", "economic")
    ] = "opter"
    tolerance: Annotated[
        Difference,
        about(
            "Largest accepted difference of net, VAT and gross between Opter and the draft, in the invoice's currency",
            Decimal("0.02"),
        ),
    ] = Decimal("0.00")
    rate_band: Annotated[
        Decimal,
        about(
            "Percent by which an invoice's exchange rate may differ from the one that e-conomic booked last in its "
            "currency; where none was booked, a rough rate is believed within a factor of two. Another rate is refused "
            "as a question; `0`: not compared. For both methods",
            Decimal(10),
            ge=0,
            le=99,
        ),
    ] = Decimal(20)
    due_date_mismatch: Annotated[
        Literal["remark", "refuse"],
        about(
            "When Opter's due date is not the one that the terms give: `remark` it in the period's "
            "report, or `refuse`; of a voucher, when it lies before the invoice's date",
            "refuse",
        ),
    ] = "remark"
    attach_pdf: Annotated[
        bool,
        about(
            "Whether the printed invoice is attached to what was booked, once the ledger shows its voucher; only "
            "invoices whose event carries a PDF. For the invoice method",
            False,
        ),
    ] = True
    missing_pdf: Annotated[
        Literal["difference", "remark"],
        about(
            "A PDF that is missing, or that e-conomic refuses: a `difference` of the period's certificate that "
            "waits for a person, or a `remark` in the invoice's history",
            "remark",
        ),
    ] = "difference"
    zero_total: Annotated[
        Literal["book", "skip"],
        about(
            "An invoice of which every amount is zero: `book` it like any other, or `skip` it without "
            "posting anything, as whether e-conomic books such an invoice is not documented",
            "skip",
        ),
    ] = "book"


class Source(Section):
    """Where invoices come from beside the event queue: a folder that `opter-economic watch` looks into, or HTTP."""

    folder: Annotated[
        Folder | None, about("Folder that is watched, as an absolute path; none: no folder", "/var/lib/opter/main")
    ] = None
    mapping: Annotated[
        Folder | None,
        about("Mapping of CSV, XLSX and UBL files (TOML), as an absolute path", "/etc/opter-economic/main.toml"),
    ] = None
    stylesheet: Annotated[
        Folder | None,
        about("XSLT 1.0 that makes our XML of the files, as an absolute path", "/etc/opter-economic/main.xslt"),
    ] = None
    complete: Annotated[
        Literal["stable", "done-file"],
        about(
            "When a file is complete: `stable`, it has not changed for `stable_seconds`; `done-file`, `NAME.done` lies "
            "beside it",
            "done-file",
        ),
    ] = "stable"
    stable_seconds: Annotated[float, about("Seconds for which a file must not have changed", 10.0, ge=0, le=3600)] = 5.0
    quiet_seconds: Annotated[
        float,
        about(
            "Files that announce more invoices than they hold, or no period at all, wait for others; seconds without "
            "another file after which those that are there become one period",
            600.0,
            ge=0,
            le=86_400,
        ),
    ] = 60.0
    closed_by: Annotated[
        Literal["count", "manifest"],
        about(
            "What closes a period in several files, beside a manifest: `count`, the number that they announce, or "
            "quiet time; `manifest`, nothing else",
            "manifest",
        ),
    ] = "count"
    sftp: Annotated[
        str | None,
        about(
            "SFTP server from which `watch` picks files up into `folder`, as `sftp://user@host/folder`",
            "sftp://opter@files.example.dk/out",
        ),
    ] = None
    sftp_host_key: Annotated[
        str | None,
        about(
            "The server's public host key, its type and text; any other server is refused",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJHz0h0W0a9Q1c9b1x2r8v8m8H6k4mZ3q5m2m1m7yYQf",
        ),
    ] = None
    sftp_key_file: Annotated[
        str | None,
        about(
            "File with the private key (without passphrase), in `/run/secrets` unless its path is absolute",
            "opter_sftp_key",
        ),
    ] = None
    sftp_password_file: Annotated[
        str | None,
        about("File with the password instead, in `/run/secrets` unless its path is absolute", "opter_sftp_password"),
    ] = None
    sftp_seconds: Annotated[float, about("Seconds between two looks at the server", 300.0, ge=1, le=86_400)] = 60.0
    http_secret_file: Annotated[
        str | None,
        about(
            "File with the secret that signs `POST /events` for this export, in `/run/secrets` unless its path is "
            "absolute; several lines while one replaces another; none: nothing is taken by HTTP",
            "opter_events_main",
        ),
    ] = None


class Voucher(Section):
    """How the voucher method posts; the journal is a key beside the method."""

    layout: Annotated[
        Literal["one-post", "per-account"],
        about(
            "`one-post`: one customer entry for the gross amount, revenue as finance entries against the "
            "clearing account; `per-account`: one customer entry for each sales account and VAT code, with it as "
            "contra account",
            "per-account",
        ),
    ] = "one-post"
    clearing_account: Annotated[
        int | None,
        about(
            "Account between customer entry and finance entries; it ends at zero with every voucher. "
            "Needed by `one-post` unless an invoice has a single sales account and VAT code",
            5990,
        ),
    ] = None
    rounding_account: Annotated[
        int | None,
        about(
            "Account for Opter's rounding and for VAT that e-conomic rounds otherwise; none: such invoices are refused",
            4990,
        ),
    ] = None
    most_rounding: Annotated[
        Difference,
        about("Largest amount that may go to the rounding account, in the invoice's currency", Decimal("0.05")),
    ] = Decimal("0.50")
    invoice_number_property: Annotated[
        Literal["customerInvoice", "customerInvoiceNumber", "both"],
        about("The property in which e-conomic reads the invoice number: its schema and its examples differ", "both"),
    ] = "customerInvoice"
    missing_pdf: Annotated[
        Literal["refuse", "post"],
        about(
            "An invoice without a usable PDF: `refuse` it before anything is posted, or `post` it without "
            "and remark it",
            "post",
        ),
    ] = "refuse"
    book: Annotated[
        bool, about("Whether the journal's entries are booked at once; else a bookkeeper reviews and books", True)
    ] = False
    bulk: Annotated[
        int,
        about(
            "Most invoices that are posted by one call (`draft-entries/bulk` of e-conomic's journals service, all of "
            'them or none); 0: each by a call of its own. For invoices without a PDF: needs `missing_pdf = "post"`, '
            "and leaves vouchers in the journal, so not with `book`. A voucher then has its invoice's number; where "
            "the journal's voucher series does not hold that, only invoices of a single entry are posted so",
            250,
            ge=0,
            le=500,
        ),
    ] = 0
    bulk_body: Annotated[
        str,
        about(
            "Name of the property that holds the entries in the body of such a call; empty: the body is their array. "
            "Which one e-conomic reads is not measured: a wrong one is refused, and then each invoice is posted alone",
            "items",
            pattern=r"^[A-Za-z]{0,30}$",
        ),
    ] = ""

    @field_validator("bulk")
    @classmethod
    def _for_vouchers_that_stay(cls, bulk: int, others: ValidationInfo) -> int:
        if bulk and (others.data.get("missing_pdf") != "post" or others.data.get("book")):
            raise ValueError('needs missing_pdf = "post" and book = false')
        return bulk
