"""Structures about which the members of the ensemble disagree are told from those they know."""

import numpy as np
import pytest
from ase import Atoms

from melt2crystal.search.found.table import SOUND, STRUCTURES, as_table
from melt2crystal.search.found.trust import deviations, with_deviations


class TwoMembers:
    """Forces of the members differ by 2 d along x on the first atom: its deviation is d."""

    def __init__(self, *apart):
        self.apart = apart

    def evaluate(self, frames):
        forces = []
        for d in self.apart[: len(frames)]:
            of_frame = np.zeros((2, 2, 3))
            of_frame[:, 0, 0] = 5 - d, 5 + d
            forces.append(of_frame)
        return np.zeros((2, len(frames))), forces, np.zeros((2, len(frames), 3, 3))


def pair(name, status="ok"):
    row = {"id": name, "status": status, "evaluations": 7, "pressure_GPa": 0.0}
    if status not in SOUND:
        return row, None
    numbers = {"enthalpy_eV_per_atom": -3.0, "energy_eV_per_atom": -3.0, "volume_A3_per_atom": 13.5}
    return {**row, **numbers, "space_group": 1, "space_group_symprec_A": 0.1, "coordination": 4.0}, Atoms("SiO")


def test_the_deviation_is_that_of_the_selection():
    assert deviations([Atoms("SiO")] * 2, TwoMembers(0.25, 3.0)) == pytest.approx([0.25, 3.0])


def test_a_hole_of_one_member_is_insane_and_keeps_nothing_of_its_energy():
    pairs = [pair("known"), pair("failed", "failed: x"), pair("hole", "unconverged"), pair("edge")]
    rows, frames = zip(*with_deviations(pairs, TwoMembers(0.25, 6.4, 1.0), 1.0), strict=True)
    table = as_table(list(rows), STRUCTURES)
    assert [status.partition(":")[0] for status in table["status"]] == ["ok", "failed", "insane", "ok"]
    assert "6.40 eV/Å, more than 1" in table.loc[2, "status"]
    assert [frame is None for frame in frames] == [False, True, True, False]
    assert table["enthalpy_eV_per_atom"].isna().tolist() == [False, True, True, False]
    assert table["deviation_eV_per_A"].fillna(-1).tolist() == pytest.approx([0.25, -1, 6.4, 1.0])


def test_without_a_limit_the_deviation_is_only_noted():
    rows = [row for row, frame in with_deviations([pair("a")], TwoMembers(6.4), None) if frame is not None]
    assert rows[0]["status"] == "ok" and rows[0]["deviation_eV_per_A"] == pytest.approx(6.4)


def test_forces_that_are_no_numbers_are_no_agreement():
    ((row, frame),) = with_deviations([pair("a")], TwoMembers(np.nan), 1.0)
    assert frame is None and row["status"].startswith("insane")


def test_nothing_found_is_nothing_judged():
    assert with_deviations([], TwoMembers(), 1.0) == []


class Alone(TwoMembers):
    """One member; the numbers are its forces."""

    def evaluate(self, frames):
        forces = [np.full((1, 2, 3), value) for value in self.apart[: len(frames)]]
        return np.zeros((1, len(frames))), forces, np.zeros((1, len(frames), 3, 3))


@pytest.mark.parametrize("limit", [None, 1.0, 1e-9])
def test_a_model_that_is_alone_has_no_deviation_and_loses_no_structure_for_it(limit):
    pairs = with_deviations([pair("a"), pair("b", "unconverged"), pair("broken")], Alone(0.3, 9.0, np.nan), limit)
    table = as_table([row for row, _ in pairs], STRUCTURES)
    assert [frame is not None for _, frame in pairs][:2] == [True, True]
    assert table["deviation_eV_per_A"].isna().all() and table["status"].tolist()[:2] == ["ok", "unconverged"]
    assert (pairs[2][1] is None) == (limit is not None)  # forces that are no numbers are told all the same
