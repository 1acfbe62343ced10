"""Split explored frames into accurate, candidate, failed and invalid; pick the ones to label; say whether to stop."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms

from melt2crystal.errors import reports_errors
from melt2crystal.explore.geometry import density_range, geometry_problem, in_words, invalid_because, reasons_of_cells
from melt2crystal.explore.selection import (
    ACCURATE,
    AUDIT,
    CANDIDATE,
    CELL,
    CLASSES,
    audit_sample,
    class_table,
    classify,
    is_saturated,
    labelling_order,
    refuse_failure_everywhere,
    why_none,
    window_of,
)
from melt2crystal.files import write_csv, write_text
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.liquid.certificate import certify
from melt2crystal.options import SettingsText
from melt2crystal.sections.explore import Select
from melt2crystal.sections.liquid import Certificate
from melt2crystal.sections.substance import Substance
from melt2crystal.seeds import generator_for
from melt2crystal.settings import Settings


@reports_errors
def explore_selection(
    explored: Annotated[list[Path], typer.Argument(help="deviations.csv of each pressure, frames.extxyz beside it")],
    iteration: Annotated[str, typer.Option(help="iteration, part of the seed")],
    heldout: Annotated[Path, typer.Option(help="deviations of the same ensemble on held-out melt (NPZ)")],
    decision: Annotated[Path, typer.Option(help="window, counts, whether the loop ends (JSON)")],
    table: Annotated[Path, typer.Option(help="classes per (T, p) cell (CSV)")],
    chosen: Annotated[Path, typer.Option(help="every frame that was considered for labelling, and why (CSV)")],
    requested: Annotated[Path, typer.Option(help="frames to label (extended XYZ)")],
    settings: SettingsText,
    melts: Annotated[
        list[Path] | None, typer.Option(help="certified melts, whose densities say what is believable (extended XYZ)")
    ] = None,
) -> None:
    """One decision per iteration. A frame without a certificate of disorder is excluded, the next takes its place."""
    given = Settings(settings)
    select, substance = given.section("select", Select), given.section("substance", Substance)
    frames, rows = _read(explored)
    melt = np.load(heldout)
    eps_lo, eps_hi = window_of(select.window, melt["deviation"], melt["forces_reference"])
    densities = density_range(select, (atoms for path in melts or [] for atoms in read_frames(path)))
    rows["geometry"] = [
        geometry_problem(None if number < 0 else frames[number], densities, substance.minimum_distances_A)
        for number in rows["frame"]
    ]
    rows["class"] = classify(rows["max_devi_f"].to_numpy(float), (rows["geometry"] == "").to_numpy(), eps_lo, eps_hi)
    cells = [tuple(cell) for cell in given.value("cells")]
    counts = class_table(rows, cells)
    because = in_words(invalid_because(rows))
    refuse_failure_everywhere(counts, eps_hi, because)
    saturated = is_saturated(counts, select.candidate_fraction_max, select.frames_per_cell_min)

    seed = given.value("seed")
    order = labelling_order(rows[rows["class"] == CANDIDATE], select.strategy, generator_for(seed, "select", iteration))
    audit = audit_sample(
        rows[rows["class"] == ACCURATE], select.audit_frames_per_cell, generator_for(seed, "audit", iteration)
    )
    certificate, potential = given.section("certificate", Certificate), Path(given.value("potential"))
    library = [Path(name) for name in given.value("library")]

    def certified(batch: list[int], chosen_as: str) -> list[Atoms]:
        candidates = [frames[int(rows.loc[index, "frame"])] for index in batch]
        verdicts, passed = certify(candidates, library, certificate, substance, potential)
        told = {name: rows.loc[batch, name].to_numpy() for name in [*CELL, "max_devi_f"]}
        considered.append(verdicts.assign(chosen_as=chosen_as, **told))
        return passed

    considered: list[pd.DataFrame] = []
    picked: list[Atoms] = []
    while order and len(picked) < select.frames_per_iteration and not saturated:
        wanted = select.frames_per_iteration - len(picked)
        batch, order = order[:wanted], order[wanted:]
        picked += certified(batch, CANDIDATE)
    audited = certified(audit, AUDIT) if audit else []
    stop = "saturated" if saturated else "" if picked else why_none(counts, because)
    columns = ["frame_id", "passed", "reason", "chosen_as", *CELL, "max_devi_f"]
    verdicts = pd.concat(considered) if considered else pd.DataFrame(columns=columns)
    counts["excluded"] = _count(counts, verdicts[~verdicts["passed"].astype(bool)])
    for name, taken in (("selected", picked), ("audited", audited)):
        counts[name] = _count(counts, pd.DataFrame([frame.info for frame in taken], columns=CELL))
    counts.insert(0, "iteration", int(iteration))
    counts["invalid_because"] = reasons_of_cells(rows, cells)
    counts["eps_lo"], counts["eps_hi"] = eps_lo, eps_hi

    write_frames(requested, [*picked, *audited])
    for path, content in ((table, counts), (chosen, verdicts)):
        write_csv(path, content)
    totals = {name: int(counts[name].sum()) for name in (*CLASSES, "excluded", "selected", "audited")}
    answer = {"iteration": int(iteration), "eps_lo": eps_lo, "eps_hi": eps_hi, "stop": stop, **totals}
    answer |= {"invalid_because": because, "density_range_g_per_cm3": list(densities)}
    names = [frame.info["frame_id"] for frame in (*picked, *audited)]
    write_text(decision, json.dumps({**answer, "frames": names}, indent=1, sort_keys=True))
    print(json.dumps({**answer, "frames": len(names)}))


def _read(explored: list[Path]) -> tuple[list[Atoms], pd.DataFrame]:
    """All frames and one row for each deviation; ``frame`` counts through all files, -1 where there is no frame."""
    frames: list[Atoms] = []
    tables = []
    for path in explored:
        table = pd.read_csv(path)
        table["walk"] = path.parent.name + "-" + table["walk"].astype(str)
        table.loc[table["frame"] >= 0, "frame"] += len(frames)
        frames += read_frames(path.parent / "frames.extxyz")
        tables.append(table)
    return frames, pd.concat(tables, ignore_index=True)


def _count(cells: pd.DataFrame, rows: pd.DataFrame) -> list[int]:
    """Number of rows in each cell."""
    return [
        int(((rows["pressure_GPa"] == cell.pressure_GPa) & (rows["temperature_K"] == cell.temperature_K)).sum())
        for cell in cells.itertuples()
    ]


if __name__ == "__main__":
    typer.run(explore_selection)
