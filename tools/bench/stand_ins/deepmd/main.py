"""``dp train``, ``freeze`` and ``compress``: files of the right names and forms."""

from collections.abc import Sequence
from pathlib import Path

CURVE = "#  step  rmse_val  rmse_trn  rmse_e_val  rmse_e_trn  rmse_f_val  rmse_f_trn  lr\n"


def main(arguments: Sequence[str]) -> None:
    """One command, in the current folder."""
    command, *options = arguments
    if command == "train":
        Path("lcurve.out").write_text(CURVE + "0 1 1 1 1 1 1 1e-3\n100 1 1 1 1 1 1 1e-4\n")
        Path("checkpoint").write_text("stand-in\n")
    else:
        Path(options[options.index("-o") + 1]).write_text(f"stand-in: {command}\n")
