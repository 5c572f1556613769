"""A watched folder in which anything lies: it is taken, refused with its reasons, or waits; the watcher goes on."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import event, invoices, raw
from support.formats import to_csv, to_ubl, to_xlsx, to_xml
from support.fuzzing import broken_bytes, changed, fuzzed
from support.samples import export, invoice

from worker.forward.folder import DONE, FAILED, is_candidate
from worker.intake.sources.folder_watch import FolderWatch

INVOICES = [invoice(), invoice(invoice_number=2)]
CONTENTS = [
    raw(event()),
    b"\n".join(map(raw, invoices(2))),
    to_xml(event(invoices(1, first=7))["data"]),
    to_csv(INVOICES),
    to_xlsx(INVOICES),
    to_ubl(INVOICES[0]),
    b"{}",
    b"",
]


def _fits(name: str) -> bool:
    try:
        encoded = os.fsencode(name)
    except UnicodeEncodeError:  # half a character, which no file system call can name
        return False
    return len(encoded) <= 255 and not {0, ord("/")} & set(encoded) and name not in {".", ".."}


ENDINGS = st.sampled_from(["", ".json", ".xml", ".csv", ".xlsx", ".pdf", ".manifest.json", ".error.txt", ".json.done"])
#: Any bytes that a file system takes as a name: no text at all, control characters, as long as can be.
NAMES = st.one_of(
    st.tuples(st.binary(min_size=1, max_size=8), ENDINGS).map(lambda pair: os.fsdecode(pair[0]) + pair[1]),
    st.tuples(st.text(min_size=1, max_size=8), ENDINGS).map("".join),
    st.tuples(st.sampled_from(["a", "æ", "\u202e"]), st.integers(1, 250), ENDINGS).map(lambda t: t[0] * t[1] + t[2]),
    st.sampled_from(["a\nb.csv", "a\rb.xml", "CON", "..x", "-rf", "$(id).json", "{0}.csv", "[bold]x.csv", "%s.json"]),
).filter(_fits)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _watched(folder: Path, **source: Any) -> list[dict[str, Any]]:
    """Let a watcher look until all is complete and quiet; return the events that it published, some of them twice."""
    now = 1000.0
    published: list[bytes] = []
    settings = export(source={"folder": folder, "stable_seconds": 5, "quiet_seconds": 60} | source)
    watch = FolderWatch(settings, publish=published.append, clock=lambda: now)
    for _ in range(4):
        watch.turn()
        now += 100
    return [json.loads(each) for each in published]


@fuzzed(40)
@given(files=st.dictionaries(NAMES, st.sampled_from(CONTENTS), min_size=1, max_size=3))
def test_a_file_of_any_name_is_taken_or_refused(files: dict[str, bytes]) -> None:
    """Whatever it is called: nothing that counts as a file stays, nothing is lost, every refusal says why."""
    with _folder() as folder:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        left = {name for name in files if not is_candidate(name)}

        _watched(folder)

        kept = [path.read_bytes() for place in (DONE, FAILED, ".") for path in _files(folder / place)]
        assert {path.name for path in _files(folder)} <= left
        assert all(kept.count(content) >= list(files.values()).count(content) for content in files.values())
        reasons = [path for path in _files(folder / FAILED) if path.name.endswith(".error.json")]
        assert all(json.loads(path.read_bytes())["problems"] for path in reasons)
        assert len(reasons) == sum(path.name.endswith(".error.txt") for path in _files(folder / FAILED))


FILES = {"1.xml": CONTENTS[2], "2.csv": to_csv(INVOICES)}
MANIFEST = {
    "files": [{"name": "1.xml"}, {"name": "2.csv"}],
    "export": "main",
    "invoiceCount": 3,
    "controlTotals": [{"currency": "DKK", "net": "3000.00", "vat": "750.00", "gross": "3750.00"}],
}


@pytest.mark.parametrize("kind", ["bytes", "value"])
@fuzzed(40)
@given(data=st.data())
def test_a_broken_manifest_closes_its_period_or_says_why(kind: str, data: st.DataObject) -> None:
    """Its files are taken once at most; refused ones lie beside the reasons; with no manifest left, the rest waits."""
    if kind == "bytes":
        manifest = data.draw(broken_bytes())(raw(MANIFEST))
    else:
        manifest = raw(data.draw(st.composite(changed)(MANIFEST)))
    with _folder() as folder:
        for name, content in FILES.items():
            (folder / name).write_bytes(content)
        (folder / "p.manifest.json").write_bytes(manifest)

        events = _watched(folder, closed_by="manifest")

        done, failed = (sorted(path.name for path in _files(folder / place)) for place in (DONE, FAILED))
        there = [path.name for path in _files(folder)]
        assert sorted(name for name in [*done, *failed, *there] if name in FILES) == sorted(FILES)
        taken = [each["invoiceNumber"] for found in events for each in found["data"]["invoices"]]
        assert len(set(taken)) == len(taken)
        assert bool(events) == bool({*FILES} & {*done})
        assert ("p.manifest.json" in done) == bool(events)
        assert ("p.manifest.json.error.txt" in failed) == (not events)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()]
