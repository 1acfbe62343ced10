"""From what pydantic found to one line per mistake: file, key, what is wrong, what is allowed."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import ValidationError

from melt2crystal.errors import UserError
from melt2crystal.study.keys import Schema, allowed, every_key, follow, keys_of
from melt2crystal.study.source import KeyPath, Mistake, Source

MOST_TOLD = 30  # mistakes in one message


def dotted(path: KeyPath) -> str:
    """``grid[2].pressure_GPa``."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".") or "the study"


def from_validation(error: ValidationError, schema: Schema) -> list[Mistake]:
    """One Mistake for each of pydantic's errors.

    Args:
        error: what ``model_validate`` raised.
        schema: ``model_json_schema()`` of the same model.
    """
    details = [detail for detail in error.errors(include_url=False) if not _of_the_other_option(detail)]
    told = [_mistake(detail, schema) for detail in details[:MOST_TOLD]]
    if len(details) > MOST_TOLD:
        told.append(Mistake((), f"{len(details) - MOST_TOLD} more mistakes", "keys and values of a study"))
    return told


def _of_the_other_option(detail: Any) -> bool:
    """Whether an error only says that a section is no text, or a text no section, where both are allowed."""
    option, section = str(detail["loc"][-1]) if detail["loc"] else "", isinstance(detail["input"], dict)
    return (detail["type"] == "string_type" and option == "str" and section) or (
        detail["type"] == "model_type" and option[:1].isupper() and not section
    )


def _mistake(detail: Any, schema: Schema) -> Mistake:
    kind, location, value = detail["type"], detail["loc"], detail["input"]
    path, node = follow(schema, location)
    if kind == "extra_forbidden":
        _, parent = follow(schema, location[:-1])
        return Mistake(path, f"unknown key{_suggestion(path, parent, schema)}", ", ".join(keys_of(parent)))
    if kind == "missing":
        return Mistake(path, "is missing", allowed(node, schema))
    if kind == "union_tag_not_found":
        path = (*path, node["discriminator"]["propertyName"])
        return Mistake(path, "is missing", " or ".join(node["discriminator"]["mapping"]))
    if kind == "union_tag_invalid":
        tags = list(node["discriminator"]["mapping"])
        path = (*path, node["discriminator"]["propertyName"])
        tag = detail["ctx"]["tag"]
        return Mistake(path, f"{tag!r} is not known{_did_you_mean(tag, tags)}", " or ".join(tags))
    if kind == "value_error":
        return Mistake(path, str(detail["ctx"]["error"]), _without_keys(node, schema))
    if kind == "literal_error":
        return Mistake(
            path, f"{value!r} is not known{_did_you_mean(value, node.get('enum', []))}", allowed(node, schema)
        )
    return Mistake(
        path, f"{_short(value)} is wrong ({detail['msg'][0].lower()}{detail['msg'][1:]})", allowed(node, schema)
    )


def _without_keys(node: Schema, schema: Schema) -> str:
    """What is allowed where a rule of the section (not of one field) was broken: the rule has just been stated."""
    return "a section that keeps this rule" if "properties" in node else allowed(node, schema)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _did_you_mean(word: Any, known: list[str]) -> str:
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.6)
    return f", did you mean {close[0]}?" if close else ""


def _suggestion(path: KeyPath, parent: Schema, schema: Schema) -> str:
    """The close match in this section, or the place of the key in another one."""
    near = _did_you_mean(path[-1], keys_of(parent))
    if near:
        return near
    elsewhere = [key for key in every_key(schema) if key[-1] == path[-1]]
    return f", did you mean {' or '.join(map(dotted, elsewhere[:3]))}?" if elsewhere else ""


def other_types(given: Any, accepted: Any, path: KeyPath = ()) -> list[Mistake]:
    """Places where yes/no/true/false was taken for 1 or 0, or a text or a number for true or false."""
    if isinstance(given, bool) and not isinstance(accepted, bool):
        number = isinstance(accepted, (int, float))
        return [Mistake(path, f"{str(given).lower()} is no number", "a number")] if number else []
    if isinstance(accepted, bool) and not isinstance(given, bool):
        return [Mistake(path, f"{_short(given)} is neither true nor false", "true or false")]
    if isinstance(given, dict) and isinstance(accepted, dict):
        pairs = [(key, given[key], accepted[key]) for key in given if key in accepted]
    elif isinstance(given, list) and isinstance(accepted, (list, tuple)):
        pairs = [(index, one, other) for index, (one, other) in enumerate(zip(given, accepted, strict=False))]
    else:
        return []
    return [mistake for key, one, other in pairs for mistake in other_types(one, other, (*path, key))]


def raise_mistakes(mistakes: list[Mistake], source: Source) -> None:
    """Raise one UserError with a line for each mistake; nothing if there is none."""
    if not mistakes:
        return
    lines = dict.fromkeys(
        f"{mistake.where or source.place(mistake.path)}: {dotted(mistake.path)}: {mistake.problem}"
        f"; allowed: {mistake.allowed}"
        for mistake in mistakes
    )
    shown = list(lines)[:MOST_TOLD]
    if len(lines) > len(shown):
        shown.append(f"and {len(lines) - len(shown)} more")
    count = "1 mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
    raise UserError(f"{count} in the configuration:\n" + "\n".join(f"  {line}" for line in shown))
