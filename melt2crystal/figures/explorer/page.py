"""Writes the explorer: one HTML file with everything in it; it asks no network, and says so to the browser.

The view in three dimensions is 3Dmol.js (N. Rego, D. Koes, Bioinformatics 31, 1322 (2015)), which lies in ``vendor``.
"""

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from melt2crystal.figures.explorer.structures import Bond, Known, Structure, as_data, coordinations
from melt2crystal.figures.structures_found import colour_of, range_of
from melt2crystal.files import write_text
from melt2crystal.report.pages import STYLE

HERE = Path(__file__).parent
VIEWER = HERE / "vendor" / "3dmol-2.5.5"
MOST_PICTURES = 32  # of each pressure, the lowest: a drawing costs 20 kB and a third of a second
# whatever a name may hold: nothing is loaded from anywhere, nothing is sent
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def write_explorer(
    path: Path,
    structures: Iterable[Structure],
    bond: Bond,
    title: str,
    where: str,
    known: Sequence[Known] = (),
    warning: str = "",
) -> None:
    """Write the explorer.

    Args:
        path: HTML file, written complete or not at all.
        structures: of one or more pressures, the lowest of each first.
        bond: which atoms are joined.
        title: heading; plain text, as are ``where``, the line below it, and ``warning``.
        known: crystals marked in the landscape.
    """
    write_text(path, page_of(list(structures), bond, title, where, known, warning))


def page_of(
    structures: Sequence[Structure], bond: Bond, title: str, where: str, known: Sequence[Known], warning: str
) -> str:
    """The page's text; arguments as for :func:`write_explorer`."""
    between = range_of(coordinations(structures))
    drawn: dict[float, int] = {}
    shown = []
    for structure in structures:
        pressure = float(structure.row["pressure_GPa"])
        drawn[pressure] = drawn.get(pressure, 0) + 1
        shown.append(as_data(structure, bond, between, drawn[pressure] <= MOST_PICTURES))
    ticks = np.unique(np.round(np.linspace(*between, min(9, int(between[1] - between[0]) + 1))))
    data = {
        "structures": shown,
        "known": [_known(crystal, structures) for crystal in known],
        "bond": {"central": bond.central, "ligand": bond.ligand, "cutoff": bond.cutoff_A},
        "scale": [{"coordination": float(tick), "colour": colour_of(tick, between)} for tick in ticks],
    }
    parts = {
        "TITLE": escape(title),
        "WHERE": escape(where),
        "WARNING": f'<p class="warning">{escape(warning)}</p>' if warning else "",
        "POLICY": escape(POLICY),
        "STYLE": STYLE + _asset("explorer.css"),
        "LICENCES": _licences(),
        "DATA": as_json(data),
        "VIEWER": without_end_of_script((VIEWER / "3Dmol-min.js").read_text(encoding="utf-8")),
        "SCRIPT": _asset("structure.js") + _asset("landscape.js") + _asset("explorer.js"),
    }
    pieces = _asset("explorer.html").split("@@")  # text and names of parts by turns: what is put in is not read again
    return "".join(parts[piece] if number % 2 else piece for number, piece in enumerate(pieces))


def as_json(data: Any) -> str:
    """JSON that can stand in a script of HTML: there, no name ends it, begins a comment or breaks a line."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def without_end_of_script(text: str) -> str:
    """JavaScript that doesn't end the script it stands in: in its texts, a backslash before / changes nothing."""
    return text.replace("</script", r"<\/script").replace("<!--", r"<\!--")


def _known(crystal: Known, structures: Sequence[Structure]) -> dict[str, Any]:
    same = [s.row for s in structures if np.isclose(float(s.row["pressure_GPa"]), crystal.pressure_GPa)]
    lowest = min((float(row["enthalpy_eV_per_atom"]) for row in same), default=crystal.enthalpy_eV_per_atom)
    return {
        "name": crystal.name,
        "pressure": crystal.pressure_GPa,
        "volume": crystal.volume_A3_per_atom,
        "above": round(1000 * (crystal.enthalpy_eV_per_atom - lowest), 3),
    }


def _licences() -> str:
    """Of the viewer and of what it holds, as the inside of a comment."""
    texts = (path.read_text(encoding="utf-8").strip() for path in sorted(VIEWER.glob("LICENSE*")))
    return "\n\n".join(texts).replace("--", "- -").replace(">", "&gt;")


def _asset(name: str) -> str:
    return (HERE / "assets" / name).read_text(encoding="utf-8")
