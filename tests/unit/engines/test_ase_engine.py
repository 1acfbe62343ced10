"""The ase engine with calculators that misbehave as real ones were seen to, in an interpreter of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from melt2crystal.engines.ase.engine import AseEngine
from melt2crystal.engines.base import settings_digest
from melt2crystal.errors import EngineError
from melt2crystal.jobs.code_inputs import code_inputs
from melt2crystal.sections.reference import AseReference

CALCULATORS = '''
import time
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.lj import LennardJones


class Network(LennardJones):
    """Energies but no free energy, float32, chatter: as CHGNet."""

    made = 0

    def __init__(self, **arguments):
        Network.made += 1
        print(f"initialised number {Network.made}")
        super().__init__(**arguments)

    @classmethod
    def from_file(cls, path):
        return cls(sigma=float(open(path).read()), epsilon=0.1, rc=5.0)

    def calculate(self, *arguments, **more):
        super().calculate(*arguments, **more)
        self.results.pop("free_energy", None)
        self.results["energy"] = self.results["energy"].astype("float32") + 1000 * (Network.made - 1)
        self.results["forces"] = self.results["forces"].astype("float32")


class Symmetric(LennardJones):
    """Keeps the symmetry of the first configuration and stops on another: as GPAW 22.8."""

    first = None

    def calculate(self, atoms=None, *arguments, **more):
        self.first = len(atoms) if self.first is None else self.first
        if len(atoms) != self.first:
            raise RuntimeError("Broken symmetry!")
        super().calculate(atoms, *arguments, **more)


class NoStressToday(LennardJones):
    """Claims a stress and has none in this mode: as GPAW on grids."""

    def get_stress(self, atoms=None):
        raise PropertyNotImplementedError("stress not present in this calculation")


class NoStress(LennardJones):
    implemented_properties = ["energy", "forces"]


class Slow(LennardJones):
    def calculate(self, *arguments, **more):
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass
        time.sleep(3)
        super().calculate(*arguments, **more)


class Pushing(LennardJones):
    """Forces that do not sum to zero: as CP2K and PySCF."""

    def calculate(self, *arguments, **more):
        super().calculate(*arguments, **more)
        self.results["forces"] = self.results["forces"] + [0.3, -0.2, 0.1]


class Hanging(LennardJones):
    def calculate(self, *arguments, **more):
        time.sleep(60)
'''
LJ = {"sigma": 2.3, "epsilon": 0.1, "rc": 5.0}


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """A maker of engines; the calculators are only on the path of the other interpreter."""
    (tmp_path / "calculators.py").write_text(CALCULATORS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def make(name, **changes):
        path = name if ":" in name else f"calculators:{name}"
        return AseEngine(AseReference(name="test", calculator=path, **{"arguments": LJ, **changes}))

    return make


def crystals(count=2):
    """Different numbers of atoms, off the minimum."""
    made = []
    for number in range(1, count + 1):
        crystal = bulk("Si", "fcc", 3.6) * (1, 1, number)
        crystal.rattle(0.05, seed=number)
        made.append(crystal)
    return made


def test_a_calculator_without_free_energy_in_single_precision_gives_labels(engine):
    labels = list(engine("Network", calculator_per_frame=False).label(crystals(3)))
    assert [label.status for label in labels] == ["ok"] * 3
    exact = list(engine("ase.calculators.lj:LennardJones").label(crystals(3)))
    for label, true in zip(labels, exact, strict=True):  # made once: a second one would add 1000 eV
        assert label.energy == pytest.approx(true.energy, rel=1e-6)
        assert label.forces == pytest.approx(true.forces, abs=1e-5)
        assert label.stress == pytest.approx(true.stress)


def test_a_net_force_is_removed(engine):
    pushed, exact = (list(engine(name).label(crystals(2))) for name in ("Pushing", "ase.calculators.lj:LennardJones"))
    for label, true in zip(pushed, exact, strict=True):
        assert label.forces == pytest.approx(true.forces, abs=1e-9)
        assert np.abs(label.forces.sum(axis=0)).max() < 1e-12


def test_frames_find_no_traces_of_others(engine):
    assert [label.status for label in engine("Symmetric").label(crystals(2))] == ["ok", "ok"]
    kept = list(engine("Symmetric", calculator_per_frame=False).label([*crystals(2), crystals(2)[1]]))
    # what failed is made anew for the next frame even then
    assert [label.status for label in kept] == ["ok", "crashed", "ok"] and "Broken symmetry" in kept[1].reason


@pytest.mark.parametrize("name", ["NoStress", "NoStressToday"])
def test_a_calculator_without_stress_stops_the_shard_and_not_each_frame(engine, name):
    with pytest.raises(EngineError, match=r"stress.*a reference needs energy, forces and stress"):
        list(engine(name).label(crystals()))


def test_a_calculator_can_be_made_by_a_method_from_a_file_whose_content_counts(engine, tmp_path):
    (tmp_path / "weights").write_text("2.3")
    arguments = {"path": str(tmp_path / "weights")}
    made = engine("Network.from_file", arguments=arguments, files=[arguments["path"]])
    (label,) = made.label(crystals(1))
    (true,) = engine("ase.calculators.lj:LennardJones").label(crystals(1))
    assert label.energy == pytest.approx(true.energy, rel=1e-6)
    before = settings_digest(made)
    (tmp_path / "weights").write_text("2.4")
    assert settings_digest(made) != before


def test_versions_of_packages_are_checked_there_and_part_of_the_digest(engine):
    import ase

    engine("Network", packages={"ase": ase.__version__}).check()
    with pytest.raises(EngineError, match=rf"ase 1\.0 is asked for, .* has {ase.__version__}"):
        engine("Network", packages={"ase": "1.0"}).check()
    with pytest.raises(EngineError, match="has no such package"):
        engine("Network", packages={"no-such-package": "1"}).check()
    digests = [settings_digest(engine("Network", packages=p)) for p in ({}, {"ase": "1.0"}, {"ase": "2.0"})]
    assert len(set(digests)) == 3
    same = engine("Network", calculator_per_frame=False, timeout_s=1, interpreter="/elsewhere/python")
    assert settings_digest(same) == digests[0]


def test_check_starts_the_process_that_labels(engine, tmp_path):
    (tmp_path / "python").write_text(f'#!/bin/bash\necho started >> {tmp_path}/log\nexec {sys.executable} "$@"\n')
    (tmp_path / "python").chmod(0o755)
    made = engine("Network", interpreter=str(tmp_path / "python"))
    made.check()
    made.check()
    list(made.label(crystals()))
    assert (tmp_path / "log").read_text().split() == ["started"]


def test_an_interpreter_without_ase_says_so_at_once(engine, tmp_path):
    (tmp_path / "python").write_text(f'#!/bin/bash\nexec {sys._base_executable} -S -E "$@"\n')
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(EngineError, match="No module named 'ase'; install it there"):
        engine("Network", interpreter=str(tmp_path / "python")).check()


def test_cost_is_cpu_time_not_waiting(engine):
    (label,) = engine("Slow").label(crystals(1))
    assert 0.3 - 1e-6 <= label.seconds < 2  # 3 s of sleep are not in it


def test_a_hanging_calculator_is_timed_out_and_ends_with_a_killed_label_job(engine, tmp_path):
    (label,) = engine("Hanging", timeout_s=0.5).label(crystals(1))
    assert label.status == "timed out"
    code = (
        "from melt2crystal.engines.ase.engine import AseEngine\n"
        "from melt2crystal.sections.reference import AseReference\nfrom ase.build import bulk\n"
        "engine = AseEngine(AseReference(name='x', calculator='calculators:Hanging'))\nengine.check()\n"
        "print(engine._ready.process.pid, flush=True)\nlist(engine.label([bulk('Si')]))\n"
    )
    root = Path(__file__).resolve().parents[3]
    surroundings = {**os.environ, "PYTHONPATH": f"{root}:{tmp_path}"}
    job = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=surroundings)
    worker = int(job.stdout.readline())
    job.send_signal(signal.SIGKILL)
    job.wait()
    limit = time.monotonic() + 20
    while _runs(worker) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not _runs(worker)


def _runs(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_relaxation_reaches_the_pressure_or_says_that_it_did_not(engine, monkeypatch):
    from ase.units import GPa

    crystal = bulk("Si", "fcc", 3.6)
    crystal.info["polymorph"] = "fcc"
    (relaxed,) = engine("ase.calculators.lj:LennardJones").relax([crystal], 2.0)
    assert relaxed.get_stress()[:3] == pytest.approx(np.full(3, -2.0 * GPa), abs=2e-4)
    assert relaxed.info["polymorph"] == "fcc"
    far = bulk("Si", "fcc", 3.6) * 2
    far.rattle(0.1, seed=1)
    worker = Path("melt2crystal/engines/ase/worker.py").read_text().replace("STEPS = 1000", "STEPS = 2")
    impatient = Path(os.environ["PYTHONPATH"]) / "impatient_worker.py"
    impatient.write_text(worker)
    monkeypatch.setattr("melt2crystal.engines.ase.process.WORKER", impatient)
    with pytest.raises(EngineError, match=r"could not relax Si8: .*did not converge in 2 steps: largest force"):
        engine("ase.calculators.lj:LennardJones").relax([far], 0.0)


def test_the_worker_is_an_input_of_the_rules_that_run_it():
    assert "melt2crystal/engines/ase/worker.py" in code_inputs(Path("scripts/label/shard.py"), Path.cwd())
