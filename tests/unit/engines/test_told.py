"""Outputs of other settings brought back: what VASP and pw.x tell of them is compared with the study's."""

import re
from pathlib import Path

import pytest
from ase.build import bulk

from melt2crystal.engines.espresso import told as espresso
from melt2crystal.engines.espresso.files import label_of
from melt2crystal.engines.process import Ended
from melt2crystal.engines.vasp.told import other_settings
from melt2crystal.frames import canonical_frame
from melt2crystal.sections.reference import EspressoKPoints, EspressoReference, VaspReference

SILICON = Path("tests/data/espresso/silicon.out").read_text()
INCAR = ' <incar>\n  <i type="string" name="PREC">accurate</i>\n{} </incar>\n <parameters>\n{} </parameters>\n'
# as VASP writes the defaults
PLAIN = (
    '  <i type="int" name="ISPIN">     1</i>\n  <i type="string" name="GGA">--    </i>\n'
    '  <i type="string" name="METAGGA">--</i>\n  <i type="logical" name="LHFCALC"> F  </i>\n'
    '  <i type="logical" name="LREAL"> F  </i>\n'
)
OUTCAR = (
    "   ISPIN  =      1    spin polarized calculation?\n   GGA     =    --    GGA type\n"
    "   METAGGA=      F    non-selfconsistent MetaGGA calc.\n   LHFCALC =     F    Hartree Fock is set to\n"
    "   LREAL  =      F    real-space projection\n   LDAU   = F\n"
)


def vasp(incar="", parameters="", outcar="", **changes):
    reference = VaspReference.model_validate(changes)
    return other_settings(INCAR.format(incar, PLAIN + parameters), OUTCAR + outcar, reference)


def tag(name, value, kind="string"):
    return f'  <i type="{kind}" name="{name}">{value}</i>\n'


def test_plain_outputs_of_vasp_are_the_studys():
    assert vasp() == "" and other_settings("", "", VaspReference()) == ""
    assert vasp(tag("GGA", "PE")) == ""  # named, though the POTCAR has it by itself
    assert vasp(tag("GGA", "CA"), functional="LDA_54") == ""


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"parameters": tag("IVDW", "    12", "int")}, "IVDW = 12"),
        ({"incar": tag("IVDW", 12)}, "IVDW = 12"),
        ({"outcar": "  IVDW = 12\n"}, "IVDW = 12"),
        ({"incar": tag("METAGGA", "SCAN")}, "METAGGA = SCAN"),
        ({"outcar": "  METAGGA= R2SCAN\n"}, "METAGGA = R2SCAN"),
        ({"incar": tag("GGA", "PS")}, "GGA = PS"),
        ({"outcar": "   GGA     =    PS    GGA type\n"}, "GGA = PS"),
        ({"parameters": tag("ISPIN", "     2", "int")}, "ISPIN = 2"),
        ({"outcar": "   ML_LMLFF = T\n"}, "ML_LMLFF = T"),
        ({"incar": tag("ML_LMLFF", " T ", "logical")}, "ML_LMLFF = T"),
        ({"parameters": tag("LHFCALC", " T ", "logical")}, "LHFCALC = T"),
        ({"incar": tag("LDAU", ".TRUE.")}, "LDAU = .TRUE."),
        ({"incar": tag("LREAL", "Auto")}, "LREAL = Auto"),
    ],
)
def test_outputs_of_vasp_with_other_tags_are_refused(where, words):
    told = vasp(**where)
    assert f"the output says {words}, the settings don't" == told


def test_the_studys_own_tags_are_asked_for():
    own = {"incar": {"IVDW": 12, "METAGGA": "R2SCAN", "LASPH": True, "LREAL": "Auto", "ISPIN": 1, "LMAXMIX": 4}}
    echo = tag("IVDW", 12) + tag("METAGGA", "R2scan") + tag("LASPH", "T") + tag("LREAL", "A") + tag("LMAXMIX", 4)

    def judged(incar, reference=own):
        # VASP then tells these in the parameters too
        text = INCAR.format(incar, tag("ISPIN", 1))
        return other_settings(text, "", VaspReference.model_validate(reference))

    assert judged(echo) == ""
    assert judged(echo.replace("12", "11")) == "the output says IVDW = 11, the settings 12"
    assert judged(echo.replace(tag("IVDW", 12), "")) == "the output was made without IVDW, the settings 12"
    assert judged(echo.replace(tag("LMAXMIX", 4), tag("LMAXMIX", 6))) == "the output says LMAXMIX = 6, the settings 4"
    assert judged(echo, {"incar": {}}) == "the output says METAGGA = R2scan, the settings don't"


def silicon():
    crystal = bulk("Si", "diamond", 5.43)
    crystal.rattle(0.05, seed=1)
    return canonical_frame(crystal)


def reference(**changes):
    given = {"pseudopotentials": {"Si": "Si.UPF"}, "ecutwfc_Ry": 16, "ecutrho_Ry": 64, "checksums": {}}
    points = EspressoKPoints(mode="mesh", mesh=(2, 2, 2))
    return EspressoReference.model_validate({**given, "k_points": points, **changes})


@pytest.fixture
def judged(tmp_path):
    (tmp_path / "Si.UPF").write_text('<UPF version="2.0.1">\n<PP_HEADER functional=" SLA  PW   PBX  PBC"\n/>\n</UPF>\n')

    def judge(output=SILICON, **changes):
        return espresso.other_settings(output, silicon(), tmp_path, reference(**changes))

    return judge


def edited(pattern, new):
    text, count = re.subn(pattern, new, SILICON)
    assert count
    return text


def test_outputs_of_pw_x_with_these_settings_are_taken(judged):
    assert judged() == ""
    assert judged(edited(r"(Exchange-correlation= ).*", r"\1PBE")) == ""
    assert judged(edited(r"k\( +\d+\) = .*\n", "")) == ""  # as with a hundred k-points, which pw.x doesn't list
    assert judged("") == ""


@pytest.mark.parametrize(
    ("pattern", "new", "words"),
    [
        (r"(Exchange-correlation *= *).*", r"\1 PBESOL", "Exchange-correlation = PBESOL, Si.UPF is of SLA PW PBX PBC"),
        (r"(Exchange-correlation *= *).*", r"\1 SLA PZ NOGX NOGC", "Exchange-correlation = SLA PZ"),
        (r"number of k points=.*", "number of k points=     1", "no smearing"),
        (r"Gaussian smearing", "Fermi-Dirac smearing", "Fermi-Dirac smearing of 0.0037 Ry, the settings gaussian"),
        (r"width \(Ry\)= +0.0037", "width (Ry)=  0.0200", "Gaussian smearing of 0.02 Ry"),
        (r"number of k points= +8", "number of k points=    63", "63 k-points, the settings ask for mesh 2x2x2"),
        (r"( +number of k points)", r"     Starting magnetic structure\n\1", "spin-polarised"),
        (r"( +number of k points)", r"     DFT-D3 Dispersion Correction:\n\1", "DFT-D3"),
    ],
)
def test_outputs_of_pw_x_with_other_settings_are_refused(judged, pattern, new, words):
    assert words in judged(edited(pattern, new))


@pytest.mark.parametrize(
    "points",
    [
        {"mode": "mesh", "mesh": [4, 4, 4]},  # the output's is coarser, and each of its points is one of these
        {"mode": "mesh", "mesh": [3, 3, 3]},
        {"mode": "shifted-mesh", "mesh": [2, 2, 2]},
        {"mode": "baldereschi"},
        {"mode": "gamma"},
        {"mode": "density", "spacing_per_A": 0.2},
    ],
)
def test_outputs_of_pw_x_on_another_mesh_are_refused(judged, points):
    assert "the settings ask for" in judged(k_points=points)


def test_functionals_are_told_in_several_ways():
    assert espresso.parts_of("SLA  PW   PBE  PBE") == espresso.parts_of("PBE") == espresso.parts_of("SLA+PW+PBX+PBC")
    assert espresso.parts_of("PZ") == espresso.parts_of("SLA PZ NOGX NOGC")
    assert espresso.parts_of("something new") is None


@pytest.mark.parametrize("header", ["silicon", "<PP_HEADER/>", '<PP_HEADER functional=" SLA PW RPB PBC"/>'])
def test_a_pseudopotential_that_tells_no_functional_is_told(tmp_path, judged, header):
    assert espresso.unsaid_functional(SILICON, tmp_path, reference()) == ""
    (tmp_path / "Si.UPF").write_text(header)
    assert judged() != judged(SILICON.replace("Gaussian smearing", "Fermi-Dirac smearing"))
    said = espresso.unsaid_functional(SILICON, tmp_path, reference())
    assert said.startswith("functional not checked: the output says ") and "Si.UPF tells none" in said
    for output in (edited("Exchange-correlation", "Exchange"), edited(r"(Exchange-correlation= ).*", r"\1 NEW")):
        assert espresso.unsaid_functional(output, tmp_path, reference()).startswith(
            "functional not checked: the output"
        )
    enforced = SILICON + "     IMPORTANT: XC functional enforced from input :\n"
    assert "input_dft" in espresso.other_settings(enforced, silicon(), tmp_path, reference())


@pytest.mark.parametrize(
    ("pattern", "new", "words"),
    [
        (r"number of k points=.*", "number of k points=     1", "it says 1 k-points and lists 8"),
        (r"number of k points= +8", "number of k points=    63", "it says 63 k-points and lists 8"),
        (r".*number of k points=.*\n", "", "doesn't say its number of k-points"),
        (r"k\( +2\) = \([^)]*\)", "k(    2) = ( -0.1234567-0.1234567-0.1234567)", "no three numbers and a weight"),
        (r"k\( +2\) = \([^)]*\)", "k(    2) = ( **** **** ****)", "line 94 has stars"),
        (r"!    total energy .*", "!    total energy              =   ************** Ry", "line 247 has stars"),
        (r"celldm\(1\)= *[\d.]+", "celldm(1)= 0.000", "was cut off or edited"),
    ],
)
def test_outputs_of_pw_x_that_are_not_whole_are_told_in_words(pattern, new, words):
    label = label_of(Ended(0, edited(pattern, new), ""), silicon())
    assert label.status == "crashed" and words in label.reason and "Error" not in label.reason
    assert "run this frame again" in label.reason
