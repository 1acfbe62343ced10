"""The study: every setting of a run, checked as a whole. The only truth about configuration.

Sections live in ``melt2crystal/sections/``; this module joins them. Scripts and science modules import the section
they need, never this module, so that a new setting of one stage doesn't rerun the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from melt2crystal.errors import UserError
from melt2crystal.sections.benchmark import Benchmark
from melt2crystal.sections.explore import Explore, Select
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.jobs import Jobs
from melt2crystal.sections.liquid import Certificate, Liquid
from melt2crystal.sections.reference import Label, Reference, VaspReference
from melt2crystal.sections.search import Search
from melt2crystal.sections.substance import PressureRow, Substance, melting_curve
from melt2crystal.sections.train import Release, Train, Training
from melt2crystal.settings import Section, canonical, to_text
from melt2crystal.study.checks import mistakes_between_sections
from melt2crystal.study.mistakes import booleans_for_numbers, from_validation, raise_mistakes
from melt2crystal.study.source import KeyPath, Source, merged, on_its_base, read_source, read_study, study_path

PLUMBING = ("study", "results")  # keys of config/config.yaml that are no part of a study


class Study(Section):
    """One study: one file in config/studies. What it leaves out has the default, Table 1 of the paper."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="the file's name without .yaml; names the results folder"
    )
    seed: int = Field(1, ge=0, lt=2**31, description="root of every random number of the study")
    substance: Substance = Field(Substance(), description="what is simulated")
    grid: list[PressureRow] = Field(list(melting_curve()), min_length=1, description="the (T, p) grid of the melt")
    liquid: Liquid = Field(Liquid(), description="melting and sampling")
    certificate: Certificate = Field(Certificate(), description="certificate of disorder")
    reference: Reference = Field(VaspReference(), description="what stands for the truth")
    label: Label = Field(Label(), description="labelling")
    train: Train = Field(Train(), description="network and ensembles of the loop")
    explore: Explore = Field(Explore(), description="exploration by molecular dynamics")
    select: Select = Field(Select(), description="selection of frames to label")
    release: Release = Field(Release(), description="the two released potentials")
    benchmark: Benchmark = Field(Benchmark(), description="polymorphs and what is computed for them")
    search: Search = Field(Search(), description="structure search")
    figures: Figures = Field(Figures(), description="style of the figures")
    jobs: Jobs = Field(Jobs(), description="what jobs ask of a machine")

    def training_of(self, ensemble: str) -> Training:
        """Training of an ensemble: iteration-00, ... of the loop, or the released lp or hp."""
        if ensemble.startswith("iteration"):
            return self.train.loop
        return (self.release.lp if ensemble == "lp" else self.release.hp).training


def load_study(
    config: dict[str, Any], root: Path, check_files: bool = False, configfiles: Sequence[Path | str] = ()
) -> Study:
    """The study that Snakemake's ``config`` asks for.

    ``study`` names a file of config/studies (or is a path); every other key but ``results`` overrides it. A ``name``
    means that ``config`` is a whole study itself (``--configfile config/studies/ci.yaml``).

    Args:
        config: Snakemake's configuration, already merged.
        root: repository root; relative paths start there.
        check_files: also open the files the study names (a second or two; the main process does it, jobs needn't).
        configfiles: the files ``config`` was read from, for line numbers in messages.

    Raises:
        UserError: one line per mistake: file, key, what is wrong, what is allowed.
    """
    root = Path(root)
    given = _given(config, root, configfiles)
    if "name" in config:
        source = on_its_base(given, root, Study)
    else:
        asked_by = f"{given.place(('study',))}: study"
        if "extends" in config:
            raise UserError(
                f"{given.place(('extends',))}: name: is missing; allowed: the name of this study (it extends another)"
            )
        if "study" not in config:
            raise UserError(f"{asked_by}: is missing; allowed: the name of a file in config/studies (study: laptop)")
        file = read_study(study_path(config["study"], root, asked_by), root, Study)
        source = merged(file, given, Study)
        source.label = file.label
    study, mistakes = _validated(source)
    broken = {str(mistake.path[0]) for mistake in mistakes if mistake.path}
    mistakes = source.mistakes + mistakes + mistakes_between_sections(study, broken)
    if check_files:
        from melt2crystal.study.named_files import mistakes_in_files

        mistakes += mistakes_in_files(study, root, broken)
    raise_mistakes(mistakes, source)
    return study


def _given(config: dict[str, Any], root: Path, configfiles: Sequence[Path | str]) -> Source:
    """What Snakemake was given, with places where the configuration files tell them."""
    given = Source("--config/--configfile", {key: config[key] for key in config if key not in PLUMBING})
    given.places = {path: given.label for path in _paths(given.data)}
    for name in configfiles:
        file = read_source(root / name, root)
        given.mistakes += file.mistakes
        for path, place in file.places.items():
            if _value_at(config, path) == _value_at(file.data, path):
                given.places[path] = place
    return given


def _paths(data: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Paths of everything inside plain data."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from _paths(value, (*path, key))


def _value_at(data: Any, path: Sequence[str | int]) -> Any:
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _validated(source: Source) -> tuple[Study, list[Any]]:
    """The study and the mistakes of single fields; sections with mistakes are left at their defaults."""
    try:
        study = Study.model_validate(source.data)
    except ValidationError as error:
        mistakes = from_validation(error, Study.model_json_schema())
        broken = {str(mistake.path[0]) for mistake in mistakes if mistake.path}
        kept = {key: value for key, value in source.data.items() if key not in broken}
        study = Study.model_validate({**kept, "name": kept.get("name", "study")})
        return study, mistakes
    return study, booleans_for_numbers(source.data, study.model_dump())


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
