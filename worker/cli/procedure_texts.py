"""The sentences of the procedure description, English and Danish, each with when it is true of an installation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from config.exports import ExportConfig
from config.settings import Settings

Language = Literal["en", "da"]


def _always(_: Settings, __: ExportConfig) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """One sentence; ``{values}`` are filled in from settings and export."""

    en: str
    da: str
    when: Callable[[Settings, ExportConfig], bool] = _always


@dataclass(frozen=True, kw_only=True, slots=True)
class Chapter:
    """One question that the description answers."""

    en: str
    da: str
    sentences: Sequence[Sentence]


def _invoice(_: Settings, export: ExportConfig) -> bool:
    return export.method == "invoice"


def _voucher(_: Settings, export: ExportConfig) -> bool:
    return export.method == "voucher"


CHAPTERS: Sequence[Chapter] = (
    Chapter(
        en="What is registered, and when",
        da="Hvad der registreres, og hvornår",
        sentences=(
            Sentence(
                en=(
                    "When an invoice period is closed in Opter, every invoice of it is sent to e-conomic, "
                    "agreement {agreement}."
                ),
                da=(
                    "Når en fakturaperiode lukkes i Opter, sendes hver af dens fakturaer til e-conomic, aftale "
                    "{agreement}."
                ),
            ),
            Sentence(
                en="Each becomes an invoice draft, which is booked once its totals are Opter's.",
                da="Hver bliver til en fakturakladde, som bogføres, når dens summer er Opters.",
                when=lambda s, e: _invoice(s, e) and e.booking.book,
            ),
            Sentence(
                en="Each becomes an invoice draft; a person books it in e-conomic.",
                da="Hver bliver til en fakturakladde; en person bogfører den i e-conomic.",
                when=lambda s, e: _invoice(s, e) and not e.booking.book,
            ),
            Sentence(
                en="Each becomes a voucher in journal {journal}, which is booked at once.",
                da="Hver bliver til et bilag i kassekladde {journal}, som bogføres straks.",
                when=lambda s, e: _voucher(s, e) and e.voucher.book,
            ),
            Sentence(
                en="Each becomes a voucher in journal {journal}, which a person reviews and books.",
                da="Hver bliver til et bilag i kassekladde {journal}, som en person gennemgår og bogfører.",
                when=lambda s, e: _voucher(s, e) and not e.voucher.book,
            ),
            Sentence(
                en="Invoices keep Opter's numbers.",
                da="Fakturaerne beholder Opters numre.",
                when=lambda s, e: _voucher(s, e) or e.booking.numbers == "opter",
            ),
            Sentence(
                en="e-conomic numbers the invoices; Opter's number stands in their text and reference.",
                da="e-conomic nummererer fakturaerne; Opters nummer står i tekst og reference.",
                when=lambda s, e: _invoice(s, e) and e.booking.numbers == "economic",
            ),
            Sentence(
                en="These invoice types stay out of e-conomic on purpose: {excluded}.",
                da="Disse fakturatyper holdes bevidst ude af e-conomic: {excluded}.",
                when=lambda _, e: any(not rules.export for rules in e.types.values()),
            ),
            Sentence(
                en="Invoices dated before {first_date} are never sent.",
                da="Fakturaer dateret før {first_date} sendes aldrig.",
                when=lambda _, e: e.first_date is not None,
            ),
        ),
    ),
    Chapter(
        en="Who does it",
        da="Hvem der gør det",
        sentences=(
            Sentence(
                en="The program opter-economic {version}, installation {environment}, does it without a person's part.",
                da=(
                    "Programmet opter-economic {version}, installation {environment}, gør det uden en persons "
                    "medvirken."
                ),
            ),
            Sentence(
                en=(
                    "A person who re-queues, marks, accepts or explains something is named in its history, with "
                    "time and reason."
                ),
                da=(
                    "En person, der sætter i kø igen, markerer, accepterer eller forklarer noget, står i "
                    "historikken med tid og grund."
                ),
            ),
        ),
    ),
    Chapter(
        en="Which controls there are",
        da="Hvilke kontroller der er",
        sentences=(
            Sentence(
                en=(
                    "Before a period's first entry, its invoices are checked: sums to the øre, control totals, "
                    "set-up, customers, open periods."
                ),
                da=(
                    "Før periodens første postering kontrolleres fakturaerne: summer til øret, kontrolsummer, "
                    "opsætning, kunder, åbne perioder."
                ),
            ),
            Sentence(
                en=(
                    "Before booking, net, VAT and gross are compared with Opter's; the accepted difference is "
                    "{tolerance}."
                ),
                da=(
                    "Før bogføring sammenlignes netto, moms og brutto med Opters; den accepterede afvigelse er "
                    "{tolerance}."
                ),
                when=_invoice,
            ),
            Sentence(
                en=(
                    "Nothing is entered twice: each request is recorded before it is sent, and looked up after "
                    "an uncertain outcome."
                ),
                da=(
                    "Intet posteres to gange: hver forespørgsel noteres, før den sendes, og slås op efter et "
                    "uvist udfald."
                ),
            ),
            Sentence(
                en=(
                    "When a period has been exported, it is read back from e-conomic and compared invoice by "
                    "invoice; the certificate is kept unchanged."
                ),
                da=(
                    "Når en periode er eksporteret, læses den tilbage fra e-conomic og sammenlignes faktura for "
                    "faktura; certifikatet gemmes uændret."
                ),
                when=lambda s, _: s.certificates.after_export,
            ),
            Sentence(
                en="Periods are read back on demand only.",
                da="Perioder læses kun tilbage på anmodning.",
                when=lambda s, _: not s.certificates.after_export,
            ),
            Sentence(
                en=(
                    "Every night from {nightly_hour}:00 UTC the periods of the last {nightly_days} days are read "
                    "back once more."
                ),
                da=(
                    "Hver nat fra kl. {nightly_hour}:00 UTC læses de seneste {nightly_days} dages perioder "
                    "tilbage igen."
                ),
                when=lambda s, _: s.certificates.nightly,
            ),
            Sentence(
                en=(
                    "Every {check_hours:g} hours the agreement is checked by itself: set-up, plan, roles, modules, and "
                    "whether e-conomic still answers as it did; what is found is shown before a period is exported."
                ),
                da=(
                    "Hver {check_hours:g}. time kontrolleres aftalen af sig selv: opsætning, pakke, roller, moduler, "
                    "og om e-conomic stadig svarer som før; det, der findes, vises, inden en periode eksporteres."
                ),
                when=lambda s, _: s.agreements.check_hours > 0,
            ),
            Sentence(
                en=(
                    "Opter's number series are accounted for number by number; a number that never came is shown "
                    "until it is explained."
                ),
                da=(
                    "Der gøres rede for Opters nummerserier nummer for nummer; et nummer, der aldrig kom, vises, "
                    "til det er forklaret."
                ),
            ),
        ),
    ),
    Chapter(
        en="How failures are handled",
        da="Hvordan fejl håndteres",
        sentences=(
            Sentence(
                en="What fails for a while is tried again, at most {attempts} times; meanwhile nothing is lost.",
                da="Det, der fejler midlertidigt, prøves igen, højst {attempts} gange; imens går intet tabt.",
            ),
            Sentence(
                en=(
                    "What a person has to correct rests with its reason and the next step until somebody has "
                    "acted; it is never dropped."
                ),
                da=(
                    "Det, en person skal rette, hviler med årsag og næste skridt, til nogen har handlet; det "
                    "forsvinder aldrig."
                ),
            ),
            Sentence(
                en="An invoice dated in a closed or barred period is refused.",
                da="En faktura dateret i en lukket eller spærret periode afvises.",
                when=lambda _, e: e.closed_period == "refuse",
            ),
            Sentence(
                en="An invoice dated in a closed or barred period waits until the period is opened.",
                da="En faktura dateret i en lukket eller spærret periode venter, til perioden åbnes.",
                when=lambda _, e: e.closed_period == "hold",
            ),
            Sentence(
                en="What is booked is never changed: it is corrected by a credit note from Opter.",
                da="Det bogførte ændres aldrig: det rettes med en kreditnota fra Opter.",
            ),
            Sentence(
                en="A credit note that cancels its invoice out is matched with it; all others are left to a person.",
                da="En kreditnota, der går op med sin faktura, udlignes med den; alle andre overlades til en person.",
                when=lambda _, e: e.corrections.match,
            ),
        ),
    ),
    Chapter(
        en="Where vouchers are kept",
        da="Hvor bilagene opbevares",
        sentences=(
            Sentence(
                en="The printed invoice is attached in e-conomic to what was booked, where Opter's event carries one.",
                da="Den udskrevne faktura vedhæftes i e-conomic på det bogførte, hvor Opters hændelse har en med.",
                when=lambda s, e: _voucher(s, e) or e.booking.attach_pdf,
            ),
            Sentence(
                en="The printed invoice is not attached in e-conomic; it has to be kept elsewhere.",
                da="Den udskrevne faktura vedhæftes ikke i e-conomic; den skal opbevares et andet sted.",
                when=lambda s, e: _invoice(s, e) and not e.booking.attach_pdf,
            ),
            Sentence(
                en="A voucher without a usable PDF is refused before anything is posted.",
                da="Et bilag uden brugbar PDF afvises, før noget posteres.",
                when=lambda s, e: _voucher(s, e) and e.voucher.missing_pdf == "refuse",
            ),
            Sentence(
                en=(
                    "The program's own record of each invoice and its certificates are kept for good in its "
                    "Redis database."
                ),
                da=(
                    "Programmets egne noter om hver faktura og dens certifikater opbevares uden udløb i dets "
                    "Redis-database."
                ),
            ),
        ),
    ),
    Chapter(
        en="Payments",
        da="Betalinger",
        sentences=(
            Sentence(
                en="Payments registered in e-conomic are reported to Opter, each once.",
                da="Betalinger registreret i e-conomic meldes til Opter, hver én gang.",
                when=lambda _, e: bool(e.payments.folder or e.payments.url),
            ),
            Sentence(
                en="Payments registered in e-conomic are not reported to Opter by this program.",
                da="Betalinger registreret i e-conomic meldes ikke til Opter af dette program.",
                when=lambda _, e: not (e.payments.folder or e.payments.url),
            ),
        ),
    ),
)
