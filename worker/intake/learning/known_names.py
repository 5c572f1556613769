"""The names that columns and elements have in Danish and English exports, and which of our fields they mean."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

#: Field -> names of it, the surest first. A name may stand at several fields: the content then decides.
NAMES: Mapping[str, tuple[str, ...]] = {
    "invoiceNumber": (
        "fakturanr", "fakturanummer", "faktura nr", "faktura", "bilagsnr", "bilagsnummer", "invoice no",
        "invoice number",
        "invoice nr", "inv no", "doc no", "document no", "document number", "invoice", "nummer",
        "number", "no", "invoice id",
    ),
    "invoiceType": (
        "fakturatype", "bilagstype", "dokumenttype", "invoice type", "document type", "doc type", "type", "kind", "art",
        "document kind", "doc kind", "invoice kind", "bilagsart", "transaction type",
    ),
    "creditsInvoiceNumber": (
        "krediterer", "krediteret faktura", "krediterer fakturanr", "oprindelig faktura", "original invoice",
        "credited invoice", "credits", "credits invoice", "credited invoice no", "original invoice no",
    ),
    "invoiceDate": (
        "fakturadato", "faktureringsdato", "bilagsdato", "invoice date", "issue date", "document date", "dato", "date",
        "posting date", "udstedt", "issued",
    ),
    "dueDate": (
        "forfaldsdato", "forfald", "betalingsdato", "sidste rettidige betalingsdag", "betalingsfrist", "due date",
        "payment due date", "payment date", "due",
    ),
    "paymentCondition.days": (
        "kreditdage", "betalingsdage", "netto dage", "payment days", "credit days", "net days", "days", "dage",
    ),
    "paymentCondition.name": (
        "betalingsbetingelse", "betalingsbetingelser", "payment terms", "terms of payment", "payment condition",
        "terms",
    ),
    "currency": ("valuta", "valutakode", "currency", "currency code", "cur", "møntfod"),
    "exchangeRate": ("kurs", "valutakurs", "exchange rate"),
    "line.vatRate": (
        "moms %", "moms pct", "momspct", "momsprocent", "momssats", "vat %", "vat rate", "vat percent", "vat pct",
        "tax rate", "tax percent", "pct", "percent", "procent", "moms", "vat",
    ),
    "line.vatCode": ("momskode", "vat code", "tax code", "momskategori", "moms", "vat"),
    "line.vat": (
        "momsbeløb", "moms beløb", "linjemoms", "vat amount", "tax amount", "line vat", "moms", "vat", "moms kr",
    ),
    "line.net": (
        "linjebeløb", "nettobeløb", "netto", "beløb ekskl moms", "beløb eks moms", "beløb excl moms", "ekskl moms",
        "line net",
        "beløb", "linjesum", "line amount", "line total", "net amount", "amount excl vat", "net", "amount",
        "salgsbeløb", "pris i alt", "sales amount",
    ),
    "net": (
        "netto i alt", "fakturabeløb ekskl moms", "total net", "total excl vat", "net total", "netto", "net", "beløb",
    ),
    "vat": ("moms i alt", "total vat", "vat total", "momsbeløb", "moms", "vat", "tax total"),
    "rounding": ("afrunding", "øreafrunding", "rounding"),
    "gross": (
        "beløb inkl moms", "inkl moms", "fakturabeløb", "fakturatotal", "brutto", "bruttobeløb", "total inkl moms",
        "i alt",
        "total incl vat", "gross", "gross amount", "invoice amount", "invoice total", "grand total", "total", "to pay",
        "til betaling", "amount incl vat",
    ),
    "yourReference": (
        "deres ref", "deres reference", "reference", "your reference", "your ref", "rekvisition", "customer ref",
    ),
    "orderNumbers": (
        "ordrenr", "ordrenummer", "ordre", "order no", "order number", "order numbers", "shipment no", "order",
    ),
    "customer.code": (
        "kundenr", "kundenummer", "kunde nr", "kundekode", "debitornr", "debitor nr", "debitornummer", "kunde id",
        "customer no", "customer number", "customer code", "customer id", "debtor no", "debtor number", "debtor code",
        "account no", "kunde", "customer",
    ),
    "customer.ledgerNumber": ("ledger no", "ledger number", "sales ledger number", "reskontronr"),
    "customer.name": (
        "kundenavn", "debitornavn", "firmanavn", "firma", "navn", "kunde", "customer name", "debtor name",
        "company name",
        "company", "name", "customer", "debitor", "buyer name",
    ),
    "customer.corporateId": (
        "cvr", "cvr nr", "cvrnr", "cvr nummer", "se nr", "org nr", "orgnr", "organisationsnummer", "corporate id",
        "company registration no", "company id", "registration number", "customer cvr",
    ),
    "customer.vatNumber": ("momsnr", "momsnummer", "vat no", "vat number", "vat id", "tax id", "vat reg no"),
    "customer.ean": ("ean", "ean nr", "eannr", "ean nummer", "gln", "gln nr"),
    "customer.email": ("email", "e mail", "mail", "faktura email", "customer email"),
    "customer.phone": ("telefon", "tlf", "phone", "telephone"),
    "customer.address": (
        "adresse", "vejnavn", "vej", "gade", "gadenavn", "adresse 1",
        "address", "street", "street name", "address 1", "customer address",
    ),
    "customer.zip": ("postnr", "postnummer", "post nr", "zip", "zip code", "postal code", "post code", "postal zone"),
    "customer.city": ("by", "bynavn", "city", "town", "poststed"),
    "customer.country": ("land", "landekode", "country", "country code"),
    "line.lineNumber": ("linjenr", "linjenummer", "linje", "line no", "line number", "line", "pos", "position"),
    "line.salesAccount": (
        "konto", "kontonr", "kontonummer", "salgskonto", "finanskonto", "omsætningskonto", "sales account",
        "gl account",
        "ledger account", "account", "account number", "revenue account",
    ),
    "line.text": (
        "tekst", "linjetekst", "beskrivelse", "varetekst", "ydelse", "vare", "varenavn", "text", "description",
        "line text",
        "item", "item name", "product", "service",
    ),
}  # fmt: skip
#: Groups of elements whose name says whose a child's plain ``Name`` or ``No`` is.
CUSTOMERS = (
    "customer",
    "kunde",
    "debitor",
    "debtor",
    "buyer",
    "køber",
    "modtager",
    "bill to",
    "billto",
    "client",
    "invoicee",
)
#: Groups that are the sender's own or a place of delivery: never the customer.
OTHERS = (
    "supplier",
    "seller",
    "leverandør",
    "afsender",
    "sender",
    "delivery",
    "levering",
    "ship to",
    "shipto",
    "company info",
)
LINES = (
    "line", "linje", "row", "række", "item", "post", "position", "detail", "invoice line", "fakturalinje", "order line",
    "invoice row", "entry", "lin", "specification",
)  # fmt: skip
#: The sender's words for what kind an invoice is.
TYPES: Mapping[str, tuple[str, ...]] = {
    "invoice": ("faktura", "invoice", "inv", "fak", "f", "i", "380", "debit", "salgsfaktura", "sales invoice"),
    "correction": (
        "kreditnota", "kreditnote", "kredit", "credit note", "creditnote", "credit", "cre", "kre", "cn", "kn", "k",
        "c", "381",
        "correction", "korrektion", "credit memo", "sales credit memo", "sales credit note",
        "salgskreditnota", "kreditering",
    ),
    "interest": ("rente", "rentenota", "interest", "rykkergebyr"),
    "manual": ("manuel", "manual"),
}  # fmt: skip
COUNTRIES: Mapping[str, tuple[str, ...]] = {
    "DK": ("danmark", "denmark", "dnk"), "SE": ("sverige", "sweden", "swe"), "NO": ("norge", "norway", "nor"),
    "DE": ("tyskland", "germany", "deutschland", "deu"), "NL": ("holland", "nederlandene", "netherlands", "nld"),
    "PL": ("polen", "poland", "pol"), "FI": ("finland", "fin"),
    "GB": ("storbritannien", "england", "united kingdom", "uk"),
    "FR": ("frankrig", "france"), "BE": ("belgien", "belgium"), "IT": ("italien", "italy"), "ES": ("spanien", "spain"),
}  # fmt: skip

#: Letters of a word that is no mere code.
_SPELT_OUT = 5
_CAMEL = re.compile(r"(?<=[a-zæøå0-9])(?=[A-ZÆØÅ])")
_NO_LETTER = re.compile(r"[^a-z0-9%]+")
_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ß": "ss"})


def plain(name: str) -> str:
    """Return a name without case, accents and separators: ``Faktura-Nr.`` is ``fakturanr``."""
    parted = _CAMEL.sub(" ", name).casefold().translate(_LETTERS)
    letters = unicodedata.normalize("NFKD", parted).encode("ascii", "ignore").decode()
    return _NO_LETTER.sub("", letters)


def _by_plain(table: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for meaning, names in table.items():
        for name in (meaning, *names):
            found[plain(name)] = (*found.get(plain(name), ()), meaning)
    return found


_FIELDS, _TYPES, _COUNTRIES = _by_plain(NAMES), _by_plain(TYPES), _by_plain(COUNTRIES)
_IN_CUSTOMER = {
    plain(name): field
    for field, names in {
        "customer.code": ("no", "nr", "number", "nummer", "code", "kode", "id", "key", "account no", "account id"),
        "customer.name": ("name", "navn", "company name", "name 1"),
        "customer.corporateId": ("cvr", "cvrnr", "org no", "orgnr", "corporate id", "registration no", "company id"),
    }.items()
    for name in names
}


def fields_named(name: str) -> tuple[str, ...]:
    """Return the fields that a name may mean, in the order of ``NAMES``; none for a name that is not known."""
    return tuple(dict.fromkeys(_FIELDS.get(plain(name), ())))


def number_rank(name: str) -> int:
    """Return how surely a name is that of the invoice number: 0 is the surest."""
    names = [plain(each) for each in ("invoiceNumber", *NAMES["invoiceNumber"])]
    letters = plain(name)
    return names.index(letters) if letters in names else len(names)


def customer_fields_named(name: str) -> tuple[str, ...]:
    """Return the fields that a name inside the customer's own group may mean."""
    own = _IN_CUSTOMER.get(plain(name))
    named = tuple(field for field in fields_named(name) if field.startswith("customer."))
    return tuple(dict.fromkeys((own, *named))) if own else named


def meaning_of(field: str, value: str) -> str | None:
    """Return what a value of the sender's means in a field of fixed words; None when it is not known."""
    table = {"invoiceType": _TYPES, "customer.country": _COUNTRIES}.get(field, {})
    return next(iter(table.get(plain(value), ())), None)


def tells_kinds(values: Sequence[str]) -> bool:
    """Tell whether these are words for kinds of documents, credit notes among them, whatever the name above says."""
    meanings = [meaning_of("invoiceType", value) for value in values]
    spelt_out = any(len(plain(value)) >= _SPELT_OUT for value in values)
    return spelt_out and None not in meanings and "correction" in meanings
