"""The short spelling of an invoice's content, for those that are done: what every invoice says becomes one character.

Canonical JSON holds no control character, so each of them can stand for a phrase; scripts read the same table. What is
written so stays readable for ever: a further table begins with another mark, and this one is never changed.
"""

from collections.abc import Mapping

#: Stands before a short content; a content in full begins with a brace.
MARK = "\x1f"
_PHRASES = (
    '"],"paymentCondition":{"days":',
    ',"fromEndOfMonth":false,"name":"',
    '","invoiceType":"',
    '","lines":[{"economicUnits":{',
    '},"lineNumber":',
    '"},{"economicUnits":{',
    ',"invoiceType":"invoice","lines":[{"economicUnits":{',
    '","salesAccount":"',
    '","vatRate":"',
    '","vatCode":"',
    '","text":"',
    '","vat":"',
    ',"net":"',
    '}],"net":"',
    '","orderNumbers":["',
    '"},"rounding":"0.00","vat":"',
    '{"currency":"DKK","customer":{"address":"',
    '","city":"',
    '","code":"',
    '","corporateId":"',
    '","country":"DK","ledgerNumber":',
    '","country":"',
    ',"name":"',
    '","zip":"',
    '"},"dueDate":"20',
    '","invoiceDate":"20',
    '","invoiceNumber":',
)
#: Control characters that stand for phrases: those that part lines are left out.
_CODES = [chr(code) for code in range(1, 31) if chr(code) not in "\t\n\r"]
#: Character -> phrase.
TABLE: Mapping[str, str] = dict(zip(_CODES, _PHRASES, strict=True))
_EXPAND = str.maketrans(dict(TABLE))


def plain(content: str) -> str:
    """Return a content in full, however it is written."""
    return content[1:].translate(_EXPAND) if content.startswith(MARK) else content


def lua_table() -> str:
    """Return the table for the scripts, a list of pairs: the longest phrase first, as it is to be tried."""
    pairs = sorted(TABLE.items(), key=lambda pair: -len(pair[1]))
    rows = ", ".join(f"{{'\\{ord(code)}', '{phrase}'}}" for code, phrase in pairs)
    return f"local PHRASES = {{{rows}}}\n"
