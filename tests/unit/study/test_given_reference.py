"""``engine: given``: labels of another code, from files, under a digest of their own; nothing is computed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.registry import reference_engine
from melt2crystal.errors import EngineError, UserError
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.label.store import LabelStore, label_frames
from melt2crystal.provenance import ROOT
from melt2crystal.report.versions import engine_version
from melt2crystal.study.load import _with_files_of_clone, load_study
from melt2crystal.study.model import Study
from tests.helpers.checkout import REPOSITORY
from tests.helpers.counting_engine import frames
from tests.helpers.programs import program

REFERENCE = {"engine": "given", "name": "PBE (ABINIT)", "code": "ABINIT 9.10.3", "labels": ["theirs.extxyz"]}


def labelled_frames(count=4, **info):
    """Frames as another program wrote them: with a label, without anything of ours."""
    made = []
    for number, frame in enumerate(frames(count)):
        frame.info = dict(info)
        forces = np.full((len(frame), 3), 0.1 * number)
        frame.calc = SinglePointCalculator(frame, energy=-10.0 - number, forces=forces, stress=np.zeros(6))
        made.append(frame)
    return made


def digest_of(**changes) -> str:
    return settings_digest(reference_engine({**REFERENCE, **changes}, ["Si", "O"]))


def test_the_digest_is_that_of_what_was_declared(tmp_path):
    pseudopotential = tmp_path / "Si.psp8"
    pseudopotential.write_text("one")
    declared = {"settings": {"ecut_Ha": 40}, "files": [str(pseudopotential)]}
    digest = digest_of(**declared)
    assert digest == digest_of(**declared, labels=["more.extxyz"], name="other words")
    other = [digest_of(**{**declared, "code": "CP2K 2024.1"}), digest_of(**{**declared, "settings": {"ecut_Ha": 50}})]
    pseudopotential.write_text("two")
    assert digest not in [*other, digest_of(**declared), digest_of()]


def test_labels_are_looked_up_and_nothing_is_computed(tmp_path):
    write(tmp_path / "theirs.extxyz", labelled_frames())
    engine = reference_engine(REFERENCE, ["Si", "O"])
    store = LabelStore(tmp_path / "store", digest_of(), "a", given=[tmp_path / "theirs.extxyz"])
    asked = frames(6)
    turned = asked[1][::-1]  # another order, another cell for one atom
    turned.positions[0] += turned.cell[2]
    asked[1] = canonical_frame(turned)
    answers = {
        frame.info["frame_id"]: label for frame, label, _ in label_frames(asked, engine, store, 100.0, {}, False)
    }
    found = [answers[frame.info["frame_id"]] for frame in asked]
    assert [label.status for label in found] == ["ok"] * 4 + ["not known"] * 2
    assert [label.energy for label in found[:4]] == [-10, -11, -12, -13]
    assert "in no file of reference.labels" in found[4].reason
    assert not list((tmp_path / "store").rglob("*.jsonl"))
    with pytest.raises(EngineError, match="structures: experimental, ions: fixed"):
        engine.relax(asked, 0.0)


def test_frames_said_to_be_of_another_reference_are_refused(tmp_path):
    write(tmp_path / "theirs.extxyz", labelled_frames(settings_digest="s0123456789abcde"))
    with pytest.raises(UserError, match="frame 0 says settings_digest=s0123456789abcde: it is a label of another"):
        LabelStore(tmp_path / "store", digest_of(), "a", given=[tmp_path / "theirs.extxyz"])


def test_the_jobs_that_label_read_the_files_and_call_nothing(tmp_path):
    write(tmp_path / "theirs.extxyz", labelled_frames())
    write_frames(tmp_path / "requested.extxyz", frames(5))
    reference = {**REFERENCE, "labels": [str(tmp_path / "theirs.extxyz")]}
    sections = {"reference": reference, "label.compute": True, "label.known": [], "substance": {}}
    settings = json.dumps({**sections, "label.largest_force_eV_per_A": 100.0})
    store, table = tmp_path / "store", tmp_path / "shard-0.csv"
    program("label_check").label_check(store, tmp_path / "reference.json", settings)
    checked = json.loads((tmp_path / "reference.json").read_text())
    assert checked == {"engine": "given", "settings_digest": digest_of(), "missing": ""}
    out = tmp_path / "shard-0.extxyz"
    program("label_shard").label_shard(tmp_path / "requested.extxyz", 0, 1, store, "x", out, table, settings)
    assert [frame.info["settings_digest"] for frame in read_frames(out)] == [digest_of()] * 4
    assert table.read_text().count(",ok,") == 4 and table.read_text().count("in no file of reference.labels") == 1
    assert engine_version(reference) == "ABINIT 9.10.3, as declared"


@pytest.fixture
def root(tmp_path):
    for folder in ("config", "data/polymorphs", "data/potentials"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    write(tmp_path / "theirs.extxyz", labelled_frames())
    return tmp_path


STUDY = """
reference: {engine: given, name: PBE (ABINIT), code: ABINIT 9.10.3, labels: [theirs.extxyz]}
select: {max_iterations: 0}
benchmark: {energy_volume: {structures: experimental}, vdos: {reference: false}}
search: {enabled: false}
"""


def said(root: Path, text: str) -> str:
    (root / "config/studies/mine.yaml").write_text(text)
    try:
        load_study({"study": "mine", "results": "results"}, root, check_files=True)
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("", "", ""),
        (
            "select: {max_iterations: 0}",
            "select: {max_iterations: 2}",
            "2 rounds choose frames to label, and reference.engine is given",
        ),
        (
            "structures: experimental",
            "structures: reference",
            "reference needs an engine, and reference.engine is given",
        ),
        ("structures: experimental", "structures: experimental, ions: relaxed", "relaxed needs an engine"),
        ("vdos: {reference: false}", "vdos: {reference: true}", "benchmark.vdos.reference: true needs an engine"),
        ("enabled: false", "enabled: true", "search.enabled: true: what is found needs an engine"),
        ("[theirs.extxyz]", "[others.extxyz]", "reference.labels[0]: there is no file others.extxyz"),
        ("ABINIT 9.10.3,", "ABINIT 9.10.3, files: [Si.psp8],", "reference.files[0]: there is no file Si.psp8"),
    ],
)
def test_what_would_need_new_labels_is_refused_in_the_plan(root, old, new, words):
    assert old in STUDY
    found = said(root, STUDY.replace(old, new) if old else STUDY)
    assert (words in found) if words else found == "", found


@pytest.mark.parametrize(
    "break_it, words",
    [
        (lambda frames: frames[2].calc.results.pop("forces"), "theirs.extxyz: frame 2 has no forces"),
        (lambda frames: frames[1].info.update(settings_digest="s1"), "frame 1 says settings_digest=s1"),
        (lambda frames: frames[3].calc.results.update(stress=np.full(6, 300.0)), "frame 3 has a stress of 300"),
    ],
)
def test_labels_that_are_not_whole_are_refused_in_the_plan(root, break_it, words):
    theirs = labelled_frames()
    break_it(theirs)
    write(root / "theirs.extxyz", theirs)
    found = said(root, STUDY)
    assert "reference.labels[0]" in found and words in found


@pytest.mark.parametrize("section, key", [("reference", "labels"), ("reference", "files"), ("label", "known")])
def test_a_project_beside_the_clone_finds_files_of_the_clone(tmp_path, section, key):
    theirs, own = "data/polymorphs/stishovite.cif", "own.extxyz"
    (tmp_path / own).touch()
    given = {"name": "mine", "reference": {**REFERENCE}, "label": {}}
    given[section][key] = [theirs, own, "nowhere.extxyz"]
    found = getattr(getattr(_with_files_of_clone(Study.model_validate(given), tmp_path), section), key)
    assert found == [str(ROOT / theirs), own, "nowhere.extxyz"]
