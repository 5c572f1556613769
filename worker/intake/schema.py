"""The JSON Schema of the event, generated: ``python -m worker.intake.schema > deploy/event.schema.json``."""

import json
import sys
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from worker.intake.event import Event

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: Plain decimal notation; money has at most two decimals, an exchange rate more.
_DECIMAL = r"^-?[0-9]+(\.[0-9]+)?$"


class _Published(GenerateJsonSchema):
    """Decimals are strings on the wire, never JSON numbers: a float would not survive every reader to the øre."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        del schema
        return {"type": "string", "pattern": _DECIMAL}


def event_schema() -> dict[str, Any]:
    """Return the schema that publishers can check their events against."""
    schema = Event.model_json_schema(by_alias=True, schema_generator=_Published)
    data = schema["$defs"]["Data"]
    # A rule between two fields, which the model states in code.
    data["oneOf"] = [
        {"required": [name], "properties": {name: {"type": kind}}}
        for name, kind in (("invoices", "array"), ("invoicesRef", "object"))
    ]
    return {"$schema": _DIALECT, **schema, "title": "Opter invoice period closed, version 1"}


def schema_text() -> str:
    """Return the published file's text."""
    return json.dumps(event_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
