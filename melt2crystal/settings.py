"""How settings travel: sections of the study as one canonical JSON text.

A rule names the sections it needs (``params: settings=settings("train", "substance")``); the text holds nothing else,
so Snakemake's params trigger sees exactly what the job can see, and the script that asks for a section its rule did
not declare fails at once.
"""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

SectionType = TypeVar("SectionType", bound=BaseModel)


class Section(BaseModel):
    """Base of every section of a study: immutable, unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def amount(default: Any = ..., **constraints: Any) -> Any:
    """A field that only says how many jobs there are (members, iterations, pressures).

    Amounts become targets, never parameters of a job, so that growing one adds jobs and repeats none.
    """
    return Field(default, json_schema_extra={"amount": True}, **constraints)


def canonical(section: BaseModel) -> dict[str, Any]:
    """The section as plain data without its amounts."""
    data = section.model_dump(mode="json")
    for name, field in type(section).model_fields.items():
        extra = field.json_schema_extra
        value = getattr(section, name)
        if isinstance(extra, dict) and extra.get("amount"):
            del data[name]
        elif isinstance(value, BaseModel):
            data[name] = canonical(value)
    return data


def to_text(values: dict[str, Any]) -> str:
    """Sorted JSON: names and order can't fool the params trigger."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


class Settings:
    """The sections one job was given, parsed from its canonical text.

    Args:
        text: JSON object, dotted section path -> section (``{"train": {...}, "seed": 1}``), or the path of a file
            that holds it (``@settings.json``), which is handier by hand.
    """

    def __init__(self, text: str) -> None:
        if text.startswith("@"):
            with open(text[1:], encoding="utf-8") as handle:
                text = handle.read()
        self.values: dict[str, Any] = json.loads(text)
        self.text = to_text(self.values)

    def section(self, name: str, model: type[SectionType]) -> SectionType:
        """Section ``name`` as its pydantic model.

        Raises:
            KeyError: the rule did not declare this section.
        """
        return model.model_validate(self.value(name))

    def value(self, name: str) -> Any:
        """A plain value such as ``seed``; raises KeyError if the rule did not declare it."""
        if name not in self.values:
            raise KeyError(
                f"section {name!r} was not given to this job (it has {', '.join(sorted(self.values))}); "
                "declare it in the rule's settings(...)"
            )
        return self.values[name]
