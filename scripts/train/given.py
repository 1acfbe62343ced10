"""Take one member of a potential that was trained elsewhere, and compress it if it can be."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import complete
from melt2crystal.options import SettingsText
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.train.deepmd import run_dp
from melt2crystal.train.given import check_type_map
from melt2crystal.train.models import Ensemble


@reports_errors
def train_given(
    given: Annotated[Path, typer.Option(help="frozen model that was trained elsewhere")],
    given_inputs: Annotated[Path, typer.Option(help="DeePMD's input of it (JSON)")],
    frozen: Annotated[Path, typer.Option(help="frozen model")],
    inputs: Annotated[Path, typer.Option(help="DeePMD's input, for the record (JSON)")],
    settings: SettingsText,
    compressed: Annotated[Path | None, typer.Option(help="compressed model (se_e2_a)")] = None,
) -> None:
    """Copy the model, and compress it if asked to; one for other species is refused."""
    species = Settings(settings).section("substance", Substance).species
    theirs = json.loads(given_inputs.read_text()).get("model", {}).get("type_map")
    if theirs != species:
        raise UserError(f"{given_inputs}: model.type_map is {theirs}; the study's species are {species}, in this order")
    check_type_map(Ensemble([given]).type_maps[0], species, given)
    with complete(frozen) as beside:
        shutil.copyfile(given, beside)
    if compressed is not None:
        with tempfile.TemporaryDirectory(dir=frozen.parent) as work, complete(compressed) as beside:
            run_dp(["compress", "-i", str(frozen.resolve()), "-o", str(beside.resolve())], Path(work))
    with complete(inputs) as beside:
        shutil.copyfile(given_inputs, beside)


if __name__ == "__main__":
    typer.run(train_given)
