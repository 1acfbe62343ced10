"""Labels of a batch put together: how many may be missing, and what a frame is that has none."""

from ase import Atoms


def failures_allowed(tolerance: float, asked: int) -> float:
    """How many labels of a batch may fail: a share of less than one frame is one frame, unless it is 0."""
    return max(1.0, tolerance * asked) if tolerance else 0.0


def what_is_it(frame: Atoms) -> str:
    """A requested frame in words that a person can look for: crystal and volume, structure, state of a melt."""
    info = frame.info
    if "volume_scale" in info:
        return f"{info['polymorph']} at {float(info['volume_scale']):g} of its volume"
    if "displacement" in info:
        return f"{info['polymorph']}, supercell {info['displacement']}"
    if "id" in info:
        return f"structure {info['id']}"
    if {"temperature_K", "pressure_GPa"} <= set(info):
        return f"melt at {float(info['pressure_GPa']):g} GPa, {float(info['temperature_K']):g} K"
    return str(info.get("polymorph", frame.get_chemical_formula()))
