"""A small haulier's agreement to start from. Numbers are not those of e-conomic's demo agreement, on purpose."""

from calendar import monthrange
from datetime import UTC, date, datetime
from decimal import Decimal

from worker.sandbox.resources.customers import view as customer_view
from worker.sandbox.resources.links import linked, stamp, url
from worker.sandbox.resources.payment_terms import view as terms_view
from worker.sandbox.resources.products import view as product_view
from worker.sandbox.seed_customers import customers
from worker.sandbox.state import Agreement, Json

STARTED = stamp(datetime(2026, 1, 2, 8, tzinfo=UTC))
DEBTORS, CLEARING, ROUNDING, VAT_PAYABLE, VAT_RECEIVABLE = 5600, 5990, 4990, 6902, 6904

#: VAT code, name, rate in percent, VAT type, barred.
VAT_ACCOUNTS = (
    ("U25", "Salgsmoms", Decimal(25), 1, False),
    ("I25", "Købsmoms", Decimal(25), 2, False),
    ("UEUY", "Ydelser til EU", Decimal(0), 1, False),
    ("UABR", "Salg til udlandet", Decimal(0), 1, False),
    ("U0", "Momsfrit salg", Decimal(0), 1, False),
    ("U22", "Gammel sats", Decimal(22), 1, True),
)
VAT_ZONES = ((1, "Domestic", True), (2, "EU", True), (3, "Abroad", False), (4, "Domestic exempt VAT", False))
#: Group number, name (Opter's sales account), then the sales account of zones 1 to 4; 0: none.
PRODUCT_GROUPS = (
    (61, "3010", (3010, 3110, 3210, 3310)),
    (62, "3012", (3012, 3112, 3212, 3312)),
    (63, "3020", (3020, 3120, 3220, 3320)),
    (64, "3030", (3030, 0, 0, 0)),
    (65, "3040", (3040, 3040, 3040, 3040)),
    (66, "Diverse", (3090, 3190, 3290, 3390)),
)
#: Account, name, type, VAT code ("": none), barred, blocked for direct entries.
ACCOUNTS = (
    (3000, "OMSÆTNING", "heading", "", False, False),
    (3010, "Fragt med moms", "profitAndLoss", "U25", False, False),
    (3110, "Fragt EU", "profitAndLoss", "UEUY", False, False),
    (3210, "Fragt udland", "profitAndLoss", "UABR", False, False),
    (3310, "Fragt momsfri", "profitAndLoss", "U0", False, False),
    (3012, "Fragt uden moms", "profitAndLoss", "", False, False),
    (3112, "Fragt uden moms EU", "profitAndLoss", "", False, False),
    (3212, "Fragt uden moms udland", "profitAndLoss", "", False, False),
    (3312, "Fragt uden moms, momsfri kunde", "profitAndLoss", "", False, False),
    (3020, "Brændstoftillæg", "profitAndLoss", "U25", False, False),
    (3120, "Brændstoftillæg EU", "profitAndLoss", "UEUY", False, False),
    (3220, "Brændstoftillæg udland", "profitAndLoss", "UABR", False, False),
    (3320, "Brændstoftillæg momsfri", "profitAndLoss", "U0", False, False),
    (3030, "Terminal og lager", "profitAndLoss", "U25", False, False),
    (3040, "Renter og gebyrer", "profitAndLoss", "", False, False),
    (3090, "Andet salg", "profitAndLoss", "U25", False, False),
    (3190, "Andet salg EU", "profitAndLoss", "UEUY", False, False),
    (3290, "Andet salg udland", "profitAndLoss", "UABR", False, False),
    (3390, "Andet salg momsfri", "profitAndLoss", "U0", False, False),
    (3099, "Gammel fragtkonto", "profitAndLoss", "U25", True, False),
    (3999, "Omsætning i alt", "totalFrom", "", False, False),
    (ROUNDING, "Øreafrunding", "profitAndLoss", "", False, False),
    (DEBTORS, "Debitorer", "status", "", False, True),
    (5820, "Bank", "status", "", False, False),
    (CLEARING, "Mellemregning fakturering", "status", "", False, False),
    (VAT_PAYABLE, "Salgsmoms", "status", "", False, True),
    (VAT_RECEIVABLE, "Købsmoms", "status", "", False, True),
)
#: Product number, name, group, barred. Groups 62, 63 and 65 have none, so that they get created.
PRODUCTS = (
    ("FRAGT", "Fragt", 61, False),
    ("TERMINAL", "Terminalgebyr", 64, False),
    ("DIV", "Diverse", 66, False),
    ("UDGAAET", "Udgået vare", 66, True),
)
CUSTOMER_GROUPS = ((21, "Danske kunder"), (22, "Udenlandske kunder"))
#: Number, name, type, days.
PAYMENT_TERMS = (
    (11, "Netto 8 dage", "net", 8),
    (12, "Netto 14 dage", "net", 14),
    (13, "Netto 30 dage", "net", 30),
    (21, "Løbende måned 30 dage", "invoiceMonth", 30),
    (22, "Løbende måned", "invoiceMonth", 0),
    (31, "Efter aftale (forfaldsdato)", "dueDate", 0),
    (41, "Kontant", "paidInCash", 0),
    (51, "Forudbetalt", "prepaid", 0),
)
LAYOUTS = ((17, "Faktura dansk", False), (18, "Invoice English", False), (19, "Gammelt layout", True))
#: Code, name, price of 100 units in DKK.
CURRENCIES = (
    ("DKK", "Danske kroner", Decimal(100)),
    ("EUR", "Euro", Decimal("746.11")),
    ("SEK", "Svenske kroner", Decimal("67.42")),
    ("NOK", "Norske kroner", Decimal("63.85")),
    ("GBP", "Britiske pund", Decimal("871.36")),
)
#: Year, closed. Months 1 to 6 of 2025 are closed; January 2026 is barred, which legacy REST does not show.
YEARS = ((2024, True), (2025, False), (2026, False), (2027, False))
#: Number, name, first and last voucher number, the only kind of entry it takes ("": any).
JOURNALS = ((1, "Daglig", 10001, 59999, ""), (7, "Kun finans", 70001, 79999, "financeVoucher"))


def standard_agreement(*, number: int = 417_001, name: str = "Nordvest Fragt ApS") -> Agreement:
    """Return a fresh agreement: chart, VAT, groups, products, terms, customers 1001 to 1060, years, journals.

    Args:
        number: agreement number, what ``/self`` tells.
        name: the company's name.
    """
    agreement = Agreement(number=number, name=name, counters={"booked": 20001})
    _vat_and_accounts(agreement)
    _sales(agreement)
    _documents(agreement)
    agreement.years = {str(year): _year(year, closed=closed) for year, closed in YEARS}
    agreement.journals = {row[0]: _journal(*row) for row in JOURNALS}
    agreement.customers = {n: customer_view(n, body, STARTED) for n, body in customers()}
    return agreement


def _vat_and_accounts(agreement: Agreement) -> None:
    for code, name, rate, kind, barred in VAT_ACCOUNTS:
        account = VAT_RECEIVABLE if kind == 2 else VAT_PAYABLE  # noqa: PLR2004 -- e-conomic's number of "ingoing"
        agreement.vat_accounts[code] = _true(
            {
                "vatCode": code,
                "name": name,
                "ratePercentage": rate,
                "account": linked("accountNumber", account, "accounts"),
                "vatType": linked("vatTypeNumber", kind, "vat-types"),
                "barred": barred,
                "self": url("vat-accounts", code),
            }
        )
    for number, name, supplier in VAT_ZONES:
        own = {"name": name, "enabledForCustomer": True, "enabledForSupplier": supplier}
        agreement.vat_zones[number] = linked("vatZoneNumber", number, "vat-zones") | own
    agreement.accounts = {row[0]: _account(row) for row in ACCOUNTS}


def _account(row: tuple[int, str, str, str, bool, bool]) -> Json:
    number, name, kind, code, barred, blocked = row
    own = {"name": name, "accountType": kind, "barred": barred, "blockDirectEntries": blocked}
    vat = {"vatAccount": linked("vatCode", code, "vat-accounts")} if code else {}
    return _true(linked("accountNumber", number, "accounts") | own | vat)


def _sales(agreement: Agreement) -> None:
    for number, name, accounts in PRODUCT_GROUPS:
        address = url("product-groups", number)
        links = {"salesAccounts": f"{address}/sales-accounts", "products": f"{address}/products", "self": address}
        agreement.product_groups[number] = {"productGroupNumber": number, "name": name, **links}
        for zone, account in enumerate(accounts, start=1):
            if account:
                agreement.sales_accounts[number, zone] = account
    for product, name, group_number, barred in PRODUCTS:
        body = {
            "productNumber": product,
            "name": name,
            "productGroup": {"productGroupNumber": group_number},
            "barred": barred,
        }
        agreement.products[product] = product_view(body, STARTED)
    debtors: Json = {"account": linked("accountNumber", DEBTORS, "accounts")}
    for number, name in CUSTOMER_GROUPS:
        group = linked("customerGroupNumber", number, "customer-groups")
        agreement.customer_groups[number] = group | {"name": name} | debtors


def _documents(agreement: Agreement) -> None:
    for number, name, kind, days in PAYMENT_TERMS:
        agreement.payment_terms[number] = terms_view(
            number, {"name": name, "paymentTermsType": kind, "daysOfCredit": days}
        )
    for number, name, deleted in LAYOUTS:
        agreement.layouts[number] = _true(
            linked("layoutNumber", number, "layouts") | {"name": name, "deleted": deleted}
        )
    for code, name, rate in CURRENCIES:
        agreement.currencies[code] = linked("code", code, "currencies") | {"name": name, "isoNumber": code}
        agreement.rates[code] = rate
    agreement.units[1] = linked("unitNumber", 1, "units") | {"name": "stk."}


def _year(year: int, *, closed: bool) -> Json:
    span = {
        "year": str(year),
        "fromDate": f"{year}-01-01",
        "toDate": f"{year}-12-31",
        "closed": closed,
        "barred": False,
    }
    return span | {"periods": [_period(year, month, closed=closed) for month in range(1, 13)]}


def _period(year: int, month: int, *, closed: bool) -> Json:
    last = date(year, month, monthrange(year, month)[1])
    half_year_done = date(2025, 6, 30)
    return {
        "periodNumber": month,
        "fromDate": last.replace(day=1).isoformat(),
        "toDate": last.isoformat(),
        "closed": closed or last <= half_year_done,
        "barred": (year, month) == (2026, 1),
    }


def _journal(number: int, name: str, first: int, last: int, restricted_to: str) -> Json:
    address = url("journals", number)
    settings: Json = {"voucherNumbers": {"minimumVoucherNumber": first, "maximumVoucherNumber": last}}
    settings |= {"entryTypeRestrictedTo": restricted_to} if restricted_to else {}
    settings["contraAccounts"] = {"financeVouchers": linked("accountNumber", 5820, "accounts")}
    links = {name: f"{address}/{name}" for name in ("vouchers", "entries")}
    return {"journalNumber": number, "name": name, "settings": settings, **links, "self": address}


def _true(resource: Json) -> Json:
    """Return a resource without its false booleans, as recorded answers show them."""
    return {name: value for name, value in resource.items() if value is not False}
