"""VASP's files: POTCARs told apart, tags checked, recorded formats read, their layout compared with real VASP's."""

import re
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import ase
import numpy as np
import pytest
from ase.io import read
from ase.units import GPa
from pydantic import ValidationError
from pymatgen.io.vasp.outputs import Vasprun

from melt2crystal.engines.process import Ended
from melt2crystal.engines.vasp.inputs import check_tags
from melt2crystal.engines.vasp.outputs import cpu_seconds, label_of, verdict
from melt2crystal.engines.vasp.potcar import checked_potcar, potcar_digest, potcar_path
from melt2crystal.errors import EngineError
from melt2crystal.frames import canonical_frame, read_frames
from melt2crystal.sections.reference import VaspReference

GOLDEN = Path("tests/golden/vasp")
REAL = Path(ase.__file__).parent / "test" / "testdata" / "vasp"  # written by VASP 6.3 and 5.3, shipped with ASE
SI = """  PAW_PBE Si 05Jan2001
 4.0
 parameters from PSCTR are:
   VRHFIN =Si: s2p2
   TITEL  = PAW_PBE Si 05Jan2001
   LEXCH  = PE
   ZVAL   =    4.000    mass and valenz
 END of PSCTR-controll parameters
 local part
  0.1 0.2 0.3 no potential at all: composed for a test
 End of Dataset
"""
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="this ASE ships no VASP output")


def frame():
    (found,) = read_frames(GOLDEN / "stishovite.extxyz")
    return canonical_frame(found)


def folder_with(tmp_path, **files):
    for name, source in files.items():
        shutil.copy(source, tmp_path / {"xml": "vasprun.xml", "outcar": "OUTCAR"}[name])
    return tmp_path


def test_recorded_outputs_give_the_printed_numbers_in_our_units_and_sign(tmp_path):
    xml, outcar = GOLDEN / "stishovite-vasprun.xml", GOLDEN / "stishovite-OUTCAR"
    text = outcar.read_text()
    free = float(re.search(r"free  energy   TOTEN  = +(\S+)", text).group(1))
    at_zero = float(re.search(r"energy\(sigma->0\) = +(\S+)", text).group(1))
    kbar = float(re.search(r"external pressure = +(\S+)", text).group(1))
    assert abs(free - at_zero) > 0.1
    for number, files in enumerate(({"xml": xml}, {"outcar": outcar}, {"xml": xml, "outcar": outcar})):
        folder = tmp_path / str(number)
        folder.mkdir()
        label = label_of(Ended(0, "", ""), folder_with(folder, **files), frame(), ["Si", "O"])
        assert label.status == "ok", label.reason
        assert label.energy == pytest.approx(free, abs=1e-7)
        assert -np.trace(label.stress) / 3 / GPa * 10 == pytest.approx(kbar, abs=0.01)
        assert np.abs(label.forces.sum(axis=0)).max() < 1e-5
        silicon = frame().symbols == "Si"
        assert (
            np.linalg.norm(label.forces[silicon], axis=1).min() > np.linalg.norm(label.forces[~silicon], axis=1).min()
        )


def test_a_recorded_loop_that_reached_nelm_is_no_label(tmp_path):
    for number, files in enumerate(
        (
            {"xml": GOLDEN / "nelm-reached-vasprun.xml"},
            {"xml": GOLDEN / "nelm-reached-vasprun.xml", "outcar": GOLDEN / "nelm-reached-OUTCAR"},
            {"outcar": GOLDEN / "nelm-reached-OUTCAR"},
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        label = label_of(Ended(0, "", ""), folder_with(folder, **files), frame(), ["Si", "O"])
        assert label.status == "unconverged", number


def test_vasp_5_calls_a_loop_that_reached_nelm_converged_and_is_not_believed(tmp_path):
    folder = folder_with(tmp_path, outcar=GOLDEN / "nelm-reached-OUTCAR")
    text = (folder / "OUTCAR").read_text().replace("EDIFF was not reached (unconverged) ", "because EDIFF is reached")
    (folder / "OUTCAR").write_text(text)
    label = label_of(Ended(0, "", ""), folder, frame(), ["Si", "O"])
    assert (label.status, label.reason) == ("unconverged", "no self-consistency within NELM = 8 electronic steps")


@pytest.mark.parametrize(("name", "end"), [("OUTCAR", "General timing and accounting"), ("vasprun.xml", "</modeling>")])
def test_an_output_cut_anywhere_is_a_crash_with_a_reason_and_no_label(tmp_path, name, end):
    text = (GOLDEN / f"stishovite-{name}").read_text()
    for cut in [*range(0, text.index(end), 400), text.index(end)]:
        (tmp_path / name).write_text(text[:cut])
        label = label_of(Ended(0, "", ""), tmp_path, frame(), ["Si", "O"])
        assert (label.status, label.energy) == ("crashed", None) and "cut off" in label.reason, cut
    (tmp_path / name).write_text(text)
    assert label_of(Ended(0, "", ""), tmp_path, frame(), ["Si", "O"]).status == "ok"


def test_an_output_of_another_configuration_is_no_label(tmp_path):
    folder = folder_with(tmp_path, xml=GOLDEN / "stishovite-vasprun.xml")
    other = frame()
    other.positions[0, 0] += 0.01
    label = label_of(Ended(0, "", ""), folder, other, ["Si", "O"])
    assert (label.status, label.reason) == ("crashed", "the output of VASP is about another configuration")
    shifted = frame()
    shifted.positions[0] += shifted.cell.array[1]  # an image is the same atom
    assert label_of(Ended(0, "", ""), folder, shifted, ["Si", "O"]).status == "ok"


@pytest.mark.parametrize(
    ("ended", "status", "reason"),
    [
        (Ended(1, (GOLDEN / "error-box.out").read_text(), ""), "crashed", "Inconsistent Bravais lattice types found"),
        (Ended(0, "", "forrtl: No space left on device"), "crashed", "forrtl: No space left on device"),
        (Ended(1, " Error EDDDAV: Call to ZHEGV failed. Returncode =  21 4 32", ""), "unconverged", "Error EDDDAV"),
        (Ended(-9, " WARNING in EDDRMM: call to ZHEGV failed", ""), "crashed", "VASP was killed by signal 9, often"),
        (Ended(139, "", "Note: exceptions are signalling: IEEE_DIVIDE_BY_ZERO"), "crashed", "killed by signal 11"),
        (
            Ended(137, "", "slurmstepd: error: Detected 1 oom-kill event(s) in x"),
            "crashed",
            "out of memory: slurmstepd",
        ),
        (Ended(143, "", "slurmstepd: error: *** STEP 1 CANCELLED DUE TO TIME LIMIT ***"), "timed out", "TIME LIMIT"),
        (Ended(1, " WARNING: small aliasing (wrap around) errors must be expected", ""), "crashed", "with status 1"),
        (Ended(127, "", "vasp_std: No such file or directory"), "crashed", "vasp_std: No such file or directory"),
    ],
)
def test_the_telling_line_is_found(tmp_path, ended, status, reason):
    found = verdict(ended, tmp_path)
    assert found[0] == status and reason in found[1], found


def test_cpu_seconds_count_the_ranks(tmp_path):
    assert cpu_seconds(tmp_path) is None
    for first in ("running on   16 total cores", "running   16 mpi-ranks, with    1 threads/rank, on    1 nodes"):
        (tmp_path / "OUTCAR").write_text(f" vasp\n {first}\n Total CPU time used (sec):      124.972\n")
        assert cpu_seconds(tmp_path) == pytest.approx(16 * 124.972)


@needs_real
def test_a_real_vasprun_of_vasp_6_reads_as_pymatgen_and_ase_read_it(tmp_path):
    """Two carbon atoms, VASP 6.3."""
    folder = folder_with(tmp_path, xml=REAL / "vasprun_pstress.xml")
    diamond = read(REAL / "vasprun_pstress.xml", index=-1)
    label = label_of(Ended(0, "", ""), folder, diamond, ["C"])
    told = Vasprun(REAL / "vasprun_pstress.xml", parse_potcar_file=False, parse_dos=False, parse_eigen=False)
    assert label.status == "ok"
    assert label.energy == pytest.approx(told.ionic_steps[-1]["e_fr_energy"], abs=1e-8)
    assert label.stress == pytest.approx(diamond.get_stress(voigt=False), abs=1e-8)
    assert np.trace(label.stress) > 0  # VASP prints -166 kbar: under tension
    assert label.forces == pytest.approx(diamond.get_forces(), abs=1e-8)


@needs_real
def test_a_real_outcar_of_vasp_5_reads_as_ase_reads_it(tmp_path):
    folder = folder_with(tmp_path, outcar=REAL / "OUTCAR_example_1")
    nickel = read(REAL / "OUTCAR_example_1", index=-1, format="vasp-out")
    label = label_of(Ended(0, "", ""), folder, nickel, ["Ni"])
    assert label.status == "ok", label.reason
    assert label.energy == pytest.approx(-68.22868532)  # free  energy   TOTEN, not energy(sigma->0) = -68.23102426
    assert label.stress == pytest.approx(nickel.get_stress(voigt=False), abs=1e-7)
    assert label.forces == pytest.approx(nickel.get_forces(), abs=1e-6)
    assert cpu_seconds(folder) == pytest.approx(512 * 124.972)


@needs_real
def test_the_recorded_vasprun_has_the_layout_of_a_real_one():
    def paths(element, above=""):
        here = f"{above}/{element.tag}[{element.get('name', '')}]"
        yield here
        for child in element:
            yield from paths(child, here)

    real = set(paths(ElementTree.parse(REAL / "vasprun_pstress.xml").getroot()))
    ours = set(paths(ElementTree.parse(GOLDEN / "stishovite-vasprun.xml").getroot()))
    strange = {path for path in ours - real if "/incar[]/" not in path}  # every INCAR has its own tags
    assert strange == set() and len(ours) > 40


@needs_real
def test_the_recorded_outcar_has_the_landmarks_of_a_real_one():
    """Lines without their numbers, each of which the parsers need, and the order of those after the electronic loop."""
    words = ("ions per type", "NELM   =", "Iteration", "aborting loop", "FORCE on cell", "in kB", "VOLUME and BASIS")
    words += (
        "direct lattice",
        "TOTAL-FORCE",
        "drift",
        "free  energy",
        "energy  without",
        "General timing",
        "Total CPU",
    )

    def landmarks(path):
        lines = [line for line in path.read_text().splitlines() if any(word in line for word in words)]
        bare = [re.sub(r"[-.\d]+", " ", line).split() for line in lines]
        return list(dict.fromkeys(" ".join(line).split(" reciprocal")[0] for line in bare[::-1]))[::-1]

    ours, real = landmarks(GOLDEN / "stishovite-OUTCAR"), landmarks(REAL / "OUTCAR_example_1")
    assert set(ours) <= set(real) and len(ours) == len(words)
    start = ours.index("aborting loop because EDIFF is reached")
    assert [line for line in real if line in ours[start:]] == ours[start:]


@pytest.fixture
def family(tmp_path):
    path = tmp_path / "POT_GGA_PAW_PBE_54" / "Si" / "POTCAR"
    path.parent.mkdir(parents=True)
    path.write_text(SI)
    return path


def reference(path, **changes):
    given = {"potcar_folder": str(path.parents[2]), "potcars": {"Si": "Si"}, "checksums": {"Si": potcar_digest(SI)}}
    return VaspReference.model_validate(given | changes)


def test_a_potcar_is_found_in_each_layout(tmp_path, family):
    assert potcar_path("Si", reference(family)) == family
    assert potcar_path("Si", reference(family, potcar_folder=str(family.parents[1]))) == family
    other = family.parents[1] / "POTCAR.Si.gz"
    import gzip

    other.write_bytes(gzip.compress(SI.encode()))
    shutil.rmtree(family.parent)
    assert potcar_path("Si", reference(family)) == other
    assert checked_potcar("Si", reference(family)) == SI


def test_an_altered_potcar_is_refused(family):
    assert checked_potcar("Si", reference(family)) == SI
    family.write_text(SI.replace("0.2", "0.3"))
    with pytest.raises(EngineError, match=r"Si has the checksum \w+\.\.\., reference\.checksums asks for"):
        checked_potcar("Si", reference(family))


def test_a_potcar_is_checked_by_its_own_line_where_none_is_pinned(family):
    own = SI.replace(" END of", f"   SHA256 =  {potcar_digest(SI)} Si/POTCAR\n   COPYR = (c) somebody\n END of")
    family.write_text(own)
    free = reference(family, checksums={})
    assert checked_potcar("Si", free) == own
    assert potcar_digest(own) == potcar_digest(SI)
    family.write_text(own.replace("0.2", "0.3"))
    with pytest.raises(EngineError, match="was altered: its own line SHA256"):
        checked_potcar("Si", free)


def test_a_potcar_that_nobody_vouches_for_is_refused_with_the_line_that_would_accept_it(family):
    with pytest.raises(EngineError, match=rf"reference\.checksums: {{Si: {potcar_digest(SI)}}}"):
        checked_potcar("Si", reference(family, checksums={}))


def test_another_titel_is_refused(family):
    with pytest.raises(EngineError, match=r"TITEL is 'PAW_PBE Si 05Jan2001', .* asks for 'PAW_PBE Si_GW"):
        checked_potcar("Si", reference(family, titels={"Si": "PAW_PBE Si_GW 04May2012"}))
    family.write_text(SI.replace("=Si: s2p2", "=Ge: s2p2"))
    with pytest.raises(EngineError, match="TITEL is"):
        checked_potcar("Si", reference(family, titels={}, checksums={}))


@pytest.mark.parametrize("content", ["", "no POTCAR", SI[:150]])
def test_what_is_no_potcar_is_said_to_be_none(family, content):
    family.write_text(content)
    with pytest.raises(EngineError, match="not a whole POTCAR"):
        checked_potcar("Si", reference(family, checksums={}))


def test_a_misspelt_tag_is_refused_because_vasp_would_pass_over_it():
    check_tags(VaspReference(incar={"LASPH": True, "NCORE": 4, "LREAL": "Auto", "LMAXMIX": 4}))
    with pytest.raises(EngineError, match=r"reference\.incar\.LASHP: .* did you mean LASPH"):
        check_tags(VaspReference(incar={"LASHP": True}))


@pytest.mark.parametrize(
    ("tag", "words"),
    [("ENCUT", "encut_eV"), ("NSW", "written by the engine"), ("lasph", "capitals"), ("ALGO", "recipes")],
)
def test_tags_that_the_engine_writes_are_refused_by_the_configuration(tag, words):
    with pytest.raises(ValidationError, match=words):
        VaspReference(incar={tag: 1})
    with pytest.raises(ValidationError, match="no value of an INCAR tag"):
        VaspReference(incar={"LDAUU": {"Si": 1}})
