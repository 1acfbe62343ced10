"""What an output of VASP tells of the tags that change its numbers (functional, dispersion, spin), and the study's."""

import re

from melt2crystal.engines.vasp.inputs import tags_of_numbers
from melt2crystal.sections.reference import VaspReference

Value = bool | float | str
# VASP's defaults; '': that of the POTCAR
DEFAULTS: dict[str, Value] = {
    "GGA": "",
    "METAGGA": "",
    "IVDW": 0.0,
    "LUSE_VDW": False,
    "ISPIN": 1.0,
    "LSORBIT": False,
    "LNONCOLLINEAR": False,
    "LHFCALC": False,
    "LDAU": False,
    "LASPH": False,
    "ADDGRID": False,
    "LREAL": False,
    "ML_LMLFF": False,
    "LSOL": False,
}
NONE = ("", "--", "NONE", "F", "FALSE")  # how versions of VASP tell that a functional isn't set
OF_FAMILY = {"PBE": "PE", "LDA": "CA"}  # GGA that the POTCARs of a family have by themselves


def other_settings(xml: str, outcar: str, reference: VaspReference) -> str:
    """The first tag of the output that isn't the study's; '' if there is none, as far as the output tells them."""
    own = OF_FAMILY[reference.functional[:3]]
    asked = {tag: value for tag, value in tags_of_numbers(reference).items() if not isinstance(value, list)}
    given = xml[xml.find("<incar>") : xml.find("</incar>")] if "</incar>" in xml else ""
    for tag in dict.fromkeys([*DEFAULTS, *asked]):
        wanted = value_of(tag, str(asked[tag]), own) if tag in asked else value_of(tag, str(DEFAULTS[tag]), own)
        in_words = f"the settings {asked[tag]}" if tag in asked else "the settings don't"
        told = [*_in_xml(tag, given if tag not in DEFAULTS else xml), *_in_outcar(tag, outcar)]
        for text in told:
            if value_of(tag, text, own) != wanted:
                return f"the output says {tag} = {text}, {in_words}"
        if tag in asked and not told and given and wanted != value_of(tag, str(DEFAULTS.get(tag, "")), own):
            return f"the output was made without {tag}, {in_words}"
    return ""


def value_of(tag: str, text: str, own: str) -> Value:
    """A tag's value, however it is written: T, .TRUE., True; 12, 12.0; PE, --; LREAL is off or not."""
    word = text.strip().strip(".").upper()
    if tag in ("GGA", "METAGGA"):
        return (own if tag == "GGA" else "") if word in NONE else word
    if tag == "LREAL":
        return word not in ("F", "FALSE")
    if word in ("T", "TRUE", "F", "FALSE"):
        return word.startswith("T")
    try:
        return float(text)
    except ValueError:
        return word


def _in_xml(tag: str, text: str) -> list[str]:
    return [value.strip() for value in re.findall(rf'<i [^>]*name="{tag}"[^>]*>([^<]*)</i>', text)]


def _in_outcar(tag: str, text: str) -> list[str]:
    return re.findall(rf"^ *{tag} *= *([^\s;]+)", text, re.MULTILINE)
