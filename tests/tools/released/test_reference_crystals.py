"""The tools that compute and release the reference's crystals, with labels made up from a known equation of state."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones
from ase.io import write

from melt2crystal.benchmark.equation_of_state import birch_murnaghan
from melt2crystal.engines.base import Label, settings_digest
from melt2crystal.engines.espresso.engine import EspressoEngine
from melt2crystal.engines.k_points import k_mesh
from melt2crystal.errors import UserError
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.label.store import LabelStore
from melt2crystal.marks import refuse_benchmark_frames
from melt2crystal.sections.benchmark import EnergyVolume
from melt2crystal.sections.reference import EspressoKPoints
from melt2crystal.structure.crystals import read_crystal
from melt2crystal.study.load import load_study
from tests.helpers.golden import golden
from tools.released import reference_crystals as computing
from tools.released.reference_crystals import (
    MESH_SPACINGS_PER_A,
    RELEASED,
    ROOT,
    SCALE_ORDER,
    Crystals,
    reference_crystals,
    taken_up,
    tasks,
)
from tools.released.release_crystals import release_crystals
from tools.released.released_study import MARK, complete_polymorphs, generated, released_study

NAME = "stishovite"
V0, B0, B0_PRIME, E0 = 23.9, 280.0, 4.5, -1276.0  # per SiO2
PULAY_EV_PER_ATOM = -0.0375
release = release_crystals.__wrapped__


def energy(volume_A3: float) -> float:
    return float(birch_murnaghan(np.array([volume_A3]), V0, B0, B0_PRIME, E0)[0])


def stress(volume_A3: float) -> np.ndarray:
    """What the energy's slope says, eV/Å³, less a Pulay stress."""
    slope = (energy(volume_A3 + 1e-3) - energy(volume_A3 - 1e-3)) / 2e-3
    return (slope - 3 * PULAY_EV_PER_ATOM / volume_A3) * np.eye(3)


def fill(crystals: Crystals, frames: list, points: EspressoKPoints, shift_eV: float = 0.0) -> None:
    store = LabelStore(crystals.folder / "label-store", settings_digest(crystals.engine(points)), "test")
    for frame in frames:
        units = len(frame) / 3
        volume_A3 = frame.get_volume() / units
        total = units * (energy(volume_A3) + shift_eV)
        store.add(frame, Label("ok", "", total, np.zeros((len(frame), 3)), stress(volume_A3), 10.0))


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Crystals:
    """As if stishovite was done: 'relaxed' structure, frames, labels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EspressoEngine, "check", lambda self: None)
        crystals = Crystals(tmp_path_factory.mktemp("crystals"))
        crystals.structure(NAME).parent.mkdir(parents=True)
        shutil.copy(f"data/polymorphs/{NAME}.cif", crystals.structure(NAME))
        crystals.relax(NAME)
        for stage in RELEASED:
            fill(crystals, read_frames(crystals.requested(stage, NAME)), EspressoKPoints())
        frame = canonical_frame(crystals.unrelaxed(NAME))
        for spacing in MESH_SPACINGS_PER_A:
            mesh = k_mesh(frame, EspressoKPoints(spacing_per_A=spacing))
            fill(crystals, [frame], EspressoKPoints(mode="mesh", mesh=mesh), 0.003 * spacing**8)
        yield crystals


def test_the_frames_are_a_study_s_own(computed: Crystals) -> None:
    frames = read_frames(computed.requested("curve", NAME))
    assert [frame.info["volume_scale"] for frame in frames] == list(SCALE_ORDER)
    assert sorted(SCALE_ORDER) == EnergyVolume().volume_scales
    assert {frame.info["split"] for frame in frames} == {"energy-volume"}
    assert len({k_mesh(frame, EspressoKPoints()) for frame in frames}) == 1
    cells = read_frames(computed.requested("harmonic", NAME))
    assert [frame.info["displacement"] for frame in cells] == [0, 1, 2, 3]
    assert k_mesh(cells[0], EspressoKPoints()) is None


def test_release_card_and_splits(computed: Crystals, tmp_path: Path) -> None:
    labels, structures = tmp_path / "labels", tmp_path / "pbe"
    labels.mkdir()
    release(computed.folder, labels, structures)
    curve = read_frames(labels / RELEASED["curve"])
    assert [frame.info["volume_scale"] for frame in curve] == sorted(SCALE_ORDER)
    for name in RELEASED.values():
        frames = read_frames(labels / name)
        assert all("settings_digest" in frame.info and frame.calc is not None for frame in frames)
        with pytest.raises(UserError, match="must not be trained"):
            refuse_benchmark_frames(frames, name)
    golden("crystals.md", (labels / "crystals.md").read_text())  # V0, B0, B0', E0 and the Pulay stress are those above
    assert (structures / f"{NAME}.cif").is_file()
    meshes = pd.read_csv(labels / "silica-pbe-k-mesh.csv")
    assert meshes["mesh"].tolist() == ["2x2x2", "2x2x3", "3x3x4", "4x4x5", "5x5x7"]
    assert meshes["difference_meV_per_atom"].iloc[0] == pytest.approx(0.003e3 / 3 * (1.2**8 - 0.35**8), rel=1e-3)
    with pytest.raises(UserError, match="of its labels are not in"):
        release(tmp_path / "elsewhere", labels, structures)  # another folder must not empty the released file
    assert len(read_frames(labels / RELEASED["curve"])) == 9


def test_the_released_study_names_what_is_whole(computed: Crystals, tmp_path: Path) -> None:
    labels, structures, study = tmp_path / "labels", tmp_path / "pbe", tmp_path / "released.yaml"
    labels.mkdir()
    release(computed.folder, labels, structures)
    assert complete_polymorphs(labels, structures) == ([NAME], [NAME])
    curve = read_frames(labels / RELEASED["curve"])
    write_frames(labels / RELEASED["curve"], curve[1:])  # a volume is missing
    assert complete_polymorphs(labels, structures) == ([], [NAME])

    study.write_text("name: released\nextends: laptop\nselect: {max_iterations: 0}\n" + MARK + "label: {}\n")
    released_study.__wrapped__(study, labels, structures)
    made = load_study({"study": str(study)}, ROOT, check_files=False)
    assert not made.label.compute and not made.benchmark.energy_volume.enabled and not made.search.enabled
    assert made.benchmark.harmonic_polymorphs == [NAME] and list(made.benchmark.polymorphs) == [NAME]
    assert Path(made.benchmark.polymorphs[NAME].file) == structures / f"{NAME}.cif"
    two = generated([NAME, "coesite"], [], [0.0, 10.0], labels, structures)
    study.write_text("name: released\nextends: laptop\nselect: {max_iterations: 0}\n" + two)
    made = load_study({"study": str(study)}, ROOT, check_files=False)
    assert made.benchmark.energy_volume.enabled and list(made.benchmark.polymorphs) == ["coesite", NAME]
    assert made.search.found in made.label.known and made.search.pressures_GPa == [0, 10]


def test_steps() -> None:
    assert list(tasks(["relax:coesite", "mesh"]))[:2] == [("relax", "coesite"), ("mesh", "stishovite")]
    for wrong in ("relaxe", "curve:quartz"):
        with pytest.raises(UserError, match="is no step"):
            list(tasks([wrong]))


def test_a_relaxation_that_was_cut_off_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EspressoEngine, "check", lambda self: None)
    begun = []
    monkeypatch.setattr(EspressoEngine, "relax", lambda self, frames, pressure: begun.extend(frames) or frames)
    last = Crystals(tmp_path).unrelaxed(NAME)
    last.set_cell(1.02 * last.cell.array, scale_atoms=True)
    write(tmp_path / "pw.xyz", last, format="extxyz")
    Crystals(tmp_path, cut_off=tmp_path / "pw.xyz").relax(NAME)
    assert np.allclose(begun[0].cell.array, last.cell.array) and begun[0].info["polymorph"] == NAME
    assert np.allclose(begun[0].get_positions(), last.get_positions())
    made = tmp_path / "structures" / f"{NAME}.cif"
    assert read_crystal(made).get_volume() == pytest.approx(last.get_volume())
    assert "taken up from an output that was cut off" in made.read_text().splitlines()[0]


def test_a_potential_leads_and_each_step_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EspressoEngine, "check", lambda self: None)
    asked = []

    def at_rest(self: EspressoEngine, frames: list[Atoms]) -> Iterator[Label]:
        for frame in frames:
            asked.append((self.reference.k_points.mode, self.reference.k_points.mesh))
            yield Label("ok", "", -1.0, np.zeros((len(frame), 3)), np.zeros((3, 3)), 1.0)

    monkeypatch.setattr(EspressoEngine, "label", at_rest)
    monkeypatch.setattr(Crystals, "write_requested", lambda self, name: None)
    monkeypatch.setattr(computing, "ModelFactory", lambda path: lambda: LennardJones(sigma=1.6, rc=3.0))
    monkeypatch.setattr(computing, "relaxed_by_model", lambda given, model: given)
    for _ in range(2):
        Crystals(tmp_path, model=Path("any.pb")).relax(NAME)
        made = tmp_path / "structures" / f"{NAME}.cif"
        assert "(BFGS led by a potential, started from" in made.read_text().splitlines()[0]
        made.unlink()  # as if killed before it was written
    assert asked == [("mesh", (4, 4, 5))]  # the second time from the store

    monkeypatch.setattr(computing, "relaxed_by_model", lambda given, model: None)
    monkeypatch.setattr(EspressoEngine, "relax", lambda self, frames, pressure: frames)
    Crystals(tmp_path, model=Path("any.pb")).relax(NAME)
    assert "(vc-relax, started from" in made.read_text().splitlines()[0]


def test_only_one_polymorph_s_own_output_is_taken_up(tmp_path: Path) -> None:
    whole = Crystals(tmp_path).unrelaxed(NAME)
    (tmp_path / "pw.out").write_text("nothing yet\n")
    with pytest.raises(UserError, match="no structure can be read"):
        taken_up(whole, tmp_path / "pw.out")
    write(tmp_path / "other.xyz", whole[:3], format="extxyz")
    with pytest.raises(UserError, match=r"holds \w+, but stishovite is"):
        taken_up(whole, tmp_path / "other.xyz")
    with pytest.raises(UserError, match="belongs to one polymorph"):
        reference_crystals.__wrapped__(tmp_path, ["relax"], None, tmp_path / "other.xyz")


def test_a_new_folder_begins_with_what_is_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EspressoEngine, "check", lambda self: None)
    crystals = Crystals(tmp_path)
    crystals.begin_with_released()
    crystals.begin_with_released()  # adds nothing twice
    assert crystals.structure(NAME).read_text() == Path(f"data/polymorphs/pbe/{NAME}.cif").read_text()
    released = {frame.info["frame_id"] for frame in read_frames(Path("data/labels") / RELEASED["curve"])}
    written = [line for path in (tmp_path / "label-store").rglob("*.jsonl") for line in path.read_text().splitlines()]
    assert len(written) >= len(released) > 0
    crystals.write_requested(NAME)
    store = LabelStore(tmp_path / "label-store", settings_digest(crystals.engine(EspressoKPoints())), "test")
    known = [frame for frame in read_frames(crystals.requested("curve", NAME)) if store.find(frame)]
    assert {frame.info["frame_id"] for frame in known} <= released and known


def test_a_new_folder_loses_nothing_when_it_is_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was released is there again without a calculation: labels, card and the table of meshes."""
    monkeypatch.setattr(EspressoEngine, "check", lambda self: None)
    crystals, labels, before = Crystals(tmp_path / "new"), tmp_path / "labels", Path("data/labels")
    crystals.begin_with_released()
    for path in crystals.structure(NAME).parent.glob("*.cif"):
        if path.stem != NAME:
            path.unlink()  # one polymorph stands for all
    labels.mkdir()
    shutil.copy(before / "silica-pbe-k-mesh.csv", labels)
    for name in RELEASED.values():
        write_frames(labels / name, [a for a in read_frames(before / name) if a.info["polymorph"] == NAME])
    digests = {name: [a.info["frame_id"] for a in read_frames(labels / name)] for name in RELEASED.values()}
    release(tmp_path / "new", labels, tmp_path / "pbe")
    assert {name: [a.info["frame_id"] for a in read_frames(labels / name)] for name in digests} == digests
    assert (labels / "silica-pbe-k-mesh.csv").read_text() == (before / "silica-pbe-k-mesh.csv").read_text()
    of_card = [row for row in (before / "crystals.md").read_text().splitlines() if row.startswith(f"| {NAME} |")]
    assert set(of_card) - set((labels / "crystals.md").read_text().splitlines()) == {of_card[1]}  # no quartz beside it
