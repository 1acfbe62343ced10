import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.units import GPa, Rydberg

from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.espresso.engine import EspressoEngine
from melt2crystal.engines.espresso.files import label_of, verdict, write_input
from melt2crystal.engines.k_points import k_mesh
from melt2crystal.engines.process import Ended
from melt2crystal.engines.registry import reference_engine
from melt2crystal.errors import EngineError
from melt2crystal.frames import canonical_frame, read_frames
from melt2crystal.label.store import LabelStore
from melt2crystal.sections.reference import EspressoKPoints, EspressoRecipe, EspressoReference
from tests.helpers.espresso_cases import (
    DATA,
    SOFT_SILICON,
    label_with,
    needs_pw,
    recorded,
    reference,
    silicon,
    write_pseudopotentials,
)

RELEASED_DIGEST = "s379b92f3c8fb76e"  # of the released labels: a change here orphans them


@pytest.fixture
def pseudopotentials(tmp_path):
    return write_pseudopotentials(tmp_path / "pseudo")


def test_recorded_output_gives_the_printed_numbers_in_our_units_and_sign():
    text = recorded()
    label = label_of(Ended(0, text, ""), silicon())
    lines = text.splitlines()
    rydbergs = next(float(line.split()[4]) for line in lines if line.startswith("!"))
    kilobars = next(float(line.split("P=")[1]) for line in lines if "P=" in line)
    assert label.status == "ok"
    assert label.energy == pytest.approx(rydbergs * Rydberg, rel=2e-7)  # CODATA 2006 or 2014
    assert -np.trace(label.stress) / 3 / GPa == pytest.approx(kilobars / 10, abs=1e-3)
    assert label.forces.shape == (2, 3) and np.abs(label.forces.sum(axis=0)).max() < 1e-6


def test_each_end_has_its_status_and_telling_line():
    assert verdict(Ended(2, recorded("silicon-unconverged.out"), "2")) == (
        "unconverged",
        "convergence NOT achieved after   2 iterations: stopping",
    )
    status, reason = verdict(
        Ended(1, recorded("missing-pseudopotential.out"), (DATA / "missing-pseudopotential.err").read_text())
    )
    assert status == "crashed" and "nothere.UPF not found" in reason
    cut = recorded()[:4000]
    assert verdict(Ended(-9, cut, "")) == ("crashed", "pw.x was killed by signal 9")
    full = "At line 75 of file buffers.f90\nFortran runtime error: No space left on device\n"
    assert verdict(Ended(2, cut, full)) == ("crashed", "Fortran runtime error: No space left on device")
    frame = "%" * 80
    cholesky = f"{frame}\n     Error in routine  cdiaghg (159):\n       problems computing cholesky\n {frame}\n"
    assert verdict(Ended(1, cholesky, "")) == ("unconverged", "cdiaghg: problems computing cholesky")


def test_an_output_cut_in_the_middle_is_no_label_even_with_exit_status_zero():
    text = recorded()
    energy_only = text[: text.index("Forces acting")]
    assert label_of(Ended(0, energy_only, ""), silicon()).status == "crashed"
    assert label_of(Ended(0, energy_only + "JOB DONE.", ""), silicon()).status == "crashed"
    assert label_of(Ended(0, text.replace("Si ", "Ge "), ""), silicon()).status == "crashed"


def test_numbers_that_overflow_their_columns_are_a_crash_with_a_reason():
    lines = recorded().splitlines()
    at = next(number for number, line in enumerate(lines) if "Forces acting" in line)
    lines[at + 2] = lines[at + 2][:40] + "*" * 20
    label = label_of(Ended(0, "\n".join(lines), ""), silicon())
    assert label.status == "crashed" and "can't be read" in label.reason


def test_the_next_recipe_is_tried_when_the_scf_does_not_converge(tmp_path, pseudopotentials):
    ok, not_yet = (DATA / name for name in ("silicon.out", "silicon-unconverged.out"))
    script = f"grep -q 'mixing_beta *= *0.1' pw.in && cat {ok.resolve()} || {{ cat {not_yet.resolve()}; exit 2; }}"
    label = label_with(tmp_path, pseudopotentials, script)
    assert label.status == "ok" and label.energy == pytest.approx(-211.4837005)


def test_an_scf_that_never_converges_is_unconverged(tmp_path, pseudopotentials):
    script = f"echo run >> {tmp_path}/runs; cat {(DATA / 'silicon-unconverged.out').resolve()}; exit 2"
    label = label_with(tmp_path, pseudopotentials, script)
    assert label.status == "unconverged" and "NOT achieved" in label.reason
    assert (tmp_path / "runs").read_text().count("run") == len(EspressoReference().recipes)


def test_a_crash_is_not_worth_another_recipe(tmp_path, pseudopotentials):
    label = label_with(tmp_path, pseudopotentials, f"echo run >> {tmp_path}/runs; echo 'out of memory' >&2; exit 1")
    assert (label.status, label.reason) == ("crashed", "out of memory")
    assert (tmp_path / "runs").read_text().count("run") == 1


def test_the_time_limit_ends_the_process(tmp_path, pseudopotentials):
    label = label_with(tmp_path, pseudopotentials, f"echo $$ > {tmp_path}/pid; exec sleep 60", timeout_s=0.5)
    assert label.status == "timed out" and "0.5 s" in label.reason
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_missing_programs_and_pseudopotentials_are_named_before_anything_is_paid_for(pseudopotentials):
    with pytest.raises(EngineError, match=r"no-such-pw\.x is not on PATH.*make env-espresso"):
        EspressoEngine(reference(pseudopotentials, command="no-such-pw.x"), ["Si"]).check()
    with pytest.raises(EngineError, match="no-such-mpirun"):
        EspressoEngine(reference(pseudopotentials, command="ls", ranks=2, launcher="no-such-mpirun"), ["Si"]).check()
    with pytest.raises(EngineError, match="names no file for Ge"):
        EspressoEngine(reference(pseudopotentials), ["Ge"])
    (pseudopotentials / "O.UPF").unlink()
    with pytest.raises(EngineError, match=r"O\.UPF: the pseudopotential of O is missing"):
        EspressoEngine(reference(pseudopotentials, command="ls"), ["Si", "O"]).check()


def test_an_altered_pseudopotential_is_refused_if_pinned_and_changes_the_digest_if_not(pseudopotentials):
    import hashlib

    pinned = reference(pseudopotentials, command="ls", checksums={"Si": hashlib.sha256(b"silicon").hexdigest()})
    free = reference(pseudopotentials, command="ls")
    EspressoEngine(pinned, ["Si"]).check()
    before = settings_digest(EspressoEngine(free, ["Si"]))
    assert settings_digest(EspressoEngine(pinned, ["Si"])) == before
    (pseudopotentials / "Si.UPF").write_text("silicon, altered")
    with pytest.raises(EngineError, match="has the checksum"):
        EspressoEngine(pinned, ["Si"]).check()
    assert settings_digest(EspressoEngine(free, ["Si"])) != before


def test_the_digest_follows_what_the_numbers_depend_on_and_nothing_else(tmp_path, pseudopotentials):
    def digest(folder=pseudopotentials, **changes):
        return settings_digest(EspressoEngine(reference(folder, **changes), ["Si", "O"]))

    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(pseudopotentials, elsewhere)
    (elsewhere / "Si.UPF").rename(elsewhere / "other-name.UPF")
    files = {"O": "O.UPF", "Si": "other-name.UPF"}
    recipes = [{"mixing_beta": 0.5}]
    unaffected = [
        digest(elsewhere, pseudopotentials=files),
        digest(command="/opt/bin/pw.x", ranks=4, timeout_s=5, recipes=recipes, scratch="/scratch", name="other"),
        digest(ecutwfc_Ry=45, ecutrho_Ry=360.0),
    ]
    assert set(unaffected) == {digest()}
    changed = [
        digest(ecutwfc_Ry=50),
        digest(ecutrho_Ry=400),
        digest(conv_thr_Ry=1e-8),
        digest(degauss_eV=0.1),
        digest(smearing="fermi-dirac"),
        digest(k_points={"mode": "gamma"}),
        digest(k_points={"mode": "mesh", "mesh": [2, 2, 2]}),
        digest(k_points={"spacing_per_A": 0.2}),
    ]
    assert len({digest(), *changed}) == len(changed) + 1


def test_released_labels_are_found_without_pseudopotentials():
    engine = reference_engine({"engine": "espresso", "pseudopotential_folder": "/nowhere"}, ["Si", "O"])
    assert settings_digest(engine) == RELEASED_DIGEST


def test_k_points_follow_the_cell():
    density = EspressoKPoints(mode="density", spacing_per_A=0.35, gamma_from_atoms=72)
    small = Atoms("Si", cell=[5.0, 2 * np.pi / 0.35, 20.0], pbc=True)
    assert k_mesh(small, density) == (4, 1, 1)
    assert k_mesh(small * (8, 3, 3), density) is None
    assert k_mesh(small, EspressoKPoints(mode="gamma")) is None
    assert k_mesh(small, EspressoKPoints(mode="mesh", mesh=(3, 2, 1))) == (3, 2, 1)


def test_input_carries_the_settings(tmp_path):
    chosen = EspressoReference(k_points=EspressoKPoints(mode="baldereschi"))
    write_input(tmp_path / "pw.in", silicon(), chosen, EspressoRecipe(diagonalisation="cg"))
    text = (tmp_path / "pw.in").read_text()
    values = dict(line.replace(" ", "").split("=") for line in text.splitlines() if "=" in line)
    assert float(values["degauss"]) * Rydberg == pytest.approx(0.05)
    assert (values["diagonalization"], values["smearing"]) == ("'cg'", "'gaussian'")
    assert values["nosym"] == ".true."
    assert "K_POINTS crystal\n1\n0.25" in text and "Si.pbe-nl-rrkjus_psl.1.0.0.UPF" in text


@needs_pw
def test_pw_x_takes_the_baldereschi_point_of_a_cubic_cell_without_symmetry_as_it_is(tmp_path):
    cell = Atoms("Si2", positions=[[0, 0, 0], [1.4, 1.1, 1.5]], cell=[5.0] * 3, pbc=True)
    soft = SOFT_SILICON.model_copy(update={"k_points": EspressoKPoints(mode="baldereschi")})
    write_input(tmp_path / "pw.in", cell, soft, soft.recipes[0])
    done = subprocess.run(["pw.x", "-in", "pw.in"], cwd=tmp_path, capture_output=True, text=True)
    assert "number of k points=     1" in done.stdout, done.stdout[-2000:]


def test_a_shifted_mesh_is_another_reference_than_one_with_gamma(tmp_path):
    digests = set()
    for mode, offset in (("mesh", 0), ("shifted-mesh", 1)):
        chosen = EspressoReference(k_points=EspressoKPoints(mode=mode, mesh=(2, 2, 2)))
        write_input(tmp_path / "pw.in", silicon(), chosen, EspressoRecipe())
        assert f"K_POINTS automatic\n2 2 2  {offset} {offset} {offset}" in (tmp_path / "pw.in").read_text()
        digests.add(settings_digest(EspressoEngine(chosen, ["Si"])))
    assert len(digests) == 2


def test_large_cells_have_few_empty_bands_at_any_k_points(tmp_path):
    (tmp_path / "Si.UPF").write_text('<PP_HEADER z_valence="4.0" />')
    of_silicon = {"pseudopotentials": {"Si": "Si.UPF"}, "pseudopotential_folder": str(tmp_path)}
    for count, told in ((71, False), (72, True)):
        cell = Atoms(f"Si{count}", positions=np.zeros((count, 3)), cell=[12.0] * 3, pbc=True)
        chosen = EspressoReference(k_points=EspressoKPoints(mode="baldereschi"), **of_silicon, checksums={})
        write_input(tmp_path / "pw.in", cell, chosen, EspressoRecipe())
        assert ("nbnd" in (tmp_path / "pw.in").read_text()) == told


@needs_pw
def test_pw_x_gives_the_recorded_label_with_either_recipe():
    expected = label_of(Ended(0, recorded(), ""), silicon())
    for recipe in SOFT_SILICON.recipes:
        engine = EspressoEngine(SOFT_SILICON.model_copy(update={"recipes": [recipe]}), ["Si"])
        engine.check()
        label = next(engine.label([silicon()]))
        assert label.status == "ok", label.reason
        assert label.energy == pytest.approx(expected.energy, abs=1e-5)
        assert label.forces == pytest.approx(expected.forces, abs=1e-3)


def test_released_labels_are_known_to_the_engine_with_their_numbers(tmp_path):
    released = read_frames("data/labels/silica-pbe-melt.extxyz.gz")
    store = LabelStore(tmp_path, RELEASED_DIGEST, "test", [Path("data/labels/silica-pbe-melt.extxyz.gz")])
    assert len(released) >= 5
    for frame in released:
        label = store.find(canonical_frame(frame))
        assert label is not None and label.energy == frame.get_potential_energy()
        assert label.stress == pytest.approx(frame.get_stress(voigt=False), abs=1e-8)
        # eV per 24 atoms; a melt at 70 GPa and 8000 K lies up to 2 eV per atom above a cold one at 0 GPa
        highest = -10150 if frame.info["pressure_GPa"] > 30 else -10170
        assert -10210 < label.energy / len(frame) * 24 < highest


@needs_pw
@pytest.mark.slow
def test_pw_x_that_never_converges_is_unconverged_after_every_recipe():
    recipes = [EspressoRecipe(steps=1), EspressoRecipe(steps=2, diagonalisation="cg")]
    label = next(EspressoEngine(SOFT_SILICON.model_copy(update={"recipes": recipes}), ["Si"]).label([silicon()]))
    assert (label.status, label.energy) == ("unconverged", None)
    assert label.reason.startswith("convergence NOT achieved after   2 iterations")


@needs_pw
def test_pw_x_relaxes_a_cell_to_the_pressure():
    crystal = bulk("Si", "diamond", 5.6)
    crystal.info["polymorph"] = "diamond"
    engine = EspressoEngine(SOFT_SILICON.model_copy(update={"ecutwfc_Ry": 24.0, "ecutrho_Ry": 96.0}), ["Si"])
    (relaxed,) = engine.relax([crystal], 5.0)
    assert relaxed.info["polymorph"] == "diamond"
    assert -relaxed.get_stress(voigt=False).trace() / 3 / GPa == pytest.approx(5.0, abs=0.3)
    assert np.abs(relaxed.get_forces()).max() < 1e-3
    cubic = bulk("Si", "diamond", (4 * relaxed.get_volume()) ** (1 / 3))
    assert relaxed.cell.cellpar() == pytest.approx(cubic.cell.cellpar(), abs=1e-3)
    (ions_only,) = engine.relax([crystal], None)
    assert ions_only.get_volume() == pytest.approx(crystal.get_volume())
    assert np.abs(ions_only.get_forces()).max() < 1e-3


def test_ranks_are_started_by_the_launcher(tmp_path, pseudopotentials):
    launcher = tmp_path / "launch"
    launcher.write_text(f'#!/bin/bash\necho "$1 $2" > {tmp_path}/ranks\nexec "${{@:3}}"\n')
    launcher.chmod(0o755)
    script = f"cat {(DATA / 'silicon.out').resolve()}"
    label = label_with(tmp_path, pseudopotentials, script, ranks=3, launcher=f"{launcher} -np")
    assert label.status == "ok"
    assert (tmp_path / "ranks").read_text() == "-np 3\n"
