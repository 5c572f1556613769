"""Signed requests with anything in them: what is accepted becomes a period or is refused with its reasons."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import event, invoices, raw
from support.formats import to_csv, to_xlsx, to_xml
from support.fuzzing import broken_bytes, changed, fuzzed
from support.posting import Posting
from support.samples import invoice

from config.settings_sections import Web
from worker.intake.sources.folder_watch import FolderWatch
from worker.web.event_api.body import CONTENT_TYPES

_INVOICES = [invoice(), invoice(invoice_number=2)]
_BODIES = st.sampled_from(
    [
        raw(event()),
        b"\n".join(map(raw, invoices(2))),
        to_xml(event()["data"]),
        to_csv(_INVOICES),
        to_xlsx(_INVOICES),
        raw({"files": [{"name": "1.xml"}]}),
    ]
)
_ENDINGS = ["", ".json", ".xml", ".csv", ".xlsx", ".tmp", ".part", "~", ".done", ".error.txt", ".manifest.json"]
_NAMES = st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.sampled_from(_ENDINGS))


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    how = draw(st.integers(0, 2))
    if how == 0:
        return raw(draw(st.composite(changed)(event())))
    body = draw(_BODIES)
    return draw(broken_bytes())(body) if how == 1 else body


@pytest.mark.parametrize("folder", [False, True])
@fuzzed(40, shared_by=2)
@given(body=_bodies(), name=_NAMES.map("".join), kind=st.sampled_from(CONTENT_TYPES))
def test_what_is_accepted_is_taken_in_or_refused_with_reasons(body: bytes, name: str, kind: str, folder: bool) -> None:  # noqa: FBT001  # from pytest
    """Never a fault, never accepted and then forgotten; what is refused at once leaves nothing."""
    with tempfile.TemporaryDirectory() as place:
        source: dict[str, Any] = {"folder": Path(place) / "files", "stable_seconds": 1} if folder else {}
        (Path(place) / "files").mkdir()
        posting = Posting(Path(place), settings=Web(requests_per_minute=10**6), **source)
        answer = posting.post(body, kind, name=name)

        assert answer.status_code in {202, 413, 422}
        if answer.status_code != 202:
            assert answer.json()["detail"]
            assert (posting.queue.waiting(), _waiting(place)) == (0, [])
            return
        if folder:
            now = 1000.0
            watch = FolderWatch(posting.exports["main"], publish=posting.queue.publish, clock=lambda: now)
            for _ in range(3):
                watch.turn()
                now += 1000
        posting.take_in()
        status = posting.status(answer).json()
        assert status["state"] == "refused" or (status["state"], len(posting.store.periods())) == ("read", 1)
        assert bool(status["problems"]) or status["state"] == "read"
        assert _waiting(place) == []


def _waiting(place: str) -> list[Path]:
    return [path for path in (Path(place) / "files").iterdir() if path.is_file()]
