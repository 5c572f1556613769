"""One file as a multipart form (RFC 7578): the same file under the same key is the same bytes, however often."""

import hashlib
from dataclasses import dataclass
from itertools import count

_PART = b'Content-Disposition: form-data; name="file"; filename="invoice.pdf"\r\nContent-Type: application/pdf\r\n\r\n'


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A body ready to be sent."""

    content_type: str
    body: bytes


def pdf_form(pdf: bytes, *, key: str) -> Form:
    """Return the form that carries a PDF; its boundary follows from ``key``, and does not occur in the file."""
    boundaries = (hashlib.sha256(f"{key}:{turn}".encode()).hexdigest()[:40] for turn in count())
    boundary = next(one for one in boundaries if one.encode() not in pdf)
    edge = f"--{boundary}".encode()
    body = b"".join((edge, b"\r\n", _PART, pdf, b"\r\n", edge, b"--\r\n"))
    return Form(content_type=f"multipart/form-data; boundary={boundary}", body=body)
