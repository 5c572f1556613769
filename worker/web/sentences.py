"""Sentences that code composes of what it found, said in the reader's language by their pattern."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from worker.economic.mapping.reasons import REASONS
from worker.economic.mapping.setup_check import Check
from worker.web.language import mark

#: What is checked of a set-up. Of two patterns that fit, the first counts.
_ITEMS = (
    mark("Tokens and roles"),
    mark("Agreement"),
    mark("New customers"),
    mark("Currency of new customers"),
    mark("Layout ({place})"),
    mark("Layout"),
    mark("VAT zone, domestic"),
    mark("VAT zone, EU"),
    mark("VAT zone, abroad"),
    mark("VAT zone, domestic exempt"),
    mark("Payment condition {name}"),
    mark("Tax rate {name}"),
    mark("Accounting year"),
    mark("Sales account {account}"),
    mark("Clearing account"),
    mark("Rounding account"),
    mark("Journal ({place})"),
    mark("Journal"),
    mark("Barred periods"),
    mark("Sample invoices"),
    mark("Plan"),
    mark("Roles"),
    mark("Modules"),
    mark("Read back"),
    mark("Version"),
    mark("Answers"),
    mark("Clock"),
)
#: What was found.
_FOUND = (
    mark("accepted; set-up, customers, drafts and booked invoices can be read"),
    mark("{agreement}, base currency {currency} (write {line} into the exports file to pin it)"),
    mark("{agreement}, base currency {currency}"),
    mark("customer group {group}, payment terms {terms}"),
    mark("customer group {group}"),
    mark("{name} does not exist; there are: {there}"),
    mark("{name} does not exist"),
    mark("open for entries on {day}"),
    mark("group {group}, product to be created, VAT zones {zones}: not the domestic one"),
    mark("group {group}, product to be created, VAT zones {zones}"),
    mark("group {group}, product {product}, VAT zones {zones}: not the domestic one"),
    mark("group {group}, product {product}, VAT zones {zones}"),
    mark("account {account}"),
    mark("none: only invoices with one sales account and VAT code can be posted"),
    mark("cannot be read with these tokens; invoices in one are refused by e-conomic, one by one"),
    mark("all {number} would pass the check of a period"),
    mark("{plan}: cannot write"),
    mark("missing: {missing}; there are: {there}"),
    mark("{roles}; not compared, as none is known"),
    mark("{roles}; missing for {missing}"),
    mark("not named"),
    mark("none named"),
    mark("none"),
    mark("{path}: can be read"),
    mark("{path}: cannot be read"),
    mark("{path}: offered too; not spoken"),
    mark("{path}: not offered; not spoken"),
    mark("GET {path} no longer tells {properties}"),
    mark("GET {path} also tells {properties}"),
    mark("GET {path} cannot be read any more"),
    mark("recorded for the first time: {number} resources"),
    mark("as recorded: {number} resources"),
    mark("e-conomic's is {seconds} s ahead of ours"),
    mark("e-conomic's is {seconds} s behind ours"),
    mark("agrees"),
)
#: What to do, where it is no reason's own next step.
_STEPS = (
    mark("Set customers.layout to an existing layout."),
    mark("Set {place} to an existing layout."),
    mark("Add the currency in e-conomic, or set customers.currency to one that is there."),
    mark("Correct codes.tax_rates, or create or open the VAT account in e-conomic."),
    mark("Choose an open sales account with a usable VAT code for the domestic zone on the product group."),
    mark("Give the app the role Bookkeeping or SuperUser, or take read_barred_periods out of the exports file."),
    mark("Check api_url and openapi_url in the exports file, the network, and e-conomic's status page; try again."),
    mark("Move the agreement to a plan that can write (Plus, Smart or Komplet), or correct expects.read_only_plans."),
    mark("Have the app's role changed in e-conomic's developer pages, and grant it anew."),
    mark("Have the module opened in e-conomic, or take it out of expects.modules."),
    mark(
        "Read e-conomic's change log and look at the next certificate closely; then "
        "`opter-economic export check NAME --accept-drift` takes it as it is now."
    ),
    mark(
        "Give the app the role Bookkeeping or SuperUser, or name the version that e-conomic offers in the table "
        "reconcile: certificates, attached PDFs and payments need it, the export itself does not."
    ),
    mark("Correct the clock of the server that Redis runs on (NTP)."),
)
#: Why a token was not stored (``worker.runtime.connecting``).
_NOT_CONNECTED = (
    mark(
        "The token opens agreement {agreement}, and export {name} belongs to agreement {bound}: nothing was "
        "stored. Grant access while signed in to the right agreement."
    ),
    mark("The token does not open agreement {agreement}: nothing was stored."),
    mark("Export {name} was bound to another agreement meanwhile: see `export check`."),
    mark(
        "The file of the token cannot be written ({error}): {path}. Give this process the right to "
        "write there, or put the token there yourself."
    ),
)
PATTERNS = (*_ITEMS, *_FOUND, *_STEPS, *_NOT_CONNECTED)
_PLACE = re.compile(r"\\\{(\w+)\\\}")

Say = Callable[[str], str]


def said(text: str, say: Say) -> str:
    """Return a sentence in the language of ``say``; as it is, where no pattern fits it (a name, a number)."""
    for pattern, values in fitting(PATTERNS, text):
        return say(pattern).format(**values)
    return say(text) if text else ""


def values_of(pattern: str, text: str) -> Mapping[str, str] | None:
    """Return what the placeholders of a pattern stand for in a text; None where it does not fit."""
    return next((values for _, values in fitting((pattern,), text)), None)


def fitting(patterns: tuple[str, ...], text: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield each pattern that fits a text, with what its placeholders stand for."""
    for start, end, matcher, pattern in _matchers(patterns):
        # Most fit no beginning or end: hundreds are asked about each text of a page.
        if text.startswith(start) and text.endswith(end) and (found := matcher.fullmatch(text)):
            yield pattern, found.groupdict()


def check_found(check: Check, say: Say) -> str:
    """Return what a check found; where an invoice would be refused for it, the reason in its own words."""
    if check.reason not in REASONS:
        return said(check.found, say)
    parts = (say(REASONS[check.reason].heading), check.about)
    return ": ".join(part for part in parts if part)


@cache
def _matchers(patterns: tuple[str, ...]) -> list[tuple[str, str, re.Pattern[str], str]]:
    """How each pattern begins and ends, and what finds its placeholders."""
    return [
        (
            pattern.partition("{")[0],
            pattern.rpartition("}")[2],
            re.compile(_PLACE.sub(r"(?P<\1>.+)", re.escape(pattern)), re.DOTALL),
            pattern,
        )
        for pattern in patterns
    ]
