"""Paths of a study: names that later rules and finished studies rely on."""

import pytest

from melt2crystal.provenance import ROOT
from melt2crystal.study.load import load_study
from melt2crystal.study.paths import FIGURES, Paths
from tests.helpers.studies import complaint, write_study


def paths(**changes) -> Paths:
    return Paths(load_study({"study": "ci", **changes}, "."), "elsewhere")


def test_files_of_a_project_are_its_own_or_else_the_clones_and_in_the_clone_nothing_is_spelt_otherwise(root):
    """Melting potential, reference, crystals, labels and potentials of others: none needs a link to the clone."""
    text = "extends: ci\nlabel: {known: [data/labels/silica-pbe-melt.extxyz.gz]}\n"
    text += "release: {hp: {given: tests/data/potential}}\n"
    for name in ("potentials/silica_bks.lmp", "polymorphs/stishovite.cif"):
        (root / "data" / name).unlink()
    study = load_study(write_study(root, text), root)
    potential = str(ROOT / "data/potentials/silica_bks.lmp")
    assert study.liquid.potential == study.reference.potential == potential
    crystals = {name: polymorph.file for name, polymorph in study.benchmark.polymorphs.items()}
    assert crystals == {
        "alpha_quartz": "data/polymorphs/alpha_quartz.cif",
        "stishovite": str(ROOT / "data/polymorphs/stishovite.cif"),
    }
    assert study.label.known == [str(ROOT / "data/labels/silica-pbe-melt.extxyz.gz")]
    assert study.release.hp.given == str(ROOT / "tests/data/potential")
    assert paths().study.liquid.potential == "data/potentials/silica_bks.lmp"
    assert "there is no file data/none.lmp" in complaint(root, "liquid: {potential: data/none.lmp}\n", check_files=True)


def test_a_study_lies_below_the_folder_of_results_and_shares_its_label_store():
    assert (paths().root, paths().store) == ("elsewhere/ci", "elsewhere/label-store")


def test_melts_are_listed_training_first_in_the_order_of_the_grid():
    found = paths()
    tables = found.melt_tables("walks.csv")
    assert tables[0] == f"elsewhere/ci/liquid/train/p{found.pressures[0]}/walks.csv"
    assert tables[len(found.pressures)] == f"elsewhere/ci/liquid/heldout/p{found.pressures[0]}/walks.csv"
    assert found.certified("heldout") == [f"elsewhere/ci/liquid/heldout/p{p}/certified.extxyz" for p in found.pressures]
    assert found.starts_of_walks == "elsewhere/ci/liquid/train/p{pressure}/certified.extxyz"


def test_melts_from_files_lie_in_one_folder():
    found = Paths(load_study({"study": "released"}, "."))
    assert found.certified("initial") == ["results/released/liquid/train/given/certified.extxyz"]
    assert found.starts_of_walks == "results/released/liquid/train/given/certified.extxyz"


def test_a_dataset_is_the_one_before_and_the_labels_between():
    assert paths().dataset_parts(0) == ["elsewhere/ci/label/initial/labels.extxyz"]
    assert paths().dataset_parts(2) == [
        "elsewhere/ci/dataset/01/dataset.extxyz",
        "elsewhere/ci/label/iteration-01/labels.extxyz",
    ]


@pytest.mark.parametrize(
    ("descriptor", "kinds", "ending"), [("se_e2_a", {"frozen", "compressed"}, ".pb"), ("dpa4", {"frozen"}, ".pt")]
)
def test_the_compressed_model_is_taken_where_there_is_one(descriptor, kinds, ending):
    other = {"select": {"max_iterations": 0}, "benchmark": {"vdos": {"enabled": False}}}
    found = paths(train={"network": {"descriptor": descriptor}}, **other)
    assert set(found.model_files("folder")) == kinds
    first = "0-compressed" if "compressed" in kinds else "0"
    assert found.released("hp")[0] == f"elsewhere/ci/models/hp/{first}{ending}"


def test_a_potential_from_elsewhere_has_no_learning_curve_and_names_what_it_has_seen():
    found = paths(release={"hp": {"given": "folder"}})
    assert found.manifest_elsewhere("hp") == ["folder/manifest.json"] and found.manifest_elsewhere("lp") == []
    assert found.member_elsewhere("hp", "1") == ("folder/1.pb", "folder/1-input.json")
    assert all("/train/hp/" not in path for path in found.learning_curves([]))


def test_what_a_study_switches_off_has_no_files():
    no = {"enabled": False}
    off = paths(search=no, benchmark={"vdos": no, "energy_volume": no, "relaxed": no, "melt": no})
    assert off.searched == off.searches("unique.csv") == off.spectra == off.overlaps == off.energy_volume == []
    assert off.relaxed_crystals == off.melts_compared == []
    assert off.drawn == ["figures_parity", "figures_selection", "figures_audit", "figures_learning"]
    assert set(off.drawn) < set(FIGURES)


def test_labels_of_every_batch_are_listed_once():
    tables = paths().label_tables(2)
    batches = [path.split("/")[-2] for path in tables]
    assert batches == ["initial", "heldout", "iteration-00", "iteration-01", "eos", "found-p10"]
