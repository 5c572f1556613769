"""Opter's "Start text" of an e-conomic export: one ``key=value`` a line (docs.opter.com, integration-001)."""

from config.mistakes import suggestion

#: Opter's key -> the exports file's key.
KEYS = {"exportMethod": "method", "journalNumber": "journal"}
_METHODS = ("invoice", "voucher")


def read_start_text(text: str) -> tuple[dict[str, str | int], list[str]]:
    """Return the settings that the text stands for, in the exports file's spelling, and what is wrong with it."""
    found: dict[str, str | int] = {}
    problems: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        key, equals, value = (part.strip() for part in line.partition("="))
        problem = _problem(key, equals, value, found)
        if problem:
            problems.append(problem)
        else:
            found[KEYS[key]] = int(value) if key == "journalNumber" else value
    if "journal" in found and found.get("method") != "voucher":
        problems.append("journalNumber is given without exportMethod=voucher.")
    return found, problems


def _problem(key: str, equals: str, value: str, found: dict[str, str | int]) -> str:
    if not equals:
        return f"{key!r} is not of the form key=value."
    if key not in KEYS:
        return f"{key!r} is not a known key. {suggestion(key, list(KEYS))}"
    if KEYS[key] in found:
        return f"{key} is given twice."
    if key == "exportMethod" and value not in _METHODS:
        return f"exportMethod is {value!r}; it is invoice or voucher."
    if key == "journalNumber" and not (value.isascii() and value.isdigit() and int(value) > 0):
        return f"journalNumber is {value!r}; it is a number from 1 on."
    return ""
