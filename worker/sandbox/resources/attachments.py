"""A voucher's attachment (e-conomic REST docs, "Voucher attachments"): one per voucher, at most 9.0 MB a request.

Statuses of a successful upload and of PATCH without a file are undocumented: 201 and 404 here. Whether 9.0 MB means
9 000 000 or 9 437 184 bytes is undocumented too; the smaller is the limit here.
"""

import re

from worker.sandbox.failures import not_found, refused
from worker.sandbox.resources.documents import next_number
from worker.sandbox.resources.links import stamp
from worker.sandbox.resources.voucher_view import Key, read_voucher, voucher_url
from worker.sandbox.routes import BOOKKEEPING, Route
from worker.sandbox.state import Agreement, Answer, Call, Json

LARGEST = 9_000_000
#: How files of each accepted kind begin. HEIC is refused.
BEGINNINGS = {
    ".pdf": b"%PDF-",
    ".jpg": b"\xff\xd8\xff",
    ".jpeg": b"\xff\xd8\xff",
    ".gif": b"GIF8",
    ".png": b"\x89PNG\r\n\x1a\n",
}
PAGE = re.compile(rb"/Type\s*/Page\b")
UNKNOWN = "E04300"


def read(agreement: Agreement, call: Call) -> Answer:
    """Return what is known of the attachment."""
    key, _ = _existing(agreement, call)
    return Answer(status=200, body=_view(agreement, key))


def read_file(agreement: Agreement, call: Call) -> Answer:
    """Return the file, always as a PDF."""
    return Answer(status=200, body=b"".join(_existing(agreement, call)[1]))


def upload(agreement: Agreement, call: Call) -> Answer:
    """Attach a file to a voucher that has none."""
    key, _ = read_voucher(agreement, call)
    if key in agreement.attachments:
        raise refused(400, "Voucher already has attachment", UNKNOWN, "Use PATCH to append pages.")
    agreement.attachments[key] = [_checked(call)]
    agreement.document_numbers[key] = next_number(agreement)
    agreement.born[f"{voucher_url(key)}/attachment"] = call.now
    return Answer(status=201, body=_view(agreement, key))


def append(agreement: Agreement, call: Call) -> Answer:
    """Append pages to the attachment."""
    key, files = _existing(agreement, call)
    agreement.attachments[key] = [*files, _checked(call)]
    return Answer(status=200, body=_view(agreement, key))


def delete(agreement: Agreement, call: Call) -> Answer:
    """Delete the attachment."""
    key, _ = _existing(agreement, call)
    del agreement.attachments[key]
    return Answer(status=204, body=None)


def _existing(agreement: Agreement, call: Call) -> tuple[Key, list[bytes]]:
    key, _ = read_voucher(agreement, call)
    if key not in agreement.attachments:
        raise not_found()
    return key, agreement.attachments[key]


def _checked(call: Call) -> bytes:
    content = call.file or b""
    ending = call.file_name[call.file_name.rfind(".") :].lower()
    if ending not in BEGINNINGS:
        raise refused(400, f"Files of type '{ending}' cannot be attached.", UNKNOWN)
    if len(content) > LARGEST:
        raise refused(400, "The file is larger than 9.0 MB.", UNKNOWN)
    if not content.startswith(BEGINNINGS[ending]):
        raise refused(400, "The file's content does not match its type.", UNKNOWN)
    return content


def _view(agreement: Agreement, key: Key) -> Json:
    address = f"{voucher_url(key)}/attachment"
    pages = sum(max(1, len(PAGE.findall(file))) for file in agreement.attachments[key])
    own = {"createdAt": stamp(agreement.born[address]), "description": "", "pages": pages}
    return own | {"file": f"{address}/file", "self": address}


ITEM = "/journals/{journalNumber}/vouchers/{year}-{voucherNumber}/attachment"
FILE = f"{ITEM}/file"
ROUTES: tuple[Route, ...] = (
    Route(method="GET", path=ITEM, handler=read, roles=BOOKKEEPING),
    Route(method="GET", path=FILE, handler=read_file, roles=BOOKKEEPING, cost=13),
    Route(method="POST", path=FILE, handler=upload, roles=BOOKKEEPING, upload=True),
    Route(method="PATCH", path=FILE, handler=append, roles=BOOKKEEPING, upload=True),
    Route(method="DELETE", path=FILE, handler=delete, roles=BOOKKEEPING),
)
