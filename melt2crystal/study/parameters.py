"""What a job gets to see of its study: sections as one canonical text, and the parts of lists that concern it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from melt2crystal.errors import UserError
from melt2crystal.sections.substance import PressureRow
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


def melt_states(study: Study) -> list[tuple[float, float]]:
    """Pressure (GPa) and temperature (K) of the melts that are compared: of each pressure the middle temperature."""
    rows = sorted(study.grid, key=lambda row: row.pressure_GPa)
    wanted = study.benchmark.melt.pressures_GPa
    chosen = list(dict.fromkeys([rows[0].pressure_GPa, rows[-1].pressure_GPa])) if wanted is None else wanted
    of = {row.pressure_GPa: sorted(row.temperatures_K) for row in rows}
    return [(pressure, of[pressure][len(of[pressure]) // 2]) for pressure in chosen]


def polymorph_chunks(study: Study) -> list[list[str]]:
    """Polymorphs whose walks share a process; one more at the end of the list leaves the full chunks alone."""
    names, size = list(study.benchmark.polymorphs), study.benchmark.vdos.polymorphs_per_job
    return [names[start : start + size] for start in range(0, len(names), size)]


def polymorph_rows(study: Study, *fields: str, names: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """What a job needs to know of each polymorph, in the study's order; titles, for example, it need not know."""
    chosen = study.benchmark.polymorphs if names is None else names
    return [{"name": name, **study.benchmark.polymorphs[name].model_dump(include=set(fields))} for name in chosen]


def polymorph_table(study: Study, *fields: str, names: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
    """The same by name, for figures."""
    rows = polymorph_rows(study, *fields, names=names)
    return {row.pop("name"): row for row in rows}


def training_parameters(study: Study, ensemble: str) -> dict[str, Any]:
    """Training section of an ensemble without its amounts."""
    return canonical(study.training_of(ensemble))


def pressures_seen(study: Study, ensemble: str) -> list[float] | None:
    """Pressures in GPa whose frames an ensemble may train on; None for all."""
    return None if ensemble.startswith("iteration") else getattr(study.release, ensemble).pressures_GPa


def walk_parameters(study: Study, purpose: str, pressure: str) -> dict[str, Any]:
    """What the walks of a melt need beside the sections: the grid's row, the frames they leave, their length in ps.

    Args:
        study: the study.
        purpose: train or heldout.
        pressure: as in file names, GPa.
    """
    liquid, row = study.liquid, grid_row(study, pressure)
    if purpose == "heldout":
        frames, walk_ps = liquid.heldout_frames_per_state, liquid.heldout_walk_ps
    else:
        frames, walk_ps = liquid.frames_per_state, row.walk_ps or liquid.walk_ps
    return {"row": row_text(row), "frames": frames, "walk_ps": walk_ps}


def grid_row(study: Study, pressure: str) -> PressureRow:
    """The grid's row of a pressure as it stands in file names."""
    return next(row for row in study.grid if f"{row.pressure_GPa:g}" == pressure)


def row_text(row: PressureRow) -> dict[str, Any]:
    """A row as plain data; the length of its walks travels apart."""
    return row.model_dump(mode="json", exclude={"walk_ps"})
