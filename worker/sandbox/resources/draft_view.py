"""A draft as answers carry it, with the totals that the server computes (shape: recorded answers)."""

from datetime import date
from decimal import Decimal

from worker.sandbox.resources.links import linked, stamp, url
from worker.sandbox.resources.payment_terms import STATED, due_date
from worker.sandbox.resources.totals import in_base, line_net, line_rate, rounded, vat_on
from worker.sandbox.state import Agreement, Call, Json

#: Numbers that are absent from a line when zero, as in recorded answers.
OMITTED_WHEN_ZERO = ("unitNetPrice", "discountPercentage", "unitCostPrice")


def view(agreement: Agreement, number: int, soap_id: int, body: Json, call: Call) -> Json:
    """Return the whole draft."""
    address = url("invoices", "drafts", number)
    lines = [_line(line, index) for index, line in enumerate(body.get("lines", []), start=1)]
    exchange_rate = body.get("exchangeRate", agreement.rates[body["currency"]])
    own: Json = {name: body[name] for name in ("date", "currency", "notes", "references", "delivery") if name in body}
    return {
        "draftInvoiceNumber": number,
        "soap": {"currentInvoiceHandle": {"id": soap_id}},
        "templates": {
            "bookingInstructions": f"{address}/templates/booking-instructions",
            "self": f"{address}/templates",
        },
        **own,
        "exchangeRate": exchange_rate,
        **totals(agreement, lines, body["recipient"]["vatZone"]["vatZoneNumber"], exchange_rate),
        "dueDate": _due(agreement, body),
        **_parties(agreement, body),
        "lines": lines,
        "pdf": {"download": f"{address}/pdf"},
        "attachment": f"{address}/attachment",
        "lastUpdated": stamp(call.now),
        "self": address,
    }


def totals(agreement: Agreement, lines: list[Json], zone: int, exchange_rate: Decimal) -> Json:
    """Return net, VAT and gross, in the invoice's currency and in the base currency.

    ``roundingAmount`` is zero: whether gross includes it is undocumented, and recorded answers show 0.0.
    """
    pairs = [(line["totalNetAmount"], line_rate(agreement, line, zone)) for line in lines if "product" in line]
    net = sum((amount for amount, _ in pairs), Decimal("0.00"))
    vat = vat_on(pairs, per=agreement.switches.vat_rounding)
    cost = sum(
        (rounded(line["quantity"] * line.get("unitCostPrice", 0)) for line in lines if "product" in line), Decimal(0)
    )
    net_in_base, cost_in_base = in_base(net, exchange_rate), in_base(cost, exchange_rate)
    margin = net_in_base - cost_in_base
    return {
        "netAmount": net,
        "netAmountInBaseCurrency": net_in_base,
        "grossAmount": net + vat,
        "grossAmountInBaseCurrency": in_base(net + vat, exchange_rate),
        "vatAmount": vat,
        "roundingAmount": Decimal("0.00"),
        "costPriceInBaseCurrency": cost_in_base,
        "marginInBaseCurrency": margin,
        "marginPercentage": rounded(margin / net_in_base * 100) if net_in_base else Decimal("0.00"),
    }


def _line(line: Json, index: int) -> Json:
    kept = {name: value for name, value in line.items() if name not in OMITTED_WHEN_ZERO or value != 0}
    numbered = {"lineNumber": index, "sortKey": index} | kept
    if "product" not in line:
        return numbered
    product = linked("productNumber", line["product"]["productNumber"], "products")
    net = line_net(line["quantity"], line["unitNetPrice"], line.get("discountPercentage", Decimal(0)))
    return numbered | {"product": product, "totalNetAmount": net}


def _due(agreement: Agreement, body: Json) -> str:
    terms = agreement.payment_terms[body["paymentTerms"]["paymentTermsNumber"]]
    if terms["paymentTermsType"] == STATED:
        return str(body["dueDate"])
    invoiced = date.fromisoformat(body["date"])
    return due_date(terms["paymentTermsType"], terms.get("daysOfCredit", 0), invoiced).isoformat()


def _parties(agreement: Agreement, body: Json) -> Json:
    customer = body["customer"]["customerNumber"]
    cvr = agreement.customers[customer].get("corporateIdentificationNumber")
    zone = agreement.vat_zones[body["recipient"]["vatZone"]["vatZoneNumber"]]
    return {
        "paymentTerms": agreement.payment_terms[body["paymentTerms"]["paymentTermsNumber"]],
        "customer": linked("customerNumber", customer, "customers"),
        "recipient": body["recipient"] | {"vatZone": zone} | ({"cvr": cvr} if cvr else {}),
        "layout": linked("layoutNumber", body["layout"]["layoutNumber"], "layouts"),
    }
