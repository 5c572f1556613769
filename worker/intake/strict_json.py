"""JSON as two programs would read it alike: UTF-8, no key twice, no binary floats, no NaN."""

import json
from typing import Any

from worker.intake.refusal import EventRefused, refused
from worker.invoicing.reasons import Reason


def parse(raw: bytes, *, within: str = "") -> tuple[Any, str]:
    """Return the document and its text (a byte order mark is dropped).

    ``within`` says where the bytes stand, for example ``line 3``. Raises ``EventRefused``.
    """
    where = f"{within}: " if within else ""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(f"{where}Byte {error.start} is not UTF-8.", within) from None
    try:
        return _LOADER.decode(text), text
    except _Ambiguous as error:
        raise refused(Reason.EVENT_INVALID, f"{where}{error}", field=within) from None
    except json.JSONDecodeError as error:
        raise _unreadable(f"{where}Not JSON: {error.msg} at character {error.pos}.", within) from None
    except RecursionError:
        raise _unreadable(f"{where}Not usable JSON: nested too deeply.", within) from None
    except ValueError:
        # Python refuses to convert integers of thousands of digits (docs.python.org, integer string conversion).
        raise _unreadable(f"{where}Not usable JSON: a number has too many digits.", within) from None


class _Ambiguous(ValueError):
    """Well-formed, but two programs could read it differently."""


def _unreadable(description: str, within: str) -> EventRefused:
    return refused(Reason.EVENT_UNREADABLE, description, field=within)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = sorted({name[:40] for name in names if names.count(name) > 1})
        raise _Ambiguous(f"An object has a key twice: {', '.join(doubled)}.")
    return found


def _float(literal: str) -> Any:
    raise _Ambiguous(f'The number {literal[:40]} is a binary float; write amounts as text, such as "100.00".')


_LOADER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_float)
