"""A printed invoice: the smallest PDF that shows a few lines of text on one page (ISO 32000-1)."""

from collections.abc import Sequence

_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>"
)
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
_HEAD = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"


def one_page(lines: Sequence[str]) -> bytes:
    """Return a PDF of one A4 page that shows these lines; the same lines give the same bytes."""
    text = b"BT /F1 14 Tf 60 780 Td 22 TL " + b" ".join(b"(%s) Tj T*" % _literal(line) for line in lines) + b" ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _PAGE,
        _FONT,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    )
    return _file([b"%d 0 obj\n%s\nendobj\n" % (number, body) for number, body in enumerate(objects, start=1)])


def _file(objects: Sequence[bytes]) -> bytes:
    """Put the objects behind each other, and behind them where each begins."""
    starts = [len(_HEAD) + sum(map(len, objects[:at])) for at in range(len(objects) + 1)]
    table = b"".join(b"%010d 00000 n \n" % start for start in starts[:-1])
    size = len(objects) + 1
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, starts[-1])
    return _HEAD + b"".join(objects) + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + tail


def _literal(line: str) -> bytes:
    """Escape what would end a text; letters that the font does not have become question marks."""
    raw = line.encode("cp1252", errors="replace")
    return raw.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
