"""A manifest: the file that says which files are one period, and what they add up to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from config.exports import ExportName
from worker.domain.invoice import Contract, Sha256
from worker.domain.reasons import EventReason
from worker.domain.sums import Problem
from worker.intake.event import Period, Total
from worker.intake.event_errors import EventRefused, broken_rules, refused
from worker.intake.format_files import FileHead
from worker.intake.parsing import parse
from worker.intake.sources.posted_files import kept_name, original_name

#: How the name of a manifest ends, in any case.
ENDING = ".manifest.json"
#: Bytes of the largest: some ten thousand files.
_MOST_BYTES = 2 << 20


class ManifestFile(Contract):
    """One file of the period."""

    #: Its name in the same folder.
    name: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^/\\\x00]+$")]
    #: SHA-256 of its bytes; none: not compared.
    sha256: Sha256 | None = None


class ManifestDocument(Contract):
    """What a manifest says; whatever is left out, the files say or nobody."""

    files: Annotated[tuple[ManifestFile, ...], Field(min_length=1)]
    export: ExportName | None = None
    period: Period | None = None
    invoice_count: Annotated[int, Field(ge=1)] | None = None
    control_totals: Annotated[tuple[Total, ...], Field(min_length=1)] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """A manifest that was read."""

    #: Its own name.
    name: str
    #: The files of its period, in its order, each with its SHA-256 where that is given.
    files: dict[str, str | None]
    document: ManifestDocument

    def head(self) -> FileHead:
        """Return what it says about the period, as a file of its own would."""
        said = self.document
        return FileHead(
            export=said.export,
            period=said.period,
            invoice_count=said.invoice_count,
            control_totals=said.control_totals,
        )

    def compare(self, digests: dict[str, str]) -> None:
        """Raise ``EventRefused`` where the content of a file is not the one that it names."""
        differing = [
            Problem(
                reason=EventReason.INVOICES_FILE_MISMATCH,
                description=f"{self.name}: {name} has SHA-256 {digests[name]}; the manifest says {sha256}.",
                field="files.sha256",
                value=sha256,
            )
            for name, sha256 in self.files.items()
            if sha256 is not None and digests[name] != sha256.lower()
        ]
        if differing:
            raise EventRefused(differing)

    def among(self, names: Sequence[str]) -> "Manifest":
        """Return it with files that came by HTTP under the names that they have in the folder."""
        posted = {original_name(name): name for name in names}
        found = {name: name if name in names else posted.get(kept_name(name), name) for name in self.files}
        return replace(self, files={found[name]: sha256 for name, sha256 in self.files.items()})

    def missing(self, there: set[str]) -> list[str]:
        """Return the files that have not come."""
        return [name for name in self.files if name not in there]


def is_manifest(name: str) -> bool:
    """Tell whether a file is a manifest, by its name."""
    return name.lower().endswith(ENDING)


def read_manifest(raw: bytes, name: str) -> Manifest:
    """Return a manifest. Raises ``EventRefused`` with everything that is wrong with it."""
    if len(raw) > _MOST_BYTES:
        raise refused(EventReason.EVENT_TOO_LARGE, f"{name}: a manifest may have {_MOST_BYTES} bytes.")
    _, text = parse(raw, within=name)
    try:
        document = ManifestDocument.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise EventRefused(broken_rules(error, within=name)) from None
    files = {file.name: file.sha256 for file in document.files}
    if len(files) < len(document.files) or name in files:
        text = f"{name}: it names a file twice, or itself."
        raise refused(EventReason.EVENT_INVALID, text, field="files")
    return Manifest(name=name, files=files, document=document)
