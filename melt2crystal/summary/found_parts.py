"""The summary's part about the structures found."""

import numpy as np
import pandas as pd

from melt2crystal.structure.energies import ENERGY, ENTHALPY, HP, REFERENCE
from melt2crystal.summary.found_schema import (
    Agreement,
    KnownCrystal,
    Search,
    SearchAtPressure,
    Structure,
    Transition,
)
from melt2crystal.summary.part import each_row, number
from melt2crystal.train.agreement import pearson, pearson_interval, rmse, stable_window
from melt2crystal.train.energy_agreement import INSANE, groups_of, table_of

BEST = 5  # structures listed per pressure


def best_structures(unique: pd.DataFrame, labelled: pd.DataFrame, phases: dict[str, pd.DataFrame]) -> list[Structure]:
    """The lowest structures of one pressure by HP enthalpy; with reference energy, name, stability if known."""
    best = unique.sort_values(ENTHALPY, kind="stable").head(BEST)
    above = 1000 * (best[ENTHALPY] - best[ENTHALPY].min())
    best = best.assign(enthalpy_above_lowest_meV_per_atom=above).drop(columns=REFERENCE, errors="ignore")
    best = best.merge(labelled[["id", REFERENCE]], on="id", how="left")
    if "names" in phases:
        best = best.merge(phases["names"][["id", "name"]], on="id", how="left")
    if "stability" in phases:
        told = phases["stability"]
        leads = [f": becomes {becomes}" if isinstance(becomes, str) else "" for becomes in told["becomes"]]
        said = [f"{state}{lead}" for state, lead in zip(told["state"], leads, strict=True)]
        best = best.merge(told[["id"]].assign(stability=said), on="id", how="left")
    return each_row(Structure, best, energy_search_eV_per_atom=ENERGY)


def search_part(
    relaxed: pd.DataFrame | None,
    unique: pd.DataFrame,
    found: pd.DataFrame,
    window_eV_per_atom: float,
    found_in: str | None = None,
    given: pd.DataFrame | None = None,
    tight_eV_per_atom: float = 0.05,
    phases: dict[str, pd.DataFrame] | None = None,
) -> Search:
    """Counts and best structures per pressure, and how HP's energies agree with the reference's.

    Args:
        relaxed: all relaxations of all pressures and cell sizes, None if nothing was searched here.
        unique: the unique structures of all pressures.
        found: unique structures with ``energy_hp_mean_eV_per_atom`` (mean over the members) and
            ``energy_reference_eV_per_atom`` (missing where there is no label).
        found_in: file of the structures of an earlier search.
        given: where HP's relaxation takes these, column ``same_structure``.
        tight_eV_per_atom: width of the second window of the agreement.
        phases: names, stability, known, transitions -> their tables, as far as the study has them.
    """
    phases, every = phases or {}, found
    found = found[~found["status"].astype(str).str.startswith(INSANE)]
    labelled = found[np.isfinite(found[REFERENCE].astype(float)) & np.isfinite(found[HP].astype(float))]
    inside = labelled[stable_window(labelled[REFERENCE], window_eV_per_atom)]
    in_meV = {
        name: None if (error := rmse(rows[HP], rows[REFERENCE])) is None else 1000 * error
        for name, rows in (("all", labelled), ("window", inside))
    }
    sound = None if relaxed is None else relaxed[relaxed["status"] == "ok"]
    pressures = sorted({float(p) for p in (unique if relaxed is None else relaxed)["pressure_GPa"]})
    return Search(
        labelled=len(labelled),
        pearson_r=(r := pearson(labelled[HP], labelled[REFERENCE])),
        pearson_interval=pearson_interval(r, len(labelled)),
        rmse_all_meV_per_atom=in_meV["all"],
        mean_difference_meV_per_atom=number(1000 * (labelled[HP] - labelled[REFERENCE]).mean()),
        stable_window_eV_per_atom=window_eV_per_atom,
        labelled_in_window=len(inside),
        rmse_window_meV_per_atom=in_meV["window"],
        pressures=[
            SearchAtPressure(
                pressure_GPa=p,
                relaxed=None if relaxed is None else int((relaxed["pressure_GPa"] == p).sum()),
                sound=None if sound is None else int((sound["pressure_GPa"] == p).sum()),
                unique=int((unique["pressure_GPa"] == p).sum()),
                best=best_structures(unique[unique["pressure_GPa"] == p], labelled, phases),
            )
            for p in pressures
        ],
        given=None if given is None else len(given),
        kept=None if given is None else int((given["same_structure"].astype(str) == "True").sum()),
        found_in=found_in,
        agreement=each_row(Agreement, table_of(groups_of(every, window_eV_per_atom, tight_eV_per_atom))),
        known=each_row(KnownCrystal, phases["known"]) if "known" in phases else [],
        transitions=each_row(Transition, phases["transitions"], from_="from") if "transitions" in phases else [],
    )
