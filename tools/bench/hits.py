"""Which known crystals of SiO2 would have been predicted, after how many relaxations and core-seconds.

``python -m tools.bench.hits data/potentials/silica_bks.lmp BKS --melts tests/data/melts.extxyz``, or ``make bench-hits
MODEL=... NAME=...``. A search is one (potential, method, pressure, seed). Each is kept in a folder of its own and goes
on where it was stopped; what is finished extends docs/results/hits/*.csv, from which ``tools.bench.hit_page`` writes
the page.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_csv
from melt2crystal.provenance import ROOT, commit_of
from melt2crystal.relaxation.relaxer import Target
from melt2crystal.search.alone.known import crystals_of
from melt2crystal.search.alone.potential import Potential
from melt2crystal.search.alone.potential import potential as potential_of
from melt2crystal.search.alone.request import formula_unit
from melt2crystal.search.api import search
from melt2crystal.search.phases.known import MINIMUM, Library, relaxed_library
from melt2crystal.search.phases.phase import Phase, Ruler
from melt2crystal.sections.phases.naming import Naming
from melt2crystal.sections.search import Symmetry
from melt2crystal.sections.substance import Substance
from melt2crystal.train.models import RelaxerFactory
from tools.bench.hit_measures import costs_of, first_hit, journal_is_whole, lowest_of
from tools.results.write_page import this_machine

TABLES = ROOT / "docs" / "results" / "hits"
CRYSTALS, SEARCHES, LOWEST = "crystals.csv", "searches.csv", "lowest.csv"
FORMULA = "SiO2"
FORMULA_UNITS = (2, 3, 4, 6, 8)
RATTLE_A = 0.05
STEPS = 1000  # of a known crystal: it must come to its end
FORCE_EV_PER_A = 0.005  # as candidates end
KEY = ["potential", "method", "pressure_GPa", "seed", "core_minutes"]


@dataclass(frozen=True)
class Method:
    """How a search goes about it: the engine, and shares of its random starts."""

    engine: str
    starts: Mapping[str, float]


# random: the shares that the search had before it evolved; volumes and the relaxer are the same for all
METHODS = {
    "random": Method("random", {"melt_share": 0.0, "symmetric_share": 0.2, "rattled_share": 0.4}),
    "melt-born": Method("random", {"melt_share": 1.0, "symmetric_share": 0.0, "rattled_share": 0.0}),
    "evolution": Method("evolution", {}),
}


@dataclass(frozen=True)
class Bench:
    """One potential.

    Args:
        named: file or folder of the potential.
        name: in the tables.
        melts: files of melts.
        folder: where searches are kept.
        tables: where the CSV files are.
    """

    named: str
    name: str
    melts: Sequence[Path]
    folder: Path
    tables: Path

    def library(self, judge: Potential, pressure_GPa: float) -> tuple[Library, dict[str, Phase]]:
        """All known crystals relaxed, and name -> phase of those that stay: the denominator."""
        crystals = crystals_of(ROOT / "data/polymorphs", formula_unit(FORMULA), print)
        windows = Naming()
        relaxer = RelaxerFactory(str(judge.members(self.folder)[0]))()
        ruler = Ruler(Substance(), windows.symprec_A, Symmetry().symprecs_A)
        target = Target(pressure_GPa, FORCE_EV_PER_A, STEPS)
        library = relaxed_library(crystals, relaxer, target, ruler, windows, RATTLE_A, 1)
        for row in library.rows:
            row["atoms"] = len(crystals[row["crystal"]])  # in the primitive cell
        return library, {
            row["crystal"]: _phase_of(row, library.phases) for row in library.rows if row["state"] == MINIMUM
        }

    def search(self, method: str, pressure_GPa: float, seed: int, minutes: float) -> Path:
        """Folder of a finished search; what a former run did of it is kept."""
        how = METHODS[method]
        folder = self.folder / f"{method}-{pressure_GPa:g}GPa-{minutes:g}min-{seed}"
        if not journal_is_whole(folder):
            with _nothing_found_is_a_result(folder):
                search(
                    FORMULA,
                    self.named,
                    pressure_GPa=pressure_GPa,
                    out=folder,
                    minutes=minutes,
                    formula_units=FORMULA_UNITS,
                    engine="evolution" if how.engine == "evolution" else "random",
                    starts=how.starts,
                    melts=self.melts,
                    seed=seed,
                    resume=(folder / "search.json").exists(),
                )
        return folder


@contextmanager
def _nothing_found_is_a_result(folder: Path) -> Iterator[None]:
    try:
        yield
    except UserError:
        if not journal_is_whole(folder):
            raise


def _phase_of(row: dict[str, Any], phases: Sequence[Phase]) -> Phase:
    """The phase that a row of the library shows."""
    own = [phase for phase in phases if phase.name == row["crystal"] and phase.groups[1] == row["space_group"]]
    return next(phase for phase in own if phase.enthalpy_eV_per_atom == row["enthalpy_eV_per_atom"])


def extended(path: Path, rows: pd.DataFrame, key: Sequence[str]) -> None:
    """Add rows to a table; former ones of the same key are replaced."""
    if path.is_file():
        former = pd.read_csv(path)
        again = former.merge(rows[list(key)].drop_duplicates(), on=list(key), how="left", indicator=True)
        rows = pd.concat([former[(again["_merge"] == "left_only").to_numpy()], rows], ignore_index=True)
    write_csv(path, rows.sort_values(list(key), kind="stable", ignore_index=True))


def done(path: Path, key: Mapping[str, Any]) -> bool:
    """Whether a table has rows of this key."""
    if not path.is_file():
        return False
    table = pd.read_csv(path)
    return bool((table[list(key)] == pd.Series(dict(key))).all(axis=1).any())


def check_potential(path: Path, name: str, sha256: str) -> None:
    """Refuse another potential of the same name.

    Raises:
        UserError: the table has rows of another one.
    """
    former = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=["potential", "sha256"])
    others = former[(former["potential"] == name) & (former["sha256"] != sha256)]
    if len(others):
        raise UserError(f"{path}: has another potential named {name}; give this one another name")


@reports_errors
def hits(
    model: Annotated[str, typer.Argument(help="model, folder of models, LAMMPS include file (.lmp)")],
    name: Annotated[str, typer.Argument(help="of the potential, in the tables")],
    methods: Annotated[str, typer.Option(help="some of them")] = ",".join(METHODS),
    pressures: Annotated[str, typer.Option(help="GPa")] = "0,10",
    seeds: Annotated[str, typer.Option(help="one search each")] = "1,2,3,4,5",
    minutes: Annotated[float, typer.Option(help="core-minutes of a search")] = 20.0,
    melts: Annotated[
        list[Path] | None, typer.Option(help="certified melts of SiO2, for volumes and starts; again for more files")
    ] = None,
    folder: Annotated[Path, typer.Option(help="where the searches are kept")] = ROOT / "results" / "bench-hits",
    tables: Annotated[Path, typer.Option(help="where the tables are")] = TABLES,
) -> None:
    """Search, and extend the tables by each search that is finished."""
    chosen = [method.strip() for method in methods.split(",") if method.strip()]
    if unknown := [method for method in chosen if method not in METHODS]:
        raise UserError(f"--methods {', '.join(unknown)}: there are {', '.join(METHODS)}; choose of these")
    if "melt-born" in chosen and not melts:
        raise UserError("--methods melt-born: its starts are cut from melts; give files of them (--melts), or leave it")
    bench = Bench(model, name, melts or [], folder / name, tables)
    bench.folder.mkdir(parents=True, exist_ok=True)
    tables.mkdir(parents=True, exist_ok=True)
    judge = potential_of(model, formula_unit(FORMULA))
    digest = judge.digests[0]["sha256"][:16]
    check_potential(tables / CRYSTALS, name, digest)
    origin = {
        "commit": commit_of(ROOT).replace("-dirty", " and changes"),
        "date": datetime.date.today().isoformat(),
        "machine": this_machine(),
    }
    for pressure in map(float, pressures.split(",")):
        library, stay = bench.library(judge, pressure)
        rows = pd.DataFrame(library.rows).assign(potential=name, sha256=digest, **origin)
        extended(tables / CRYSTALS, rows, ["potential", "pressure_GPa", "crystal"])
        print(
            f"{name}, {pressure:g} GPa: {len(stay)} of {len(rows)} known crystals stay: {', '.join(stay)}", flush=True
        )
        for seed in map(int, seeds.split(",")) if stay else ():
            for method in chosen:
                key = {"potential": name, "method": method, "pressure_GPa": pressure, "seed": seed}
                key |= {"core_minutes": minutes}
                if done(tables / SEARCHES, key):
                    print(f"{method}, {pressure:g} GPa, seed {seed}: in {tables / SEARCHES}", flush=True)
                    continue
                measure(bench, stay, key, origin)


def measure(bench: Bench, stay: Mapping[str, Phase], key: dict[str, Any], origin: Mapping[str, str]) -> None:
    """One search, and its rows in the tables."""
    place = bench.search(key["method"], key["pressure_GPa"], key["seed"], key["core_minutes"])
    costs = costs_of(place)
    whole = {"all_relaxations": len(costs.rows), "all_core_s": round(float(costs.rows["core_s"].sum()), 1)}
    found = [
        {**key, "crystal": name, **first_hit(costs, phase, Naming()), **whole, **origin} for name, phase in stay.items()
    ]
    extended(bench.tables / LOWEST, lowest_of(place).assign(**key), [*KEY, "rank"])
    extended(bench.tables / SEARCHES, pd.DataFrame(found), [*KEY, "crystal"])
    names = [row["crystal"] for row in found if row["hit"]]
    print(f"{key['method']}, {key['pressure_GPa']:g} GPa, seed {key['seed']}: {', '.join(names) or 'none'}", flush=True)


if __name__ == "__main__":
    typer.run(hits)
