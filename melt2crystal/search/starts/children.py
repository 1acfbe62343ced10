"""Children of structures that were found: the operators of the package ase-ga.

Cut and splice: D. M. Deaven and K. M. Ho, Phys. Rev. Lett. 75, 288 (1995), for crystals C. W. Glass, A. R. Oganov and
N. Hansen, Comput. Phys. Commun. 175, 713 (2006), who strain and permute too; soft modes: A. O. Lyakhov, A. R. Oganov
and M. Valle, ibid. 181, 1623 (2010). Only the operators are taken: the package's own loop costs more than relaxing.
"""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase_ga.cutandsplicepairing import CutAndSplicePairing
from ase_ga.soft_mutation import BondElectroNegativityModel, SoftMutation
from ase_ga.standardmutations import PermutationMutation, RattleMutation, StrainMutation
from ase_ga.utilities import CellBounds

from melt2crystal.search.starts.generate import in_order, rattled
from melt2crystal.search.starts.symmetric import IMAGES, NOT_ITSELF, squares

# operator -> share of the children; what an operator can't do falls to the next
SHARES = {"splice": 0.4, "strain": 0.2, "soft": 0.15, "rattle": 0.15, "permute": 0.1}
PARENTS = {"splice": 2}
LOOSE = 0.8  # of the minimum distances: children are cheap, and the potential moves their atoms apart
STRAIN = 0.4  # standard deviation of the elements of a strain
RATTLE_A, RATTLED_SHARE = 0.8, 0.4  # largest displacement in each direction, share of the atoms
LEAST_OF_EACH = 0.2  # share of a child's atoms from either parent
SOFTEST = 6  # modes tried, the softest first
REACH_A = 4.5  # of the springs that soft modes are computed with
MOVED_A = [0.4, 1.2]  # least and largest displacement along a soft mode
AMPLITUDE = 0.1  # step along it, of a mode of unit length


def shares_of(species: int) -> dict[str, float]:
    """Operator -> share of the children; one species can't be permuted."""
    return {name: share for name, share in SHARES.items() if species > 1 or name != "permute"}


def child(
    operator: str, parents: Sequence[Atoms], minimum_distances_A: dict[str, float], rng: np.random.Generator
) -> tuple[str, Atoms]:
    """A child, and the operator that made it: the one asked for, or the next that succeeds; a weak rattle always does.

    Args:
        parents: one or two structures with the same atoms in the same order.
    """
    names = list(SHARES)
    first = names.index(operator)
    species = list(dict.fromkeys(parents[0].get_chemical_symbols()))
    for name in names[first:] + names[:first]:
        if (name == "splice" and len(parents) < 2) or (name == "permute" and len(species) < 2):
            continue
        made = _made(name, parents, minimum_distances_A, np.random.RandomState(rng.integers(2**31)))
        if made is not None:
            return name, in_order(Atoms(made.symbols, made.positions, cell=made.cell.array, pbc=True), species)
    return "rattle", rattled(parents[0], RATTLE_A / 4, rng)


def _made(
    operator: str, parents: Sequence[Atoms], minimum_distances_A: dict[str, float], rng: np.random.RandomState
) -> Atoms | None:
    """What one operator makes, or None. ase-ga wants numpy's old generator."""
    nearest = _nearest(minimum_distances_A)
    cells = CellBounds({"phi": [25, 155], "chi": [25, 155], "psi": [25, 155]})
    own = [_upright(parent) for parent in parents]
    if operator == "splice":
        turned = rng.permutation(3)
        own[1] = _upright(Atoms(own[1].symbols, own[1].positions, cell=own[1].cell.array[turned], pbc=True))
        operation = CutAndSplicePairing(
            Atoms(pbc=True), len(own[0]), nearest, 3, minfrac=LEAST_OF_EACH, cellbounds=cells, test_dist_to_slab=False,
            rng=rng,
        )  # fmt: skip
        return operation.cross(own[0], own[1])
    if operator == "strain":
        return StrainMutation(nearest, cells, stddev=STRAIN, rng=rng).mutate(own[0])
    if operator == "soft":
        return _softened(own[0], nearest, int(rng.randint(SOFTEST)))
    if operator == "permute":
        return PermutationMutation(len(own[0]), test_dist_to_slab=False, blmin=nearest, rng=rng).mutate(own[0])
    return RattleMutation(
        nearest, len(own[0]), RATTLE_A, RATTLED_SHARE, test_dist_to_slab=False, rng=rng
    ).mutate(own[0])  # fmt: skip


def _nearest(minimum_distances_A: dict[str, float]) -> dict[tuple[int, int], float]:
    limits = {}
    for pair, distance in minimum_distances_A.items():
        a, b = (atomic_numbers[symbol] for symbol in pair.split("-"))
        limits[a, b] = limits[b, a] = LOOSE * distance
    return limits


def _upright(atoms: Atoms) -> Atoms:
    """The same crystal with its first lattice vector along x and the second in the xy plane, right-handed."""
    cell = atoms.cell.array
    if np.linalg.det(cell) < 0:
        cell = cell[[1, 0, 2]]
    standing = Atoms(atoms.symbols, atoms.positions, cell=cell, pbc=True)
    standing.set_cell(standing.cell.standard_form()[0], scale_atoms=True)
    standing.wrap()
    return standing


class _Springs(SoftMutation):
    """Soft modes with the Hessian written down: the package takes it from 6 n evaluations of a loop over atoms. And
    with all amplitudes tried at once, where it asks for the distances of one after the other in loops over atoms."""

    def along(self, atoms: Atoms, number: int) -> Atoms | None:
        """The package's ``mutate`` with mode ``number`` (three are translations): as far as distances allow."""
        moving = atoms.copy()
        moving.calc = self.calc(atoms, rcut=self.rcut)
        modes = self._calculate_normal_modes(moving)
        mode = modes[sorted(modes)[number]].reshape(-1, 3)
        largest = np.linalg.norm(mode, axis=1).max()
        amplitudes = np.repeat(np.arange(0, self.bounds[1] / largest, AMPLITUDE), 2)
        moves = (amplitudes * np.tile([1, -1], len(amplitudes) // 2))[:, None, None] * mode
        tried = atoms.positions + moves
        close = np.flatnonzero(_too_close(tried, atoms, self.blmin))
        last = close[0] - 2 if len(close) else len(tried) - 1  # the same direction, a step back
        if last < 0 or (amplitudes[last] + (0 if len(close) else AMPLITUDE)) * largest < self.bounds[0]:
            return None
        made = Atoms(atoms.symbols, tried[last], cell=atoms.cell.array, pbc=True)
        made.wrap()
        return made

    def _get_hessian(self, atoms: Atoms, dx: float) -> np.ndarray:
        """Of springs at rest: -k e e^T between two atoms with spring constant k along e."""
        springs, number = atoms.calc, len(atoms)
        blocks = np.zeros((number, number, 3, 3))
        for i in range(number):
            others, offsets = springs.nl.get_neighbors(i)
            between = atoms.positions[others] + offsets @ atoms.cell.array - atoms.positions[i]
            along = between / np.linalg.norm(between, axis=1)[:, None]
            stiff = springs.force_constants[i].reshape(-1, 1, 1) * along[:, :, None] * along[:, None, :]
            np.add.at(blocks[i], others, -stiff)
            blocks[i, i] += stiff.sum(axis=0)
        hessian = blocks.transpose(0, 2, 1, 3).reshape(3 * number, 3 * number)
        return (hessian + hessian.T) / 2


def _too_close(positions: np.ndarray, atoms: Atoms, nearest: dict[tuple[int, int], float]) -> np.ndarray:
    """Whether two atoms are nearer than their limit, of each set of positions [sets, n, 3] in the cell of ``atoms``."""
    cell, numbers = atoms.cell.array, atoms.numbers
    shifts = IMAGES @ cell
    one, other = np.triu_indices(len(numbers), 1)
    limits = np.array([nearest[a, b] for a, b in zip(numbers[one], numbers[other], strict=True)])
    between = (positions[:, one] - positions[:, other]) @ np.linalg.inv(cell)
    shortest = (shifts[NOT_ITSELF] ** 2).sum(axis=1).min()
    itself = max(nearest[number, number] for number in numbers)
    return (squares(between, cell, shifts) < limits**2).any(axis=1) | (shortest < itself**2)


def _softened(atoms: Atoms, nearest: dict[tuple[int, int], float], mode: int) -> Atoms | None:
    """Atoms moved along their ``mode``-th softest mode as far as distances allow."""
    if 3 * len(atoms) <= 3 + mode:
        return None
    operation = _Springs(nearest, MOVED_A, calculator=BondElectroNegativityModel, rcut=REACH_A, used_modes_file=None)
    try:
        return operation.along(atoms, 3 + mode)
    except ValueError:  # an element the model has no valence for
        return None
