"""Found structures beside the reference: the table of figure 3."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.frames import frame_id
from melt2crystal.search.table import FOUND, check_table

NOT_REQUESTED = "not requested"


def with_reference(
    unique: pd.DataFrame,
    frames: Sequence[Atoms],
    energies_hp_eV: np.ndarray | None,
    labelled: Sequence[Atoms],
    statuses: pd.DataFrame,
) -> pd.DataFrame:
    """The unique structures of one pressure with the energies of the ensemble and of the reference (schema FOUND).

    Args:
        unique: schema UNIQUE; frames: its structures, row by row.
        energies_hp_eV: [members, structures], eV per cell; None without structures.
        labelled: frames with the reference's energy.
        statuses: frame_id, status, reason of every requested frame.

    Raises:
        UserError: table and structures differ.
    """
    if [str(frame.info.get("id")) for frame in frames] != list(unique["id"]):
        raise UserError("the unique structures and their table differ, row by row; remake both (rule search_unique)")
    table = unique.copy()
    table["frame_id"] = pd.array([frame_id(frame) for frame in frames], dtype="string")
    reference = {frame_id(frame): frame.get_potential_energy() / len(frame) for frame in labelled}
    told = {row.frame_id: f"{row.status}: {row.reason}".removesuffix(": ") for row in statuses.itertuples()}
    table["energy_reference_eV_per_atom"] = pd.array(
        [reference.get(name, pd.NA) for name in table["frame_id"]], dtype="Float64"
    )
    table["reference_status"] = [told.get(name, NOT_REQUESTED) for name in table["frame_id"]]
    sizes = np.array([len(frame) for frame in frames], dtype=float)
    per_atom = np.empty((1, 0)) if energies_hp_eV is None else energies_hp_eV / sizes
    table["energy_hp_mean_eV_per_atom"] = per_atom.mean(axis=0)
    table["energy_hp_std_eV_per_atom"] = per_atom.std(axis=0)
    return check_table(table, FOUND, "found structures")
