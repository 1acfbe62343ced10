"""The potential of a search without a study: a file, a folder of models, or an ASE calculator by name."""

import re
from collections.abc import Sequence
from pathlib import Path

from melt2crystal.errors import UserError
from melt2crystal.files import digest_of_file
from melt2crystal.train.models import Ensemble

LOCK_STEP = ".pb"  # TensorFlow's models are evaluated in batches
MODELS = (LOCK_STEP, ".pth")
COMPRESSED = "-compressed"
DIGITS = re.compile(r"(\d+)")


def members_of(place: Path) -> list[Path]:
    """The models of a potential: a file, or those in a folder, compressed ones before the frozen ones they are of.

    Raises:
        UserError: there is none.
    """
    kinds = " or ".join(MODELS)
    if place.is_dir():
        names = [path for path in place.iterdir() if path.suffix in MODELS and path.is_file()]
        chosen = {}
        for path in sorted(names, key=lambda path: (COMPRESSED in path.stem, path.suffix == LOCK_STEP)):
            chosen[path.stem.removesuffix(COMPRESSED)] = path
        if not chosen:
            raise UserError(
                f"--potential {place}: this folder holds no model ({kinds}); name a folder such as "
                "results/STUDY/models/hp, or the file of a model"
            )
        return [chosen[stem] for stem in sorted(chosen, key=_in_number_order)]
    if not place.exists():
        raise UserError(
            f"--potential {place}: there is no such file or folder; name a model ({kinds}) or a folder of models"
        )
    if place.suffix not in MODELS:
        raise UserError(
            f"--potential {place}: is no frozen model of DeePMD-kit ({kinds}); freeze it first (dp freeze), or name "
            "another file"
        )
    return [place]


def _in_number_order(stem: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in DIGITS.split(stem) if part]


def load(members: Sequence[Path], species: Sequence[str]) -> Ensemble:
    """The ensemble, each member of which knows all species.

    Raises:
        UserError: a file can't be read, is no model, or its model doesn't know a species.
    """
    for path in members:
        try:
            with open(path, "rb") as handle:
                handle.read(1)
        except OSError as error:
            raise UserError(f"--potential {path}: can't be read ({error.strerror}); see who may read it") from error
    ensemble = Ensemble(members)
    for path, known in zip(members, ensemble.type_maps, strict=True):
        if unknown := [symbol for symbol in species if symbol not in known]:
            raise UserError(
                f"--potential {path}: this model knows {', '.join(known)}, not {', '.join(unknown)}; name another "
                "potential or another --formula"
            )
    return ensemble


def digests(members: Sequence[Path]) -> list[dict[str, str]]:
    """File and SHA-256 of each member."""
    return [{"file": str(path), "sha256": digest_of_file(path)} for path in members]
