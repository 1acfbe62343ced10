"""Scaling laws: how the cost of one step, label or relaxation follows from the size of system and network."""

from dataclasses import dataclass
from itertools import pairwise
from math import pi

from melt2crystal.plan.units import Meter
from melt2crystal.sections.train import Network

MEASURED_ATOMS = 72  # size at which melts and labels were measured


@dataclass(frozen=True)
class NetworkSize:
    """A DeePMD model, for one energy of one atom.

    Attributes:
        neighbours: places for neighbours (the sum of ``sel``); of dpa4 the neighbours themselves.
        embedding_macs, fitting_macs: multiplications of descriptor and fitting network (se_e2_a).
        last, precision: neurons of the last embedding layer; float32 or float64.
        parameters: numbers in the model (two species: four embedding, two fitting networks).
        features: numbers that its messages carry (dpa4; otherwise none).
    """

    neighbours: float
    embedding_macs: float
    fitting_macs: float
    last: int
    precision: str
    parameters: float
    features: float = 0

    @property
    def macs(self) -> float:
        """All multiplications."""
        return self.embedding_macs + self.fitting_macs

    @property
    def number_bytes(self) -> int:
        """Bytes of one number."""
        return 8 if self.precision == "float64" else 4


def network_size(network: Network, atoms_per_A3: float, species: int = 2) -> NetworkSize:
    """Size of a network; neighbours from the density of the densest melt and the margin on top of them.

    The descriptor is G^T R R^T G_< of L. Zhang et al., NeurIPS 31, 4436 (2018), with R of four columns.
    """
    around = 4 / 3 * pi * network.r_cut_A**3 * atoms_per_A3
    if network.passes_messages:
        return _size_with_messages(network, around)
    neighbours = around * network.selection_margin
    last = network.embedding[-1]
    embedding = sum(a * b for a, b in pairwise([1, *network.embedding]))
    fitting = sum(a * b for a, b in pairwise([last * network.axis_neurons, *network.fitting, 1]))
    return NetworkSize(
        neighbours=neighbours,
        embedding_macs=neighbours * (embedding + 4 * last) + 4 * last * network.axis_neurons,
        fitting_macs=fitting,
        last=last,
        precision=network.precision,
        parameters=species**2 * embedding + species * fitting,
    )


def _size_with_messages(network: Network, neighbours: float) -> NetworkSize:
    """Each neighbour sends ``channels`` numbers for each spherical harmonic up to ``degree``, in each block.

    Parameters as counted in models of 16 and 32 channels, degree 2 and 3 (72,195, 219,859 and 99,774).
    """
    features = neighbours * network.channels * (network.degree + 1) ** 2 * network.blocks
    parameters = 35 * network.channels**2 * (network.degree + 1) * network.blocks + 18_000 * network.channels / 16
    return NetworkSize(neighbours, 0, 0, 0, network.precision, parameters, features)


def training_step_s(size: NetworkSize, atoms: float, batch: int, meter: Meter, gpu: bool) -> float:
    """Seconds of one training step: a base, the neighbours' geometry and the multiplications, both for each atom."""
    if size.features:
        base = "train_messages_base_ms"
        each = meter("train_ns_per_feature", atoms) * size.features / 1e6
    else:
        base = "train_base_ms"
        each = meter("train_us_per_neighbour", atoms) * size.neighbours / 1e3
        each += meter(f"train_{size.precision}_ns_per_mac", atoms) * size.macs / 1e6
    work_ms = atoms * batch * each
    if gpu:
        return (meter("train_gpu_base_ms") + work_ms / meter("train_gpu_speed_up")) / 1e3
    return (meter(base, atoms) + work_ms) / 1e3


def model_step_s(size: NetworkSize, atoms: float, meter: Meter, gpu: bool) -> float:
    """Seconds of one step of molecular dynamics with a compressed model; its tables replace the embedding networks.

    Of a model that passes messages: of one evaluation, as it is.
    """
    if size.features:
        return (
            meter("model_messages_base_ms", atoms) + atoms * meter("model_ns_per_feature") * size.features / 1e6
        ) / 1e3
    each = meter("walk_us_per_neighbour") * size.neighbours / 1e3 + meter("walk_ns_per_mac") * size.fitting_macs / 1e6
    if gpu:
        return (meter("walk_gpu_base_ms") + atoms * each / meter("walk_gpu_speed_up")) / 1e3
    return (meter("walk_base_ms", atoms) + atoms * each) / 1e3


def classical_step_s(atoms: float, meter: Meter) -> float:
    """Seconds of one step with the classical potential; the Ewald sum grows faster than the number of atoms."""
    exponent = meter("melt_step_exponent", atoms)
    return meter("melt_step_ms") / 1e3 * (atoms / MEASURED_ATOMS) ** exponent


def label_core_s(engine: str, atoms: float, k_points: int, meter: Meter) -> float:
    """Core-seconds of one label: as (atoms / 72)^exponent, and proportional to the k-points beyond Gamma."""
    if engine == "lammps":
        return meter("label_lammps_ms_per_atom", atoms) * atoms / 1e3
    kind = "ase" if engine == "ase" else "dft"
    seconds = meter(f"label_{kind}_core_s", atoms)
    if round(atoms) != MEASURED_ATOMS:
        seconds *= (atoms / MEASURED_ATOMS) ** meter(f"label_{kind}_exponent")
    return seconds * max(1, k_points)


def search_evaluations(formula_units: int, atoms: float, most: int, meter: Meter) -> float:
    """Evaluations of one relaxation in the search, at most ``most``."""
    number = meter("search_evaluations") * formula_units ** meter("search_evaluations_exponent", atoms)
    return min(number, most)
