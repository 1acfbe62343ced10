"""A search without a study: its beginning, one cell size after the other, unique structures, which are minima."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.search.alone import beginning as begin
from melt2crystal.search.alone.potential import Potential
from melt2crystal.search.alone.request import Request
from melt2crystal.search.alone.work import RATTLED, MakeWork, OutOfTime
from melt2crystal.search.candidate import Candidate, Conditions
from melt2crystal.search.conditions import code_of_candidates, conditions_of, packages_of_candidates
from melt2crystal.search.driver import Crew, Journal, key_of
from melt2crystal.search.evolution import Evolution
from melt2crystal.search.found.minima import add_descendants, descendants_of, to_be_tested, unique_rows
from melt2crystal.search.found.rows import row_and_frame
from melt2crystal.search.found.table import SOUND, STRUCTURES, as_table
from melt2crystal.search.found.trust import Pair, with_deviations
from melt2crystal.search.melts import over_density, quenched
from melt2crystal.sections.search import Engine, Melts, Relaxation, Symmetry, Unique
from melt2crystal.structure.energies import ENTHALPY
from melt2crystal.train.models import LOCK_STEP, RelaxerFactory

Say = Callable[[str], None]
# structures that one worker relaxes together: as many as share a call, or few, so that little is lost by a kill
BATCH_OF_LOCK_STEP, BATCH_ONE_BY_ONE = 32, 4
UNLIMITED = 10_000_000
SYMPRECS_A = Symmetry().symprecs_A
SHOWN = 5


class Run:
    """One search.

    Args:
        request: what is asked for.
        potential: its first member relaxes.
        folder: where journals and the beginning are kept.
        say: gets a line of progress.
    """

    def __init__(self, request: Request, potential: Potential, folder: Path, say: Say) -> None:
        self.request, self.potential, self.folder, self.say = request, potential, folder, say
        self.members = potential.members(folder)
        lock_step = self.members[0].suffix in LOCK_STEP
        self.batch = BATCH_OF_LOCK_STEP if lock_step else BATCH_ONE_BY_ONE
        self.pairs: list[Pair] = []
        self.core_s = 0.0
        self.ends: dict[int, str] = {}

    def beginning(self, melts: Sequence[Atoms]) -> begin.Beginning:
        """Volumes, energies, distances: from a former run in this folder, from melts, or from random cells."""
        kept = begin.read_beginning(self.folder)
        if kept is None:
            made = self._of_melts(melts) if melts else self._of_random_cells()
            begin.write_beginning(self.folder, made)
            kept = begin.read_beginning(self.folder)  # as a later run will read it
            assert kept is not None
        return kept

    def _of_random_cells(self) -> begin.Beginning:
        asked = self.request
        conditions = begin.random_conditions(asked.formula, asked.pressure_GPa, asked.seed, Relaxation().relax_steps)
        candidates = begin.random_candidates()
        self.say(f"{len(candidates)} random cells of {asked.symbols} are relaxed: what a search may know beforehand")
        with self._crew({"random": conditions}, [], self.say) as crew:
            try:
                results = crew.results(candidates)
            except KeyboardInterrupt:
                crew.abandon()
                raise
            self.core_s += crew.core_s
        return begin.of_random_cells(results, asked.formula, asked.pressure_GPa)

    def _of_melts(self, melts: Sequence[Atoms]) -> begin.Beginning:
        asked, relaxation = self.request, Relaxation()
        near = over_density(melts, Melts().melts)
        self.say(f"{len(near)} of {len(melts)} melts are brought to rest at {asked.pressure_GPa:g} GPa")
        apart = begin.overlaps(list(asked.formula))
        sane = begin.random_conditions(asked.formula, asked.pressure_GPa, asked.seed, relaxation.relax_steps).sanity
        relaxer = RelaxerFactory(str(self.members[0]))()
        at_rest = quenched(near, relaxer, asked.pressure_GPa, relaxation.relax_steps, apart, sane.guard)
        return begin.of_melts(melts, at_rest, asked.formula, asked.pressure_GPa)

    def conditions(self, beginning: begin.Beginning) -> dict[str, Conditions]:
        """Kind of candidate -> what its relaxations share."""
        asked, starts = self.request, self.request.starts
        relaxation = Relaxation(volume_range_A3_per_atom=beginning.volume_range_A3_per_atom)
        if not beginning.melts:  # the share that would be cut from melts goes to the others
            rest = max(1 - starts.melt_share, 1e-12)
            shares = {"symmetric_share": starts.symmetric_share / rest, "rattled_share": starts.rattled_share / rest}
            starts = starts.model_copy(update={"melt_share": 0.0, **shares})
        of_size = partial(
            conditions_of, beginning.substance, starts, relaxation, beginning.bounds, beginning.melts,
            pressure_GPa=asked.pressure_GPa, seed=asked.seed,
        )  # fmt: skip
        all_sizes = {f"z{units}": of_size(formula_units=units) for units in asked.formula_units}
        first = next(iter(all_sizes.values()))
        return all_sizes | {RATTLED: replace(first, recipe=replace(first.recipe, rattle_A=Unique().minima_rattle_A))}

    def known_conditions(self, beginning: begin.Beginning) -> Conditions:
        """What relaxations of known crystals share with those of candidates."""
        return self.conditions(beginning)[RATTLED]

    def search(self, beginning: begin.Beginning) -> tuple[pd.DataFrame, dict[str, Atoms]]:
        """Unique structures (schema UNIQUE) and id -> structure; ``self.pairs`` has all relaxations.

        Raises:
            UserError: not one sound structure was found; how many were not, and why.
            KeyboardInterrupt: ends the search; :meth:`unique` makes the table of what is finished.
        """
        conditions = self.conditions(beginning)
        files = [self.folder / "beginning.json", self.folder / "beginning.extxyz"]
        with self._crew(conditions, files, self._batch_done) as crew:
            self._active, self._base = crew, self.core_s
            try:
                for number, units in enumerate(self.request.formula_units):
                    self._of_size(crew, beginning, units, len(self.request.formula_units) - number)
                self._limit, self._pending = None, []
                relaxed, frames = self.sound()
                first = unique_rows(relaxed, frames, Unique()) if len(relaxed) else relaxed
                tested = descendants_of(to_be_tested(first, Unique().minima_checked), frames) if len(relaxed) else []
                self._pending = tested
                born = self._settled(beginning, tested, crew.results(tested))
            except KeyboardInterrupt:
                crew.abandon()
                raise
            finally:
                self._keep_pending(beginning)
                self.core_s = self._base + crew.spent_core_s()
        if not len(relaxed):
            raise UserError(f"no crystal of {self.request.symbols} was found: {self.why_not()}")
        frames |= {str(frame.info["id"]): frame for _, frame in born if frame is not None}
        return add_descendants(relaxed, as_table([row for row, _ in born], STRUCTURES), frames, Unique()), frames

    _limit: float | None = None  # core-seconds, of the cell size that is searched
    _pending: list[Candidate]
    _units = 0

    def _of_size(self, crew: Crew, beginning: begin.Beginning, units: int, sizes_left: int) -> None:
        """Search one cell size with an equal share of what is left."""
        asked, done = self.request, len(self.pairs)
        structures = UNLIMITED if asked.relaxations is None else -(-(asked.relaxations - done) // sizes_left)
        if structures <= 0:
            self.ends[units] = "nothing was left"
            return
        spent = self._base + crew.core_s
        self._limit = None
        if asked.minutes is not None:
            self._limit = spent + max(0.0, 60 * asked.minutes - spent) / sizes_left
        self._units, self._pending = units, []
        engine = Engine(engine=asked.engine, adaptive_shares=asked.adaptive_shares)
        shares = self.conditions(beginning)[f"z{units}"].recipe.shares
        search = Evolution(
            engine, structures, asked.pressure_GPa, units, asked.seed, len(asked.formula), shares
        )  # fmt: skip

        def settled(candidates: list[Candidate]) -> list[Pair]:
            self._pending = candidates
            pairs = self._settled(beginning, candidates, crew.results(candidates))
            self._pending = []
            self.pairs += pairs
            return pairs

        self.say(f"\n{units} formula unit{'s' if units > 1 else ''}, {units * sum(asked.formula.values())} atoms")
        try:
            search.run(settled, lambda: 0.0, self._generation_done)
            self.ends[units] = "ended by itself" if len(self.pairs) - done < structures else "all relaxations done"
        except OutOfTime:
            self._keep_pending(beginning)
            self.ends[units] = "out of core-minutes"
            self.say("its core-minutes are spent; where that ends a search can't be reproduced")
        self._show_best()

    def _settled(
        self, beginning: begin.Beginning, candidates: Sequence[Candidate], results: Sequence[dict]
    ) -> list[Pair]:
        """Rows and frames; what the members of the potential disagree about is unsound."""
        pairs = []
        for candidate, result in zip(candidates, results, strict=True):
            units = sum(map(len, candidate.structures[:1])) // sum(self.request.formula.values()) or self._units
            pairs.append(
                row_and_frame(
                    candidate, result, units, self.request.pressure_GPa, beginning.substance, SYMPRECS_A
                )
            )  # fmt: skip
        if len(self.members) < 2:
            return pairs
        return with_deviations(pairs, self.potential.ensemble, self.request.largest_deviation_eV_per_A)

    def _keep_pending(self, beginning: begin.Beginning) -> None:
        """What is finished of the generation that was left."""
        waiting, self._pending = self._pending, []
        done = self._active.finished(waiting)
        done = [(candidate, result) for candidate, result in done if not candidate.name.endswith("-r")]
        self.pairs += self._settled(beginning, [one for one, _ in done], [result for _, result in done])

    def sound(self) -> tuple[pd.DataFrame, dict[str, Atoms]]:
        """Sound rows of all sizes (schema STRUCTURES), lowest enthalpy first, and id -> structure."""
        table = self.relaxations()
        frames = {str(frame.info["id"]): frame for _, frame in self.pairs if frame is not None}
        own = table[table["status"].isin(SOUND)]
        return own.sort_values([ENTHALPY, "id"], kind="stable", ignore_index=True), frames

    def relaxations(self) -> pd.DataFrame:
        """Rows of all candidates (schema STRUCTURES)."""
        return as_table([row for row, _ in self.pairs], STRUCTURES)

    def unique(self) -> tuple[pd.DataFrame, dict[str, Atoms]]:
        """Unique structures of what is finished; none is tested for being a minimum."""
        relaxed, frames = self.sound()
        return unique_rows(relaxed, frames, Unique()), frames

    def why_not(self) -> str:
        """How many candidates ended how, in words."""
        if not self.pairs:
            return "no relaxation was finished"
        statuses = [str(row["status"]) for row, _ in self.pairs]
        return (
            f"{len(statuses)} relaxations: {begin.reasons(statuses)}. If members disagree, see --largest-deviation; if "
            "structures collapse, this potential does not know the crystals of this substance"
        )

    def _crew(self, conditions: dict[str, Conditions], files: Sequence[Path], report: Say) -> Crew:
        decides = {
            **self.request.what_decides,
            "kinds": sorted(conditions),
            "batch": self.batch,
            "potential": [one["sha256"] for one in self.potential.digests],
            "packages": packages_of_candidates(),
        }
        journal = Journal(self.folder / "journal", key_of(decides, [*files, *code_of_candidates()]))
        return Crew(MakeWork(self.members[0], conditions), self.request.workers, journal, self.batch, report)

    def _batch_done(self, line: str) -> None:
        self.say(f"  {line}")
        if self._limit is not None and self._base + self._active.spent_core_s(self._pending) >= self._limit:
            raise OutOfTime

    def _generation_done(self, line: str) -> None:
        self.say(line.replace(f" of {UNLIMITED}", ""))

    def _show_best(self) -> None:
        """The lowest structures so far: one line for each that differs in enthalpy or space group."""
        shown: list[tuple[float, int]] = []
        table, _ = self.sound()
        for row in table.to_dict("records"):
            if any(row["space_group"] == group and row[ENTHALPY] - low < 2e-3 for low, group in shown):
                continue
            shown.append((float(row[ENTHALPY]), int(row["space_group"])))
            self.say(
                f"  {'best so far' if len(shown) == 1 else '           '}  {row[ENTHALPY]:.4f} eV/atom, space group "
                f"{row['space_group']}, {row['volume_A3_per_atom']:.2f} Å³/atom, coordination "
                f"{row['coordination']:.2g} ({row['id']}, {row['origin']})"
            )
            if len(shown) == SHOWN:
                break
