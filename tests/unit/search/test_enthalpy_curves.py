"""Enthalpies over pressure against phases whose curves are known."""

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.build import bulk
from ase.units import GPa

from melt2crystal.search.phases.enthalpy_curves import (
    KEPT,
    KNOWN,
    Track,
    above,
    curves,
    found_tracks,
    transitions,
    without_doubles,
    zero_of,
)
from melt2crystal.search.phases.phase import Ruler
from melt2crystal.sections.substance import Substance

LADDER = [0.0, 5.0, 10.0, 20.0]
SYMPRECS = [0.001, 0.01, 0.1]


def solid(name: str, energy: float, volume: float, bulk_GPa: float, pressures=LADDER, origin=KNOWN) -> pd.DataFrame:
    """A phase with V = V0 exp(-p / B): H = E0 + B V0 (1 - exp(-p / B)), eV and Å^3 per atom."""
    p = np.array(pressures)
    enthalpy = energy + bulk_GPa * GPa * volume * (1 - np.exp(-p / bulk_GPa))
    rows = {"phase": name, "origin": origin, "potential": "hp", "pressure_GPa": p, "state": KEPT}
    rows |= {"enthalpy_eV_per_atom": enthalpy, "volume_A3_per_atom": volume * np.exp(-p / bulk_GPa)}
    return pd.DataFrame(rows | {"space_group": 1, "coordination": 4.0})


OPEN, DENSE, DENSEST = (
    solid("open", -6.0, 14.0, 40.0),
    solid("dense", -5.9, 11.0, 90.0),
    solid("densest", -5.7, 8.0, 300.0),
)


def exact_crossing(one: tuple, other: tuple) -> float:
    from scipy.optimize import brentq

    def enthalpy(p, energy, volume, bulk_GPa):
        return energy + bulk_GPa * GPa * volume * (1 - np.exp(-p / bulk_GPa))

    return brentq(lambda p: enthalpy(p, *one) - enthalpy(p, *other), 0.0, 20.0)


def test_transitions_are_where_the_exact_curves_cross():
    found = transitions(pd.concat([DENSEST, OPEN, DENSE]))
    assert [(one["from"], one["to"]) for one in found] == [("open", "dense"), ("dense", "densest")]
    first = exact_crossing((-6.0, 14.0, 40.0), (-5.9, 11.0, 90.0))
    second = exact_crossing((-5.9, 11.0, 90.0), (-5.7, 8.0, 300.0))
    assert [one["pressure_GPa"] for one in found] == pytest.approx([first, second], abs=0.02)
    exact = 100 * (11 * np.exp(-first / 90) / (14 * np.exp(-first / 40)) - 1)
    assert found[0]["volume_change_percent"] == pytest.approx(exact, abs=0.3) and exact < -5


def test_a_phase_that_is_nowhere_the_lowest_has_no_transition():
    high = solid("high", -5.0, 12.0, 50.0)
    assert [one["to"] for one in transitions(pd.concat([OPEN, high, DENSE]))] == ["dense"]


def test_where_a_curve_ends_nothing_crosses():
    ends = OPEN[OPEN["pressure_GPa"] <= 5.0]
    jump = solid("jump", -5.0, 13.0, 60.0)
    assert transitions(pd.concat([ends, jump])) == []
    lost = OPEN.assign(state=[KEPT, KEPT, "became space group 1", "failed: hole"])
    assert transitions(pd.concat([lost, jump])) == []
    assert transitions(OPEN[OPEN["pressure_GPa"] == 0.0]) == []
    assert transitions(OPEN.assign(state="failed: all")) == []


def test_a_structure_found_twice_or_known_is_followed_once():
    again = OPEN.assign(phase="p0-z2-g00-0001", origin="p0-z2-g00-0001")
    twin = DENSE.assign(phase="p0-z2-g00-0002", origin="p0-z2-g00-0002")
    copy = twin.assign(phase="p10-z2-g00-0009", origin="p10-z2-g00-0009")
    left = without_doubles(pd.concat([OPEN, again, twin, copy], ignore_index=True))
    assert list(left["phase"].unique()) == ["open", "p0-z2-g00-0002"]
    double_known = OPEN.assign(phase="also_open")  # what is in the library stays: its name is known
    assert len(without_doubles(pd.concat([OPEN, double_known], ignore_index=True))) == 8


def test_the_zero_is_the_phase_asked_for_or_a_low_known_one():
    table = pd.concat([OPEN.assign(origin="p0-z2-g00-0001"), DENSE, DENSEST], ignore_index=True)
    assert zero_of(table, "densest") == "densest"
    assert zero_of(table, None) == zero_of(table, "no such phase") == "dense"
    fewer = pd.concat([table[table["phase"] != "dense"], DENSE[:2]])  # the zero is to be there at every pressure
    assert zero_of(fewer, None) == "densest"
    assert zero_of(OPEN.assign(origin="p0"), None) == "open" and zero_of(OPEN.assign(state="failed: x"), None) is None
    shown = above(table, "dense").set_index(["phase", "pressure_GPa"])["above_meV_per_atom"]
    assert shown["dense", 5.0] == 0 and shown["open", 0.0] == pytest.approx(-100)


SUBSTANCE = Substance(
    name="copper", formula={"Cu": 1}, central_species="Cu", ligand_species="Cu", bond_cutoff_A=3.0,
    minimum_distances_A={"Cu-Cu": 1.5},
)  # fmt: skip
RULER = Ruler(SUBSTANCE, 0.01, SYMPRECS)


def test_phases_are_followed_up_and_down_from_their_own_pressure_and_say_when_they_are_others():
    asked: list[tuple[float, list[float]]] = []

    def relaxing(starts, pressure):
        asked.append((pressure, [round(float(a.cell.volume), 3) for a in starts]))
        ends: list = []
        for start in starts:
            scaled = start.copy()
            scaled.set_cell(start.cell * 0.99, scale_atoms=True)
            if pressure == 20.0:
                scaled.set_cell(scaled.cell.array @ np.diag([1, 1, 1.2]), scale_atoms=True)
            ends.append("hole" if pressure == 0.0 and len(start) == 1 else (scaled, -3.0 * len(start)))
        return ends

    cubic = Track("cubic", KNOWN, bulk("Cu", "sc", a=2.5), 0.0)
    found = Track("p10", "p10", bulk("Cu", "fcc", a=3.6, cubic=True), 10.0)
    rows = pd.DataFrame(curves([cubic, found], [20.0, 0.0, 5.0, 10.0], relaxing, RULER)).set_index(
        ["phase", "pressure_GPa"]
    )
    states = rows["state"]
    assert states["cubic", 0.0] == "failed: hole" and states["cubic", 5.0] == KEPT == states["p10", 10.0]
    assert states["p10", 0.0] == KEPT and states["cubic", 20.0].startswith("became space group 123")
    own = round(float(found.atoms.cell.volume), 3)
    assert asked[2] == (10.0, [round(2.5**3 * 0.99**3, 3), own])  # the one found begins at its own pressure
    assert [pressure for pressure, _ in asked] == [0.0, 5.0, 10.0, 20.0, 5.0, 0.0]
    assert asked[4][1] == [own]  # and goes down from its own structure
    assert asked[5][1] == [pytest.approx(own * 0.99**3, abs=1e-3)]  # step by step


def test_of_a_search_the_lowest_that_are_no_known_crystals_are_followed():
    large = Atoms("Cu40", positions=np.random.default_rng(0).random((40, 3)) * 9, cell=[9] * 3, pbc=True)
    frames = [bulk("Cu", "fcc", a=3.6), bulk("Cu", "bcc", a=2.9), large, bulk("Cu", "sc", a=2.4)]
    unique = pd.DataFrame({"id": list("abcd"), "pressure_GPa": 10.0})
    names = pd.DataFrame({"id": list("abcd"), "name": ["fcc", "tungsten", "", "unknown"]})
    names["source"] = ["library", "prototype", "not looked up", "unknown"]
    tracks = found_tracks(unique, frames, names, 5, 20)
    assert [track.name for track in tracks] == ["b (tungsten)", "d"]
    assert [track.name for track in found_tracks(unique, frames, names, 1, 20)] == ["b (tungsten)"]
