"""What a search without a study is asked for: formulae, requests, potentials; what makes no sense is told at once."""

import textwrap

import pytest

from melt2crystal.errors import UserError
from melt2crystal.search.alone.potential import import_path, members_of
from melt2crystal.search.alone.request import Request, formula_unit, request
from melt2crystal.search.alone.results import check_same
from melt2crystal.search.api import search
from tests.helpers.checkout import REPOSITORY

MODEL = REPOSITORY / "tests/data/silica-of-a-minute.pb"
SILICA = {"Si": 1, "O": 2}


@pytest.mark.parametrize(
    ("text", "formula"),
    [("SiO2", SILICA), ("Si2O4", SILICA), ("SiO₂", SILICA), ("Cu", {"Cu": 1}), ("Ca(OH)2", {"Ca": 1, "O": 2, "H": 2})],
)
def test_formulae(text, formula):
    assert formula_unit(text) == formula


@pytest.mark.parametrize(
    "text",
    ["SiO2; touch x", "$(touch x)", "../SiO2", "", "sio2", "Qq2", "Si0.5O", "D2O", "Si1000O", "<b>Cu</b>", "Si O2"],
)
def test_what_is_no_formula_is_told(text):
    with pytest.raises(UserError, match=r"--formula .*(for example SiO2|atoms in a formula unit)"):
        formula_unit(text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"minutes": -3}, "minutes: -3"),
        ({"minutes": float("nan")}, "minutes"),
        ({"relaxations": 0}, "relaxations: 0"),
        ({}, "say when the search ends"),
        ({"minutes": 1, "formula_units": [2, 2]}, "a size occurs twice"),
        ({"minutes": 1, "formula_units": [0]}, "1 to 200 atoms"),
        ({"minutes": 1, "formula_units": [90]}, "1 to 200 atoms"),
        ({"minutes": 1, "workers": 0}, "workers: 0"),
        ({"minutes": 1, "pressure_GPa": 1e9}, "pressure_GPa"),
        ({"minutes": 1, "engine": "random", "adaptive_shares": True}, "adaptive_shares"),
    ],
)
def test_requests_without_sense_are_told(words, said):
    with pytest.raises(UserError, match=said):
        request("SiO2", **words)


def test_a_search_of_a_version_that_knew_fewer_settings_can_go_on(tmp_path):
    now = {"settings": request("SiO2", minutes=1).what_decides, "potential": [], "melts": []}
    known = {name: value for name, value in now["settings"].items() if name != "adaptive_shares"}
    check_same({"settings": known}, now, Request.defaults(), tmp_path)
    other = now | {"settings": request("SiO2", minutes=1, adaptive_shares=True).what_decides}
    with pytest.raises(UserError, match="adaptive_shares was False, is True"):
        check_same({"settings": known}, other, Request.defaults(), tmp_path)


def test_sizes_have_at_most_24_atoms():
    assert request("SiO2", minutes=1).formula_units == [1, 2, 3, 4, 6, 8]
    assert request("Ca(OH)2", minutes=1).formula_units == [1, 2, 3, 4]
    assert request("C60", minutes=1).formula_units == [1, 2, 3, 4, 6, 8]  # an element is one atom
    assert request("Mg3Al2(SiO4)3", minutes=1).formula_units == [1]


def test_models_of_a_folder(tmp_path):
    for name in ("0.pb", "0-compressed.pb", "10.pb", "2.pb", "2.pth", "card.md", "0-input.json"):
        (tmp_path / name).touch()
    assert [path.name for path in members_of(tmp_path)] == ["0-compressed.pb", "2.pb", "10.pb"]
    with pytest.raises(UserError, match="holds no model"):
        (tmp_path / "empty").mkdir()
        members_of(tmp_path / "empty")
    with pytest.raises(UserError, match="no such file or folder"):
        members_of(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no frozen model"):
        members_of(tmp_path / "card.md")


def test_calculators_by_their_import_path():
    assert import_path("ase.calculators.emt.EMT") == "ase.calculators.emt:EMT"
    assert import_path("a.b:C.load") == "a.b:C.load"
    assert import_path("ase.calculators.tersoff.Tersoff.from_lammps") == "ase.calculators.tersoff:Tersoff.from_lammps"
    assert import_path("package.function") == "package:function"


BAD = textwrap.dedent(
    """
    import numpy as np
    from ase.calculators.calculator import Calculator, all_changes

    class Bad(Calculator):
        implemented_properties = ["energy", "forces", "stress"]

        def __init__(self, kind):
            super().__init__()
            self.kind = kind

        def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
            super().calculate(atoms, properties, system_changes)
            loose = atoms.get_volume() / len(atoms)
            energy = {"nan": np.nan, "collapses": 0.2 * loose, "crowds": np.nan if len(atoms) > 1 else 0.0}[self.kind]
            pull = 0.2 if self.kind == "collapses" else 0.0
            self.results = {
                "energy": energy * len(atoms), "forces": np.zeros((len(atoms), 3)),
                "stress": np.array([pull, pull, pull, 0, 0, 0]),
            }
    """
)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("nan", r"^--potential bad:Bad: .*not finite"),
        ("collapses", r"^0 of 50 random cells .* 50 insane: volume .*outside.*another potential"),
        ("crowds", r"random cells .*not finite"),
    ],
)
def test_potentials_that_are_none_are_told(kind, said, tmp_path, monkeypatch):
    (tmp_path / "bad.py").write_text(BAD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(UserError, match=said):
        search(
            "Cu", "bad:Bad", out=tmp_path / "out", minutes=1, calculator_arguments={"kind": kind}, say=lambda _: None
        )
    assert not (tmp_path / "out/found.csv").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"potential": "ase.calculators.nowhere:None", "formula": "Cu"}, "nowhere"),
        (
            {"potential": "ase.calculators.emt:EMT", "formula": "Si"},
            "^--potential ase.calculators.emt:EMT: calculator .*No EMT-potential for Si",
        ),
        ({"potential": MODEL, "formula": "TiO2"}, "knows Si, O, not Ti"),
        ({"potential": MODEL, "formula": "SiO2", "interpreter": "/usr/bin/python3"}, "belong to an ASE calculator"),
        ({"potential": REPOSITORY / "README.md", "formula": "SiO2"}, "no frozen model"),
    ],
)
def test_potentials_that_do_not_fit_are_told(words, said, tmp_path):
    with pytest.raises(UserError, match=said):
        search(**words, out=tmp_path / "out", minutes=1, say=lambda _: None)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["Si0O2", "SiO2Al0", "Al2(SiO4)0O", "Si00O2"])
def test_amounts_of_nothing_are_refused(text):
    with pytest.raises(UserError, match="has an amount of 0; take out what isn't there"):
        formula_unit(text)
    assert formula_unit("Si10O20") == {"Si": 1, "O": 2}
