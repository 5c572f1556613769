"""Runs of payments handed over: a file put into its place once, or a POST that can be told from its repeat."""

import os
from collections.abc import Callable
from pathlib import Path

import httpx

from config.reconcile_schema import Payments
from worker.domain.payments import PaymentRun
from worker.domain.reasons import ProcessReason, failure
from worker.errors import Unavailable
from worker.reconcile import payment_files

#: Notes how far a run has come: ``staged``, ``delivered``.
Advance = Callable[[str], None]
_TIMEOUT = 30.0


def deliver(
    run: PaymentRun, settings: Payments, advance: Advance, *, transport: httpx.BaseTransport | None = None
) -> None:
    """Hand a run over, going on where an earlier attempt stopped. Raises ``Unavailable``; nothing is lost then.

    A file is written beside its place, noted, and renamed into it: after a kill, the file that is still beside its
    place was never handed over, and one that is gone was. By POST, a run carries its number as ``Idempotency-Key``:
    where the answer was lost it is sent again, and the receiver has to know it by that.
    """
    if run.payments and settings.folder:
        _file(run, settings, Path(settings.folder), advance)
    if run.payments and settings.url:
        _post(run, settings.url, transport)
    advance("delivered")


def _file(run: PaymentRun, settings: Payments, folder: Path, advance: Advance) -> None:
    name = payment_files.file_name(run, settings)
    beside = folder / f".{name}.part"
    try:
        if run.phase == "pending":
            _write(beside, payment_files.file_content(run, settings))
            advance("staged")
        if beside.exists():
            beside.replace(folder / name)
    except OSError as error:
        text = f"Payments cannot be written to {folder}: {error.strerror}."
        raise Unavailable(failure(ProcessReason.PAYMENTS_UNDELIVERED, text, field="payments.folder")) from error


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _post(run: PaymentRun, url: str, transport: httpx.BaseTransport | None) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"payments-{run.export}-{run.number}"}
    try:
        with httpx.Client(timeout=_TIMEOUT, transport=transport, trust_env=False) as client:
            answer = client.post(url, content=payment_files.document(run), headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _undelivered(url, type(error).__name__) from error
    if not answer.is_success:
        raise _undelivered(url, f"status {answer.status_code}")


def _undelivered(url: str, why: str) -> Unavailable:
    text = f"The run of payments was not taken by {httpx.URL(url).host}: {why}."
    return Unavailable(failure(ProcessReason.PAYMENTS_UNDELIVERED, text, field="payments.url"))
