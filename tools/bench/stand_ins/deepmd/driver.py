"""What DeePMD-kit registers with dpdata."""


class DPDriver:
    """Never asked for anything."""
