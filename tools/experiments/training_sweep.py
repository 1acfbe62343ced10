"""Try ways to train HP on a study's own data, and compare them on its held-out melt and its crystals.

``python -m tools.experiments.training_sweep config/sweeps/released.yaml``

Each variant of the file is the study with some settings changed, and is run by the study's own rules into its own
folder of results as far as HP's errors: labels, certificates and everything a variant does not change are the same. A
variant that is finished costs nothing; one that fails is named and the rest goes on. Written beside each other:
``results/sweep-<file>/table.csv`` and ``table.md``.

The file::

    study: released
    members: 2                       # of each variant
    common: {release: {hp: {training: {steps: 4000}}}}   # settings of all variants, if not the study's own
    variants:
      wide: {train: {network: {fitting: [128, 128, 128]}}}
      longer: {release: {hp: {training: {steps: 16000}}}}
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from melt2crystal import markdown
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_csv, write_text
from melt2crystal.provenance import ROOT
from melt2crystal.study.load import load_study

RESULTS = Path("results")
GROUPS = ("tetrahedral", "octahedral")
OF_ALL = "members"  # begins the name of the study that all variants extend; theirs begin with the sweep's
LEAST = {"members": 2, "steps": 100}  # the table of errors wants an LP, and nobody looks at it
COLUMNS = {
    "variant": "variant",
    "cpu_s": "CPU s a member",
    "energy_meV_per_atom": "energy, meV/atom",
    "force_eV_per_A": "force, eV/Å",
    "tetrahedral_meV_per_atom": "E-V tetrahedral, meV/atom",
    "octahedral_meV_per_atom": "E-V octahedral, meV/atom",
}


class Sweep(BaseModel):
    """What the file says."""

    model_config = ConfigDict(extra="forbid")

    study: str
    members: int = Field(2, ge=2)
    common: dict[str, Any] = {}
    variants: dict[str, dict[str, Any]] = Field(min_length=1)

    def write_studies(self, folder: Path, sweep: str) -> dict[str, Path]:
        """The study all variants extend, and each variant as a study that says only what it changes.

        Args:
            folder: where the files go; the studies are named ``sweep`` and ``sweep``-variant.
            sweep: name of the sweep.

        Returns:
            The file of each variant.
        """
        common = folder / f"{sweep}.yaml"
        of_all = {"release": {"hp": {"training": {"members": self.members}}, "lp": {"training": LEAST}}}
        _write_study(folder / f"{OF_ALL}-{sweep}.yaml", {"extends": self.study, **of_all})
        _write_study(common, {"extends": str(folder / f"{OF_ALL}-{sweep}.yaml"), **self.common})
        files = {variant: folder / f"{sweep}-{variant}.yaml" for variant in self.variants}
        for variant, path in files.items():
            _write_study(path, {"extends": str(common), **self.variants[variant]})
        return files


def _write_study(path: Path, content: dict[str, Any]) -> None:
    write_text(path, yaml.safe_dump({"name": path.stem, **content}, sort_keys=False))


def read_sweep(path: Path) -> Sweep:
    """The sweep of a file.

    Raises:
        UserError: the file is missing or isn't of the form above.
    """
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; name one like config/sweeps/released.yaml")
    try:
        return Sweep.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise UserError(f"{path}: must hold study, variants and, if you like, members and common: {error}") from error


def row_of(variant: str, folder: Path) -> dict[str, Any]:
    """Errors and cost of a finished variant; what a study has no reference for is left out."""
    heldout = json.loads((folder / "train/hp/heldout.json").read_text())
    seconds = [
        pd.read_csv(path, sep="\t")["cpu_time"].iloc[-1] for path in folder.glob("benchmarks/train_member/hp-*.tsv")
    ]
    row = {
        "variant": variant,
        "cpu_s": sum(seconds) / len(seconds) if seconds else float("nan"),
        "energy_meV_per_atom": heldout["energy_rmse_meV_per_atom"],
        "force_eV_per_A": heldout["force_rmse_eV_per_A"],
    }
    totals = folder / "benchmark/energy_volume_errors.json"
    of_groups = json.loads(totals.read_text())["hp"] if totals.is_file() else {}
    return row | {f"{name}_meV_per_atom": of_groups[name]["raw_meV_per_atom"] for name in GROUPS if name in of_groups}


def targets_of(study: Any, folder: Path) -> list[str]:
    """Files that hold HP's errors."""
    targets = [f"{folder}/train/hp/heldout.json"]
    return (
        [*targets, f"{folder}/benchmark/energy_volume_errors.json"]
        if study.benchmark.energy_volume.enabled
        else targets
    )


def as_markdown(table: pd.DataFrame) -> str:
    """The table with the titles a reader needs."""
    return markdown.of_frame(table.rename(columns=COLUMNS), ".3g") + "\n"


@reports_errors
def training_sweep(
    file: Annotated[Path, typer.Argument(help="which study, which variants (YAML)")],
    cores: Annotated[int, typer.Option(help="trainings at once")] = 2,
    only: Annotated[list[str] | None, typer.Option(help="this variant alone; may be given several times")] = None,
) -> None:
    """Run every variant as far as HP's errors and write the table of what was tried."""
    sweep = read_sweep(file)
    folder = RESULTS / f"sweep-{file.stem}"
    studies = sweep.write_studies(ROOT / folder, folder.name)
    rows, failed = [], []
    for variant in only or studies:
        if variant not in studies:
            raise UserError(f"{file}: has no variant {variant}; it has {', '.join(studies)}")
        path = studies[variant]
        study = load_study({"study": str(path)}, ROOT, check_files=True)
        results = RESULTS / study.name
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--quiet", "rules"]
        command += ["--config", f"study={path}", "--", *targets_of(study, results)]
        print(f"{variant}: {', '.join(targets_of(study, results))}", flush=True)
        if subprocess.run(command, cwd=ROOT).returncode:
            failed.append(variant)
        else:
            rows.append(row_of(variant, ROOT / results))
            table = pd.DataFrame(rows)
            write_csv(ROOT / folder / "table.csv", table, "%.6g")
            write_text(ROOT / folder / "table.md", as_markdown(table))
    if rows:
        print(as_markdown(pd.DataFrame(rows)))
    if failed:
        raise UserError(f"not finished: {', '.join(failed)}; the logs are in {folder}-<variant>/logs")


if __name__ == "__main__":
    typer.run(training_sweep)
