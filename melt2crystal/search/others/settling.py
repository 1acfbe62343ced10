"""One job: structures of others at one pressure, through the relaxation, checks and tables of the embedded engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from melt2crystal.files import write_csv
from melt2crystal.frames import frame_id, write_frames
from melt2crystal.search.candidate import BatchRelaxation
from melt2crystal.search.conditions import code_of_candidates, conditions_of, journal_settings
from melt2crystal.search.driver import Crew, Journal, key_of
from melt2crystal.search.found.rows import row_and_frame
from melt2crystal.search.found.table import STRUCTURES, as_table, write_table
from melt2crystal.search.found.trust import Pair, with_deviations
from melt2crystal.search.melts import read_bounds
from melt2crystal.search.others.relaxing import COLUMNS, candidates, counted, their_rows
from melt2crystal.search.others.structure import Refused, Theirs, usable
from melt2crystal.sections.search import Batches, Relaxation, Starts, Symmetry, Trust
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.train.models import Ensemble, RelaxerFactory, member_path


@dataclass(frozen=True)
class Files:
    """Models and bounds that are read; tables and structures that are written."""

    models: list[Path]
    bounds: Path
    table: Path
    structures: Path
    theirs: Path


@dataclass(frozen=True)
class Terms:
    """What the job is told of the study; ``given`` is all of it, for the key of the journal."""

    given: Settings
    substance: Substance
    batches: Batches
    starts: Starts
    relaxation: Relaxation
    symmetry: Symmetry
    trust: Trust
    seed: int


def settle(
    found: Sequence[Theirs],
    refused: Sequence[Refused],
    name: str,
    files: Files,
    pressure_GPa: float,
    terms: Terms,
    workers: int,
) -> None:
    """Relax with HP, judge, and write the tables; every finished batch is in the journal, as in a search.

    Args:
        found: structures, not yet asked for their composition.
        refused: what could not be read.
        name: beginning of their ids, unique in a study.
    """
    substance, relaxation, symprecs = terms.substance, terms.relaxation, terms.symmetry.symprecs_A
    whole, others = usable(list(found), substance.formula)
    asked = candidates(whole, name, substance.species)
    model = member_path(files.models, relaxation.relax_member)
    conditions = conditions_of(
        substance,
        terms.starts,
        relaxation,
        read_bounds(files.bounds),
        [],
        1,
        pressure_GPa,
        terms.seed,
    )
    theirs = {"structures": [frame_id(one.structures[0]) for one in asked]}
    key = key_of(journal_settings(terms.given, pressure_GPa) | theirs, [model, files.bounds, *code_of_candidates()])
    journal, size = Journal(files.table.parent / "journal", key), terms.batches.batch_structures
    attempt = partial(BatchRelaxation, RelaxerFactory(str(model)), conditions)
    with Crew(attempt, workers, journal, size, partial(print, flush=True)) as crew:
        results = crew.results(asked)
    per_unit = substance.atoms_per_formula_unit
    pairs: list[Pair] = [
        row_and_frame(one, result, len(one.structures[0]) // per_unit, pressure_GPa, substance, symprecs)
        for one, result in zip(asked, results, strict=True)
    ]
    if asked:
        largest = terms.trust.largest_deviation_eV_per_A
        pairs = with_deviations(pairs, Ensemble([str(path) for path in files.models]), largest)
    rows = their_rows(whole, [*refused, *others], asked, pairs)
    write_frames(files.structures, [frame for _, frame in pairs if frame is not None])
    write_csv(files.theirs, pd.DataFrame(rows, columns=list(COLUMNS)), "%.8g")
    write_table(files.table, as_table([row for row, _ in pairs], STRUCTURES), STRUCTURES)
    print(counted(rows))
