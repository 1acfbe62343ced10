"""How settings travel: sections of the study as one canonical JSON text.

A rule names the sections it needs (``params: settings=settings("train", "substance")``); the text holds nothing else,
so Snakemake's params trigger sees exactly what the job can see, and the script that asks for a section its rule did
not declare fails at once.
"""

import json
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.fields import FieldInfo

SectionType = TypeVar("SectionType", bound=BaseModel)
BLANK = "-"  # what a job sees instead of a caption it did not ask for
BRACE_IN_A_STRING = re.compile(r'\{(?=[^"}])')  # of JSON without blanks: its own braces stand before " or }


class Section(BaseModel):
    """Base of every section of a study: immutable, unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _one_zero(cls, value: Any) -> Any:
        """-0.0 is 0.0: as a pressure it would name other files."""
        if isinstance(value, float):
            return value + 0.0
        if isinstance(value, list) and all(isinstance(one, float) for one in value):
            return [one + 0.0 for one in value]
        return value


class PartsOf:
    """Parts of one section, so that a job sees only the settings it depends on; every part holds some of its fields.

    Args:
        section: dotted path of the section in a study.
    """

    def __init__(self, section: str) -> None:
        self.section = section

    def leaves(self, *parts: type[Section]) -> list[str]:
        """Dotted paths of the parts' settings, for ``settings(...)`` in a rule."""
        return [f"{self.section}.{name}" for part in parts for name in part.model_fields]

    def part_of(self, given: "Settings", part: type[SectionType]) -> SectionType:
        """One part from a job's settings; KeyError if the rule did not declare it."""
        return part.model_validate({name: given.value(f"{self.section}.{name}") for name in part.model_fields})


def amount(default: Any = ..., **constraints: Any) -> Any:
    """A field that only says how many jobs there are (members, iterations, pressures).

    Amounts become targets, never parameters of a job, so that growing one adds jobs and repeats none.
    """
    return Field(default, json_schema_extra={"amount": True}, **constraints)


def place(default: Any = ..., **constraints: Any) -> Any:
    """A field that says how or where something is run on this machine (a command, ranks, a scratch folder).

    Jobs that need it are given it beside their parameters (``places_text``), so that another machine reruns nothing.
    """
    return Field(default, json_schema_extra={"place": True}, **constraints)


def caption(default: Any = ..., **constraints: Any) -> Any:
    """A name that people read in figures and tables; only jobs that ask for it by its own path see it."""
    return Field(default, json_schema_extra={"caption": True}, **constraints)


def _is(kind: str, field: FieldInfo) -> bool:
    extra = field.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get(kind))


def canonical(section: BaseModel) -> dict[str, Any]:
    """The section as plain data without amounts and places; captions are blank."""
    data = section.model_dump(mode="json")
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if _is("amount", field) or _is("place", field):
            del data[name]
        elif _is("caption", field):
            data[name] = BLANK
        elif isinstance(value, BaseModel):
            data[name] = canonical(value)
    return data


def places_text(section: BaseModel) -> str:
    """Places of a section as canonical JSON."""
    fields = type(section).model_fields.items()
    return to_text({name: getattr(section, name) for name, field in fields if _is("place", field)})


def to_text(values: dict[str, Any]) -> str:
    """Sorted JSON: names and order can't fool the params trigger.

    Snakemake looks for wildcards in it, and its report pastes it into a script: names hold neither braces nor ``<``
    here, but JSON's own escapes of them.
    """
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return BRACE_IN_A_STRING.sub(r"\\u007b", text.replace("<", r"\u003c"))


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
