"""A study read from its files, joined with what the command line says, and checked as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from melt2crystal.errors import UserError
from melt2crystal.project import CONFIGURATION, STUDIES, of_project, project_folder
from melt2crystal.provenance import ROOT
from melt2crystal.sections.jobs import MOST_RUNS
from melt2crystal.study.checks import mistakes_between_sections
from melt2crystal.study.mistakes import from_validation, other_types, raise_mistakes
from melt2crystal.study.model import Study
from melt2crystal.study.named_files import mistakes_in_files
from melt2crystal.study.names import mistake_in_name, of_replicate, replicate_name, results_mistakes
from melt2crystal.study.source import KeyPath, Source, merged, on_its_base, read_source, read_study, study_path
from melt2crystal.study.yaml_text import Mistake, absurd_numbers

STUDY_KEY, REPLICATE_KEY = "study", "replicate"
PLUMBING = (STUDY_KEY, REPLICATE_KEY, "results")  # keys of Snakemake's configuration that are no part of a study
COMMAND_LINE_WORDS = {"true": True, "false": False, "null": None}


def the_study(name: str) -> Study:
    """The study of that name, or the one config/config.yaml names.

    Raises:
        UserError: there is no such study, or it has mistakes.
    """
    project = project_folder()
    return load_study({STUDY_KEY: chosen_study(name, project)}, project)


def chosen_study(name: str, project: Path) -> Any:
    """What is asked for: a study by name or path, or else the one config/config.yaml names."""
    home = project if (project / CONFIGURATION).exists() else ROOT
    return name or read_source(home / CONFIGURATION, home).data.get(STUDY_KEY)


def files_of_study(name: str, project: Path) -> list[Path]:
    """Files in which a study is written: its own, those it extends, and the configuration of the project that names it.

    Raises:
        UserError: there is no such study.
    """
    configuration = project / CONFIGURATION
    files = [configuration] if configuration.exists() else []
    path, _ = file_and_run(chosen_study(name, project), project, "study")
    files.append(path)
    while asked := read_source(files[-1], project).data.get("extends"):
        files.append(study_path(asked, project, "study"))
    return files


def file_and_run(asked: Any, root: Path, asked_by: str) -> tuple[Path, int | None]:
    """The file of a study, and which of its runs the name asks for: ``laptop-replicate-2`` is the second run of
    ``laptop``, unless there is a file of that name; None if it asks for none.

    Raises:
        UserError: there is no such study.
    """
    try:
        return study_path(asked, root, asked_by), None
    except UserError:
        found = of_replicate(asked) if isinstance(asked, str) else None
        if not found:
            raise
    return study_path(found[0], root, asked_by), found[1]


def load_study(
    config: dict[str, Any], root: Path, check_files: bool = False, configfiles: Sequence[Path | str] = ()
) -> Study:
    """The study that Snakemake's ``config`` asks for.

    ``study`` names a file of config/studies (or is a path); every other key but ``results`` and ``replicate`` overrides
    it. A ``name`` means that ``config`` is a whole study itself (``--configfile config/studies/ci.yaml``). ``replicate:
    2`` asks for the second run of the study, as ``study: laptop-replicate-2`` does.

    Args:
        config: Snakemake's configuration, already merged.
        root: root of the project; relative paths start there, or in the clone where the project has no such file.
        check_files: also open the files the study names (a second or two; the main process does it, jobs needn't).
        configfiles: the files ``config`` was read from, for line numbers in messages.

    Raises:
        UserError: one line per mistake: file, key, what is wrong, what is allowed.
    """
    root = Path(root)
    given = _given(config, root, configfiles)
    by_name = None
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
        path, by_name = file_and_run(config["study"], root, asked_by)
        file = read_study(path, root, Study)
        source = merged(file, given, Study)
        source.label = file.label
    number = _run_asked(config, by_name, given.label)
    given_wrong = [
        *source.mistakes,
        *absurd_numbers(source.data),
        *results_mistakes(config.get("results", "results"), root),
    ]
    study, mistakes = _validated(source)
    if number > 1 and not mistakes:
        mistakes += _replicate_mistakes(study, number, root)
        study = study.replicate(number)
    study = _with_members_counted(study, root)
    told = {mistake.path for mistake in given_wrong}
    mistakes = given_wrong + [mistake for mistake in mistakes if mistake.path not in told]
    broken = {str(mistake.path[0]) for mistake in mistakes if mistake.path}
    mistakes += mistakes_between_sections(study, broken)
    study = _with_files_of_clone(study, root)
    if check_files:
        mistakes += mistakes_in_files(study, root, broken)
    raise_mistakes(mistakes, source)
    return study


def _run_asked(config: dict[str, Any], by_name: int | None, where: str) -> int:
    """Which run of the study is meant.

    Args:
        config: Snakemake's configuration.
        by_name: what the name of the study says; None if it says nothing.
        where: of the configuration, for the message.

    Raises:
        UserError: it is no number of a run, or is told twice.
    """
    if by_name is not None and REPLICATE_KEY in config:
        raise UserError(f"{where}: replicate: the name of the study says run {by_name} already; allowed: one of them")
    asked = config.get(REPLICATE_KEY, 1 if by_name is None else by_name)
    allowed = f"1 (the study itself), 2, 3, ... up to replicates.runs, which is at most {MOST_RUNS}"
    if isinstance(asked, bool) or not isinstance(asked, int) or not 1 <= asked <= MOST_RUNS:
        raise UserError(f"{where}: replicate: {repr(asked)[:60]} is no run of a study; allowed: {allowed}")
    return asked


def _replicate_mistakes(study: Study, number: int, root: Path) -> Iterator[Mistake]:
    """Why a study has no such run, or why it may not be made."""
    runs, name, path = study.replicates.runs, replicate_name(study.name, number), (REPLICATE_KEY,)
    if number > runs:
        has = "1 run" if runs == 1 else f"{runs} runs"
        yield Mistake(path, f"{number}, and study {study.name} has {has}", f"1 to {runs}, or more replicates.runs")
    if study.replicates.first_seed is not None:
        yield Mistake(path, f"{number}, and study {study.name} is a run of another itself", "runs of the first one")
    if wrong := mistake_in_name(f"{name}.yaml"):
        yield Mistake(
            path, f"{number} would be called {name[:20]}..., which holds {wrong}", "a shorter name of the study"
        )
    elif any((folder / STUDIES / f"{name}.yaml").is_file() for folder in (root, ROOT)):
        yield Mistake(path, f"{number} has the results of study {name}, a file of its own", "another name of that file")


def _with_members_counted(study: Study, root: Path) -> Study:
    """Potentials that are given have the members that their folder holds, unless the study says how many.

    A calculator is one member.
    """
    for name in study.potentials:
        released = getattr(study.release, name)
        if released.given is None or "members" in released.training.model_fields_set:
            continue
        if released.calculator:
            there = 1
        elif mistake_in_name(released.given):
            continue
        else:
            names = (
                Path(root, of_project(released.given, root)) / f"{k}.{study.train.network.suffix}"
                for k in range(released.training.members)
            )
            there = len(list(takewhile(Path.is_file, names)))
        if there:  # an empty folder is told where its files are looked at
            training = released.training.model_copy(update={"members": there})
            release = study.release.model_copy(update={name: released.model_copy(update={"training": training})})
            study = study.model_copy(update={"release": release})
    return study


def _with_files_of_clone(study: Study, root: Path) -> Study:
    """The study of a project beside the clone, with the clone's files where the project lacks those it names."""
    if root.resolve() == ROOT:
        return study
    found: Callable[[str], str] = lambda name: of_project(name, root)  # noqa: E731
    data = study.model_dump(mode="json")
    for section, key in (("liquid", "potential"), ("reference", "potential"), ("search", "found")):
        if data[section].get(key):
            data[section][key] = found(data[section][key])
    for section, key in (("liquid", "frames"), ("reference", "files"), ("reference", "labels"), ("label", "known")):
        if data[section].get(key):
            data[section][key] = [found(name) for name in data[section][key]]
    for polymorph in data["benchmark"]["polymorphs"].values():
        polymorph["file"] = found(polymorph["file"])
    for potential in study.potentials:
        given = data["release"][potential]["given"]
        if isinstance(given, dict):
            given["files"] = [found(name) for name in given["files"]]
        elif given:
            data["release"][potential]["given"] = found(given)
    return Study.model_validate(data)


def _given(config: dict[str, Any], root: Path, configfiles: Sequence[Path | str]) -> Source:
    """What Snakemake was given, with places where the configuration files tell them."""
    given = Source("--config/--configfile", {key: config[key] for key in config if key not in PLUMBING})
    files = [read_source(root / name, root) for name in configfiles]  # refused here if they grow without end
    given.places = {path: given.label for path in _paths(given.data)}
    for file in files:
        given.mistakes += file.mistakes
        if REPLICATE_KEY in file.data:
            allowed = f"study: {config.get(STUDY_KEY, 'laptop')}-replicate-2, or --config replicate=2"
            where = file.place((REPLICATE_KEY,))
            given.mistakes.append(Mistake((REPLICATE_KEY,), "is no key of a file", allowed, where))
        for path, place in file.places.items():
            if _value_at(config, path) == _value_at(file.data, path):
                given.places[path] = place
    for key, value in given.data.items():
        given.data[key] = _words_read(value, (key,), given)
    return given


def _words_read(value: Any, path: KeyPath, given: Source) -> Any:
    """The value, with ``true``, ``false`` and ``null`` read where Snakemake leaves text.

    Inside ``--config benchmark='{"vdos": {"enabled": false}}'`` every value reaches us as text.
    """
    if isinstance(value, dict):
        return {key: _words_read(one, (*path, key), given) for key, one in value.items()}
    if isinstance(value, list):
        return [_words_read(one, (*path, index), given) for index, one in enumerate(value)]
    from_a_file = given.places.get(path) != given.label
    return value if from_a_file or not isinstance(value, str) else COMMAND_LINE_WORDS.get(value.lower(), value)


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
        broken = {str(detail["loc"][0]) for detail in error.errors(include_url=False) if detail["loc"]}
        kept = {key: value for key, value in source.data.items() if key not in broken}
        study = Study.model_validate({**kept, "name": kept.get("name", "study")})
        return study, mistakes
    return study, other_types(source.data, study.model_dump())
