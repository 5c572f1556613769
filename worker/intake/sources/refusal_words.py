"""A refused file in words, English and Danish: what is wrong where, and what to write instead."""

import re
from collections.abc import Sequence

from worker.domain.sums import Problem
from worker.forward.folder import refusal_text

#: What the checks say, by a phrase of theirs -> the same in Danish; the first that fits counts.
_DANISH = (
    ("is missing; add it", "mangler; tilføj det"),
    ("is missing", "mangler; tilføj det, eller skriv det i mappingen"),
    ("must be an amount", "skal være et beløb med højst to decimaler, fx 1234.50"),
    ("is not an amount", "er ikke et beløb; skriv punktum før decimalerne og intet andet, fx 1234.50"),
    ("is no amount", "er ikke et beløb; skriv det som 1.234,50, eller sæt table.decimal i mappingen"),
    ("more than two decimals", "har flere end to decimaler; afrund i Opter"),
    ("must be a date", "skal være en dato skrevet år-måned-dag, fx 2026-11-20"),
    ("a moment is written", "skal være et tidspunkt med forskydning fra UTC, fx 2026-11-20T15:04:05Z"),
    ("is no date", "er ikke en dato; skriv den som 20-11-2026, eller sæt table.dates i mappingen"),
    ("is not a plausible date", "er ikke en sandsynlig dato; ret den i Opter"),
    ("must be a whole number", "skal være et helt tal, fx 1001"),
    ("must be Opter's invoice number", "skal være Opters fakturanummer, højst ni cifre og intet andet"),
    ("an invoice type is one of", "er ikke en fakturatype; oversæt ordet under values.invoiceType i mappingen"),
    ("three letters", "skal være valutaens tre bogstaver, fx DKK"),
    ("two letters", "skal være landets to bogstaver, fx DK"),
    ("put all rows of an invoice together", "står også længere oppe; saml alle fakturaens rækker"),
    ("differs from", "er ikke det samme som i fakturaens andre rækker; ret, så de er ens"),
    ("is no column of this file", "er ikke en kolonne i filen; ret mappingen"),
    ("names two columns", "er navnet på to kolonner; omdøb den ene"),
    ("is no field of ours", "er ikke et af vores felter; se vejledningen"),
    ("has no column", "har ingen kolonne; skriv den i mappingen"),
    ("has no sales account", "har ingen salgskonto; tilføj en regel under ubl.accounts i mappingen"),
    ("has no VAT code", "har ingen momskode; tilføj en regel under ubl.vat_codes i mappingen"),
    ("is not part of the contract", "er ikke et felt, vi kender; udelad det, eller ret stavemåden"),
    ("stands there twice", "står to gange; skriv det én gang"),
    ("is an attribute", "er en attribut; skriv feltet som et element"),
    ("is a type of document", "er en dokumenttype, der ikke eksporteres; bogfør den i hånden"),
    ("add up to", "stemmer ikke med summen af sine dele; ret i Opter"),
    ("% of", "passer ikke til momssats og beløb; ret i Opter"),
    ("has no lines", "har ingen linjer; ret i Opter"),
    ("occurs", "er brugt af flere fakturaer; ret i Opter"),
    ("lines with number", "har flere linjer med samme nummer; nummerér dem på ny"),
    ("announces", "antallet af fakturaer stemmer ikke med det, filen angiver"),
    ("control total", "kontrolsummen stemmer ikke med fakturaerne"),
    ("names export", "er til en anden eksport; læg filen i den rigtige mappe"),
    ("of the files before it", "er ikke det samme som i periodens andre filer"),
    ("DOCTYPE", "filen har en DOCTYPE; udelad den"),
    ("Not well-formed XML", "filen er ikke gyldig XML; eksportér den igen"),
    ("The root is", "filens rodelement er ukendt; brug et stylesheet, eller vores XML"),
    ("stylesheet", "stylesheetet kan ikke bruges til filen; ret det"),
    ("XLSX", "filen er ikke en brugbar Excel-projektmappe; gem den på ny uden adgangskode"),
    ("CSV", "filen er ikke brugbar CSV; eksportér den på ny"),
    ("neither JSON", "formatet er ukendt; giv en CSV-fil endelsen .csv"),
    ("no invoices", "filen indeholder ingen fakturaer"),
    ("The file is empty", "filen er tom; første række skal være kolonnernes navne"),
    ("bytes", "er for stort; del filen i flere"),
    ("more problems", "der er flere fejl end dem, der er vist her"),
    ("is not", "stemmer ikke med de andre oplysninger i dokumentet"),
)
_LINE = re.compile(r"\bline (\d+)")


def words(name: str, problems: Sequence[Problem]) -> str:
    """Return what is written beside a file that was refused."""
    steps = dict.fromkeys(problem.reason.next_step for problem in problems)
    english = [problem.description for problem in problems]
    return refusal_text(name, english, steps, [danish(problem) for problem in problems])


def danish(problem: Problem) -> str:
    """Return a problem in Danish: where, which invoice, field and value, what to write; else its English text."""
    said = next((ours for phrase, ours in _DANISH if phrase in problem.description), None)
    line = _LINE.search(problem.description)
    parts = [
        f"linje {line[1]}" if line else "",
        f"faktura {problem.invoice_number}" if problem.invoice_number is not None else "",
        f"felt {problem.field}" if problem.field else "",
        f"værdi {problem.value!r}" if problem.value else "",
    ]
    where = ", ".join(part for part in parts if part)
    text = said or f"(på engelsk) {problem.description}"
    return f"{where}: {text}." if where and said else f"{text}." if said else text
