"""Frames that VASP computes on another machine: inputs without POTCAR, the lines that run them, outputs read back.

A POTCAR is licensed and never leaves its site: ``POTCAR.spec`` of each frame names what is needed, and the script there
puts it together out of the site's own library, checks its content, and removes it when VASP ends.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ase import Atoms
from pymatgen.io.vasp.inputs import PotcarSingle

from melt2crystal.engines.base import Label
from melt2crystal.engines.k_points import k_mesh
from melt2crystal.engines.process import Ended
from melt2crystal.engines.recipes import ended_with, label_of_recipes
from melt2crystal.engines.vasp.inputs import write_inputs
from melt2crystal.engines.vasp.outputs import AT_THE_END, NOT_CONVERGED, NUMERICAL, cpu_seconds, label_of, text_of
from melt2crystal.engines.vasp.told import other_settings
from melt2crystal.sections.reference import VaspReference

SPECIFICATION = "POTCAR.spec"  # a line a species, in the order of POSCAR: species, name in the family, SHA-256
SAME_SHARE = 1e-3
# how vasprun.xml and OUTCAR tell the settings, as far as they have the digits
TOLD = {
    "ENCUT": (r'name="ENMAX"[^>]*>\s*([-+\d.eE]+)', r"energy-cutoff *: *([-+\d.eE]+)"),
    "ISMEAR": (r'name="ISMEAR"[^>]*>\s*([-+\d.eE]+)', r"ISMEAR *= *([-+\d.eE]+)"),
    "SIGMA": (r'name="SIGMA"[^>]*>\s*([-+\d.eE]+)', None),
}
DIVISIONS = re.compile(r'name="divisions"[^>]*>\s*(\d+)\s+(\d+)\s+(\d+)')
TITEL = re.compile(r"^ *TITEL *= *(\S.*?)\s*$", re.MULTILINE)
CHECKSUM = re.compile(r"^ *SHA256 *= *([0-9a-f]{64})", re.MULTILINE)

RUN_SCRIPT = r"""
# VASP, recipe after recipe until one converges; others: VASP="srun vasp_std" VASP_GAM="srun vasp_gam" bash run.sh
VASP="${VASP:-@command@}"
VASP_GAM="${VASP_GAM:-@gamma@}"
LIBRARY="${PMG_VASP_PSP_DIR:?name the folder of the POTCAR library of this site: export PMG_VASP_PSP_DIR=...}"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
umask 077  # a POTCAR is for its owner alone

potcar() { # name in the family, checksum: appended to POTCAR, if it is the potential the settings ask for
    local root file found=""
    for root in "$LIBRARY/@family@" "$LIBRARY"; do
        for file in "$root/POTCAR.$1"{,.gz,.Z} "$root/$1/POTCAR"{,.gz,.Z}; do
            [ -z "$found" ] && [ -f "$file" ] && found="$file"
        done
    done
    [ -n "$found" ] || { echo "$LIBRARY: holds no POTCAR $1 (of @family@)"; return 1; }
    sum="$(gzip -cdf "$found" | LC_ALL=C sed -E '/^[[:space:]]*(SHA256|COPYR)/d' | sha256sum | cut -d' ' -f1)"
    [ "$sum" = "$2" ] || { echo "$found: has the checksum $sum, the settings ask for $2: another potential"; return 1; }
    gzip -cdf "$found" >> POTCAR
    [ -z "$(tail -c 1 POTCAR)" ] || echo >> POTCAR
}

unconverged() { # in this folder: worth another recipe
    grep -qE '@unconverged@' OUTCAR && return 0
    grep -qF '@end@' OUTCAR || { grep -qiE '@numerical@' vasp.out vasp.err && return 0; }
    [ "$(grep -c 'Iteration  *1(' OUTCAR)" -ge "$(sed -n 's/^NELM = //p' INCAR)" ]
}

trap 'rm -f "$PWD"/POTCAR "$PWD"/recipe-*/POTCAR' EXIT
rm -f recipe-*/status
for recipe in @recipes@; do
    cd "$recipe" || exit 1
    rm -f POTCAR
    while read -r _ name sum; do
        potcar "$name" "$sum" || exit 1
    done < ../POTCAR.spec
    program="$VASP"
    [ "$(sed -n 4p KPOINTS | tr -s ' ')" = "1 1 1" ] && program="$VASP_GAM"
    timeout @timeout@ $program > vasp.out 2> vasp.err
    echo $? > status
    rm -f POTCAR WAVECAR CHG CHGCAR vaspwave.h5
    unconverged 2> /dev/null
    again=$?
    cd ..
    [ "$again" = 0 ] || break
done
"""


def site_note(reference: VaspReference) -> str:
    """What the README of an exported folder says of POTCARs."""
    family = PotcarSingle.functional_dir[reference.functional]
    return (
        "**POTCARs are not here**: they are licensed. `run-frame.sh` takes them from this site's own library and\n"
        "checks them against `POTCAR.spec` (name in the family, SHA-256 without the lines SHA256 and COPYR). The\n"
        f"library is the folder that holds `{family}/Si/POTCAR` or `Si/POTCAR`: `export PMG_VASP_PSP_DIR=/path/of/it`."
    )


def run_script(reference: VaspReference) -> str:
    """See ``ExchangingEngine.run_script``."""
    values = {
        "command": reference.command,
        "gamma": reference.gamma_command or reference.command,
        "family": PotcarSingle.functional_dir[reference.functional],
        "unconverged": "|".join(NOT_CONVERGED),
        "end": AT_THE_END,
        "numerical": NUMERICAL.pattern,
        "recipes": " ".join(f"recipe-{number}" for number in range(1, len(reference.recipes) + 1)),
        "timeout": f"{reference.timeout_s:.0f}",
    }
    text = RUN_SCRIPT.strip("\n") + "\n"
    for name, value in values.items():
        text = text.replace(f"@{name}@", value.replace('"', '\\"'))
    return text


def write_frame(
    frame: Atoms, folder: Path, species: Sequence[str], reference: VaspReference, potcars: Mapping[str, str]
) -> None:
    """``recipe-1/INCAR``, ``KPOINTS``, ``POSCAR``, ``recipe-2/...`` and ``POTCAR.spec``.

    Args:
        species: of the substance, in the order of POSCAR.
        potcars: species of this frame in the same order -> SHA-256.
    """
    for number, recipe in enumerate(reference.recipes, 1):
        place = folder / f"recipe-{number}"
        place.mkdir()
        write_inputs(place, frame, species, reference, recipe)
    lines = [f"{symbol} {reference.potcars[symbol]} {digest}\n" for symbol, digest in potcars.items()]
    (folder / SPECIFICATION).write_text("".join(lines), encoding="utf-8")


def read_outputs(
    frame: Atoms, folder: Path, species: Sequence[str], reference: VaspReference, potcars: Mapping[str, str]
) -> Label | str:
    """See ``ExchangingEngine.read_outputs``; ``seconds`` are CPU seconds of all ranks as OUTCAR tells them, else 0."""

    def label(number: int, ended: Ended) -> Label:
        place = folder / f"recipe-{number}"
        found = label_of(ended, place, frame, species)
        foreign = _foreign(place, frame, reference, potcars) if found.status == "ok" else ""
        return Label("crashed", foreign) if foreign else found

    return label_of_recipes(
        len(reference.recipes),
        lambda number: _ended(folder / f"recipe-{number}"),
        label,
        lambda number, ended: cpu_seconds(folder / f"recipe-{number}") or 0.0,
        reference.timeout_s,
    )


def _ended(place: Path) -> Ended | str | None:
    """How VASP ended in a folder; None if it was not run there, words if it has not come to an end."""
    outcar = text_of(place / "OUTCAR")
    told = ended_with(text_of(place / "status"), text_of(place / "vasp.out"), text_of(place / "vasp.err"))
    if told:
        return told
    if AT_THE_END in outcar:
        return Ended(0, "", "")  # run without our script: the output itself says how it ended
    if outcar or (place / "vasp.out").is_file() or (place / "vasprun.xml").is_file():
        return "still running, or killed without a trace"
    return None


def _foreign(place: Path, frame: Atoms, reference: VaspReference, potcars: Mapping[str, str]) -> str:
    """Why an output can't belong to these settings; '' if it does, as far as it tells them."""
    xml, outcar = text_of(place / "vasprun.xml"), text_of(place / "OUTCAR")
    wanted = {"ENCUT": reference.encut_eV, "ISMEAR": reference.ismear, "SIGMA": reference.sigma_eV}
    for tag, value in wanted.items():
        for text, pattern in zip((xml, outcar), TOLD[tag], strict=True):
            found = re.search(pattern, text) if pattern else None
            if found and abs(float(found.group(1)) - value) > SAME_SHARE * abs(value):
                return f"the output says {tag} = {found.group(1)}, the settings {value:g}"
    mesh = k_mesh(frame, reference.k_points) or (1, 1, 1)
    divisions = DIVISIONS.search(xml)
    if divisions and tuple(map(int, divisions.groups())) != mesh:
        return f"the output says k-points {'x'.join(divisions.groups())}, the settings {'x'.join(map(str, mesh))}"
    titels = dict.fromkeys(" ".join(titel.split()) for titel in TITEL.findall(outcar))
    for symbol in potcars:
        asked = " ".join(reference.titels.get(symbol, "").split())
        if titels and asked and asked not in titels:
            return f"the output says POTCAR {', '.join(titels)}, the settings {asked}"
    if told := other_settings(xml, outcar, reference):
        return told
    strange = set(CHECKSUM.findall(outcar)) - set(potcars.values())
    if strange:
        return f"the output says a POTCAR has the checksum {min(strange)[:12]}..., the settings ask for others"
    return ""
