"""The procedure description: how bookkeeping runs through this installation, written from its live settings.

The Danish Bookkeeping Act asks a company for a written description of its procedures (lov 700/2022, BEK 97 and
98/2023); an accountant has to confirm that it suffices. Its hash changes with every setting.
"""

import hashlib
import html
from collections.abc import Iterator, Mapping
from importlib.metadata import version

from pydantic import BaseModel, SecretStr

from config.exports import ExportConfig
from config.settings import Settings
from worker.cli.procedure_texts import CHAPTERS, Language, Sentence

_TITLES = {"en": "Procedure description of the invoice export", "da": "Procedurebeskrivelse for fakturaeksporten"}
_EXPORT = {"en": "Export {name}", "da": "Eksport {name}"}
_SETTINGS = {"en": "All settings", "da": "Alle indstillinger"}
_HASH = {
    "en": "SHA-256 of all of the above: `{hash}`. It is another as soon as a setting is.",
    "da": "SHA-256 af alt ovenstående: `{hash}`. Den er en anden, så snart en indstilling er det.",
}


def procedure(settings: Settings, exports: Mapping[str, ExportConfig], language: Language) -> str:
    """Return the description as Markdown; its last line is its hash."""
    lines = [f"# {_TITLES[language]}", ""]
    for name in sorted(exports):
        lines += [f"## {_EXPORT[language].format(name=name)}", "", *_chapters(settings, exports[name], language)]
    lines += [f"## {_SETTINGS[language]}", ""]
    lines += [f"- `{key}` = `{value}`" for key, value in _settings(settings, exports)]
    body = "\n".join(lines)
    return f"{body}\n\n{_HASH[language].format(hash=hashlib.sha256(body.encode()).hexdigest())}\n"


def as_html(markdown: str, language: Language) -> str:
    """Return the same as one HTML page."""
    head = f'<meta charset="utf-8"><title>{_TITLES[language]}</title>'
    body = "".join(_elements(markdown))
    return f'<!doctype html>\n<html lang="{language}"><head>{head}</head>\n<body>\n{body}</body></html>\n'


def _chapters(settings: Settings, export: ExportConfig, language: Language) -> Iterator[str]:
    values = _values(settings, export)
    for chapter in CHAPTERS:
        said = [_said(sentence, language, values) for sentence in chapter.sentences if sentence.when(settings, export)]
        yield f"### {chapter.da if language == 'da' else chapter.en}"
        yield ""
        yield from (f"- {text}" for text in said)
        yield ""


def _said(sentence: Sentence, language: Language, values: Mapping[str, object]) -> str:
    return (sentence.da if language == "da" else sentence.en).format(**values)


def _values(settings: Settings, export: ExportConfig) -> Mapping[str, object]:
    return {
        "agreement": export.agreement or "-",
        "journal": export.journal,
        "excluded": ", ".join(name for name, rules in export.types.items() if not rules.export),
        "first_date": export.first_date,
        "version": version("opter-economic"),
        "environment": settings.environment,
        "tolerance": export.booking.tolerance,
        "nightly_hour": settings.certificates.nightly_hour,
        "nightly_days": settings.certificates.nightly_days,
        "check_hours": settings.agreements.check_hours,
        "attempts": settings.retry.max_attempts,
    }


def _settings(settings: Settings, exports: Mapping[str, ExportConfig]) -> Iterator[tuple[str, str]]:
    """Yield every setting with its value; secrets are left out, as is what differs from machine to machine."""
    yield from _flat("settings", settings)
    for name in sorted(exports):
        yield from _flat(f"exports.{name}", exports[name])


def _flat(path: str, model: BaseModel) -> Iterator[tuple[str, str]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _flat(f"{path}.{name}", value)
        elif isinstance(value, dict):
            yield from ((f"{path}.{name}.{key}", str(each)) for key, each in sorted(value.items()))
        elif not isinstance(value, SecretStr):
            yield f"{path}.{name}", str(value)


def _elements(markdown: str) -> Iterator[str]:
    inside = False
    for line in markdown.splitlines():
        item = line.startswith("- ")
        if item != inside:
            yield "<ul>\n" if item else "</ul>\n"
            inside = item
        text = html.escape(line.lstrip("#- ")).replace("`", "")
        level = len(line) - len(line.lstrip("#"))
        if item:
            yield f"<li>{text}</li>\n"
        elif level:
            yield f"<h{level}>{text}</h{level}>\n"
        elif text:
            yield f"<p>{text}</p>\n"
