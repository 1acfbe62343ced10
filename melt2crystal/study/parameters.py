"""Sections of a study as the canonical text that a job gets."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from melt2crystal.errors import UserError
from melt2crystal.settings import canonical, to_text
from melt2crystal.study.model import Study


def section_text(study: Study, *paths: str, **extra: Any) -> str:
    """Canonical JSON of the named sections for ``params: settings=...``.

    Args:
        study: the study.
        paths: dotted paths ("train.network", "benchmark.polymorphs.stishovite", "seed").
        extra: further values the job needs, under their own names.

    Raises:
        UserError: there is no such path, or it is an amount (pass the part a job needs as an extra value).
    """
    values = {path: _plain(_section_at(study, path)) for path in paths}
    clashes = set(values) & set(extra)
    if clashes:
        raise UserError(
            f"settings(...): {', '.join(sorted(clashes))} is given twice; give the extra value another name"
        )
    return to_text({**values, **{name: _plain(value) for name, value in extra.items()}})


def _section_at(study: Study, path: str) -> Any:
    value: Any = study
    keys = path.split(".")
    for depth, key in enumerate(keys):
        fields = type(value).model_fields if isinstance(value, BaseModel) else {}
        if key in fields:
            extra = fields[key].json_schema_extra
            is_amount = isinstance(extra, dict) and bool(extra.get("amount"))
            if is_amount and depth == len(keys) - 1:
                raise UserError(
                    f"settings({path!r}): is an amount, no setting of a job; pass what the job needs by name"
                )
            value = getattr(value, key)
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            known = ", ".join(fields or (value if isinstance(value, dict) else ())) or "nothing below it"
            raise UserError(f"settings({path!r}): there is no {key!r} in the study; allowed here: {known}")
    return value


def _plain(value: Any) -> Any:
    """JSON-ready data without amounts."""
    if isinstance(value, BaseModel):
        return canonical(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
