"""Error bodies of e-conomic as integrators' production logs of August 2026 hold them, and variations of each."""

from typing import Any

Body = dict[str, Any]
WRAPPER: Body = {"message": "Validation failed. 1 error found.", "errorCode": "E04300", "logId": "ab12-CPH"}
#: Word for word.
VOUCHER_IN_A_BARRED_PERIOD: Body = {
    "errors": [
        {
            "arrayIndex": 0,
            "entries": {
                "errors": [],
                "items": [
                    {
                        "date": {
                            "errors": [
                                {"propertyName": "Date", "errorCode": "E04041", "errorMessage": "Perioden er spærret."}
                            ]
                        }
                    }
                ],
            },
        }
    ]
}
BOOKING_IN_A_BARRED_PERIOD: Body = {
    "message": "Cannot book the current invoice: The invoice date 2026-11-20 lies within a barred period.",
    "errorCode": "E04870",
    "httpStatusCode": 400,
}
PAYLOAD_CHANGED: Body = {
    "title": "Content must be the same when using the same Idempotency key.",
    "errorCode": "PayloadChanged",
}
BAD_FILTER: Body = {
    "message": "Invalid filter.",
    "errors": ["Field 'orderNumber' is not filterable.", "Near 'E06000'."],
    "allowedFilteringFields": ["bookedInvoiceNumber", "date"],
    "logId": "ab12-CPH",
}


def under(name: str, *codes: str, **changes: Any) -> Body:
    """Return what one property of an entry is refused with."""
    errors = [{"propertyName": name, "errorCode": code, "errorMessage": f"{name}: {code}."} | changes for code in codes]
    return {name[0].lower() + name[1:]: {"errors": errors}}


def voucher(*items: Body, index: int = 0) -> Body:
    """Return the refusal of a voucher whose entries have these faults."""
    return WRAPPER | {"errors": [{"arrayIndex": index, "entries": {"errors": [], "items": list(items)}}]}
