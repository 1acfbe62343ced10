"""The table of k-meshes."""

import numpy as np
import pandas as pd
import pytest

from tools.released.k_convergence import converged_spacing, convergence_table, largest_spacing


def energies(name: str, errors_meV: dict[str, float]) -> pd.DataFrame:
    rows = [(name, mesh, 1 / int(mesh[0]), -400.0 + error / 1000) for mesh, error in errors_meV.items()]
    return pd.DataFrame(rows, columns=["polymorph", "mesh", "spacing_per_A", "energy_eV_per_atom"])


def test_the_coarsest_mesh_that_stays_converged() -> None:
    both = pd.concat(
        [
            # 2x2x2 agrees by chance, 3x3x3 doesn't: converged from 4x4x4 on; not given in order
            energies("a", {"5x5x5": 0.0, "1x1x1": 50.0, "2x2x2": 0.3, "3x3x3": -1.4, "4x4x4": 0.2}),
            energies("b", {"1x1x1": 2.0, "2x2x2": 0.9, "3x3x3": 0.0}),
        ]
    )
    table = convergence_table(both)
    assert table[table.polymorph == "a"]["mesh"].tolist() == [f"{n}x{n}x{n}" for n in range(1, 6)]
    assert table["difference_meV_per_atom"].to_numpy() == pytest.approx([50, 0.3, -1.4, 0.2, 0, 2, 0.9, 0], abs=1e-6)
    found = converged_spacing(table)
    assert found["mesh"].tolist() == ["4x4x4", "2x2x2"]
    assert found["largest_difference_meV_per_atom"].to_numpy() == pytest.approx([0.2, 0.9], abs=1e-6)
    assert converged_spacing(table, 0.5)["polymorph"].tolist() == ["a"]  # b's finest mesh has nothing to agree with


def test_nothing_is_shown_by_one_mesh() -> None:
    assert converged_spacing(convergence_table(energies("a", {"3x3x3": 0.0}))).empty


def test_spacing() -> None:
    lengths = 2 * np.pi / np.array([4.0, 5.0, 10.0])
    assert largest_spacing(lengths, (3, 3, 2)) == pytest.approx(2 * np.pi / 12)
    assert largest_spacing(lengths, (6, 3, 1)) == pytest.approx(2 * np.pi / 10)
