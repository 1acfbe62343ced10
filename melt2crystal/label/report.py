"""What labelling cost and gave: every requested frame with its status, price, origin and whether it is an outlier."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.frames import read_frames
from melt2crystal.label.journal import IMPORT, Attempt, formula_of

STATUSES = ("ok", "unconverged", "crashed", "timed out", "unphysical", "not yet")
SOURCES = ("computed", "another batch", "another study", "imported", "released")
BATCHES = r"initial|heldout|eos|harmonic|iteration-\d+|found-p-?[\d.]+"  # as rules/common.smk names them
NO_BATCH = "no longer requested"
ROBUST_Z = 5.0  # |z| from which a frame is named; about 1 in 2 million normal frames
SMALLEST_GROUP = 8  # frames a median and its scatter are taken from
DEARER = 3.0  # an outlier in cost is also this many times dearer (or cheaper) than the median
COLUMNS = [
    *("batch", "frame_id", "temperature_K", "pressure_GPa", "formula", "atoms", "status", "reason", "source"),
    *("attempts", "seconds", "wasted_seconds", "energy_eV_per_atom", "largest_force_eV_per_A"),
    *("rms_force_eV_per_A", "outlier"),
]


@dataclass(frozen=True)
class Batch:
    """Frames that were asked for together, and what the label stage has said of them so far.

    Attributes:
        name: such as initial or iteration-00.
        frames: with ``frame_id`` in ``info`` and, if known, ``temperature_K`` and ``pressure_GPa``.
        verdicts: frame id -> status and reason.
    """

    name: str
    frames: list[Atoms]
    verdicts: dict[str, tuple[str, str]]


def read_batches(folder: Path, digest: str) -> tuple[list[Batch], list[str]]:
    """The batches of ``results/<study>/label`` as far as they are, and what could not be used, in words.

    Args:
        folder: with ``<batch>/requested.extxyz`` and tables of shards or of the whole batch.
        digest: rows of other settings digests are left out.
    """
    batches, notes = [], []
    for path in sorted(folder.glob("*/requested.extxyz")):
        try:
            frames = read_frames(path)
        except UserError as error:
            notes.append(str(error))
            continue
        whole = path.with_name("labels.csv")
        verdicts: dict[str, tuple[str, str]] = {}
        for table in [whole] if whole.exists() else sorted(path.parent.glob("shard-*.csv")):
            rows, other = _verdicts(table, digest)
            verdicts |= rows
            if other:
                notes.append(f"{table}: {other}")
        batches.append(Batch(path.parent.name, frames, verdicts))
    return batches, notes


def _verdicts(table: Path, digest: str) -> tuple[dict[str, tuple[str, str]], str]:
    """Rows of one table, and what is wrong with it."""
    try:
        rows = pd.read_csv(table, keep_default_na=False, dtype=str)
        own = rows[rows.settings_digest == digest]
        told = {row.frame_id: (row.status, row.reason) for row in own.itertuples()}
    except (OSError, ValueError, AttributeError) as error:
        return {}, f"not a readable table of labels ({error})"
    foreign = len(rows) - len(own)
    return told, f"{foreign} rows of other settings left out" if foreign else ""


def report_table(
    batches: Sequence[Batch], attempts: Iterable[Attempt], released: Iterable[Attempt], study: str | None
) -> pd.DataFrame:
    """One row for each requested frame of each batch, then one for each computed frame that no batch asks for any more.

    A frame's cost stands in the batch whose job computed it; elsewhere the label was known and cost nothing.

    Args:
        batches: requested frames.
        attempts: of the journals of one settings digest.
        released: labels known from released files.
        study: whose journals count as paid here; None: all.
    """
    tried: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        tried.setdefault(attempt.frame_id, []).append(attempt)
    known = {attempt.frame_id: attempt for attempt in released}
    rows: list[dict[str, Any]] = []
    requested: set[str] = set()
    for batch in batches:
        for frame in batch.frames:
            name = str(frame.info["frame_id"])
            if study is None and name in requested:
                continue  # without a study nothing says which of two requests was paid for
            requested.add(name)
            of_frame = tried.get(name, [])
            own = [attempt for attempt in of_frame if study is None or _batch_of(attempt.writer, study) == batch.name]
            rows.append(_row(batch, frame, own, of_frame, known.get(name), study))
    for name, of_frame in tried.items():
        own = [attempt for attempt in of_frame if study is None or _batch_of(attempt.writer, study)]
        if name not in requested and own:
            lost = Batch(NO_BATCH, [], {})
            rows.append(_row(lost, Atoms(info={"frame_id": name}), own, own, None, study))
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["outlier"] = outliers(table)
    return table


def _batch_of(writer: str, study: str) -> str | None:
    """The batch whose labelling job of this study has this journal; other studies' names may begin the same."""
    found = re.fullmatch(rf"{re.escape(study)}-({BATCHES})-\d+", writer)
    return found.group(1) if found else None


def _row(
    batch: Batch, frame: Atoms, own: list[Attempt], of_frame: list[Attempt], known: Attempt | None, study: str | None
) -> dict[str, Any]:
    """One row; the kept attempt is the last good one, as in the label store."""
    best = next((attempt for attempt in reversed(of_frame) if attempt.status == "ok"), None) or known
    tried = own or of_frame
    last = best or (tried[-1] if tried else None)
    verdict = batch.verdicts.get(str(frame.info["frame_id"]))
    status, reason = verdict or ((last.status, last.reason) if last else ("not yet", ""))
    paid = last if any(last is attempt for attempt in own) else None
    kept = paid.seconds if paid is not None and status == "ok" else 0.0
    good = best if status == "ok" else None
    return {
        "batch": batch.name,
        "frame_id": frame.info["frame_id"],
        "temperature_K": frame.info.get("temperature_K", np.nan),
        "pressure_GPa": frame.info.get("pressure_GPa", np.nan),
        "formula": last.formula if last else formula_of(frame.get_chemical_symbols()),
        "atoms": last.atoms if last else len(frame),
        "status": status,
        "reason": reason,
        "source": _source(last, paid, study),
        "attempts": len(own),
        "seconds": last.seconds if last else 0.0,
        "wasted_seconds": sum(attempt.seconds for attempt in own) - kept,
        "energy_eV_per_atom": good.energy_eV_per_atom if good else np.nan,
        "largest_force_eV_per_A": good.largest_force_eV_per_A if good else np.nan,
        "rms_force_eV_per_A": good.rms_force_eV_per_A if good else np.nan,
        "outlier": "",
    }


def _source(last: Attempt | None, paid: Attempt | None, study: str | None) -> str:
    if last is None:
        return ""
    if re.search(rf"-{IMPORT}-[0-9a-f]{{8}}$", last.writer):
        return "imported"
    if paid is not None:
        return "computed"
    if not last.writer:
        return "released"
    return "another batch" if study and _batch_of(last.writer, study) else "another study"


def robust_z(values: np.ndarray) -> np.ndarray:
    """Distance from the median in units of the scaled median absolute deviation, [values].

    B. Iglewicz and D. C. Hoaglin, How to Detect and Handle Outliers (1993). Zero where the values don't scatter.
    """
    distance = values - np.median(values)
    scale = 1.4826 * np.median(np.abs(distance))
    return distance / scale if scale > 1e-9 * max(1.0, float(np.abs(values).max())) else np.zeros_like(values)


def outliers(table: pd.DataFrame) -> list[str]:
    """Why a frame stands out among its like, '' if it doesn't, one text a row.

    Its like are labels of the same composition per atom at the same (T, p) if there are at least ``SMALLEST_GROUP``,
    else at the same pressure; crystals (no temperature) are compared by energy within their batch.
    """
    told: list[list[str]] = [[] for _ in range(len(table))]
    good = table[(table.status == "ok") & table.energy_eV_per_atom.notna()].reset_index()
    melts = good[good.temperature_K.notna() & good.pressure_GPa.notna()].drop_duplicates("frame_id")
    others = good[good.temperature_K.isna() | good.pressure_GPa.isna()]
    left = []
    for (temperature, pressure, _), group in melts.groupby(["temperature_K", "pressure_GPa", "formula"]):
        if len(group) >= SMALLEST_GROUP:
            _name_outliers(group, f"{temperature:g} K, {pressure:g} GPa", told)
        else:
            left.append(group)
    if left:
        for (pressure, _), group in pd.concat(left).groupby(["pressure_GPa", "formula"]):
            _name_outliers(group, f"{pressure:g} GPa", told)
    for (batch, _), group in others.groupby(["batch", "formula"]):
        _name_outliers(group, f"batch {batch}", told, melt=False)
    return ["; ".join(texts) for texts in told]


def _name_outliers(group: pd.DataFrame, where: str, told: list[list[str]], melt: bool = True) -> None:
    """Add the reasons of one group of likes to ``told``; groups that are too small have none."""
    quantities = [
        ("energy", "energy_eV_per_atom", "eV/atom", 4),
        ("largest force", "largest_force_eV_per_A", "eV/Å", 1),
        ("force RMS", "rms_force_eV_per_A", "eV/Å", 2),
        ("cost", "seconds", "s", 1),
    ]
    # symmetry makes the forces of a crystal vanish: no sign of anything
    for words, column, unit, digits in quantities if melt else quantities[:1]:
        rows = group[group.source == "computed"] if column == "seconds" else group
        values = rows[column].to_numpy(float)
        if len(values) < SMALLEST_GROUP or (column != "energy_eV_per_atom" and values.min() <= 0):
            continue
        middle = float(np.median(values))
        scores = robust_z(values if column == "energy_eV_per_atom" else np.log(values))
        for index, value, score in zip(rows["index"], values, scores, strict=True):
            mild = column == "seconds" and 1 / DEARER < value / middle < DEARER
            if abs(score) >= ROBUST_Z and not mild:
                told[index].append(
                    f"{words} {value:.{digits}f} {unit}, median {middle:.{digits}f} of {len(values)} at {where}, "
                    f"robust z {score:+.1f}"
                )
