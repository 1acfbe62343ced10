# Known crystals relaxed in cell and ions, from rattled starts: by each potential, and by the reference where it is affordable.
# Where it is not, the crystals of the curves stand for it, with the energies that the curves have at their volume.
from melt2crystal.sections.relaxed_crystals import PotentialRelaxation, RattledStarts, leaves as relaxed_leaves

RELAXES = STUDY.reference_relaxes_crystals
RELAXED_CURVE = [] if RELAXES or not PATHS.energy_volume else f"{RESULTS}/benchmark/energy_volume/reference.csv"


rule benchmark_relaxed:
    input:
        models=lambda wildcards: PATHS.released(wildcards.potential),
        structures=f"{RESULTS}/benchmark/structures.extxyz",
    output:
        table=f"{RESULTS}/benchmark/relaxed/{{potential}}.csv",
        ends=f"{RESULTS}/benchmark/relaxed/{{potential}}.extxyz",
    log:
        log("benchmark_relaxed", "{potential}"),
    benchmark:
        cost("benchmark_relaxed", "{potential}")
    resources:
        mem_mb=memory(3000),
        runtime=240,
    params:
        *code("benchmark_relaxed"),
        settings=settings(*relaxed_leaves(RattledStarts, PotentialRelaxation), "substance", seed=STUDY.shared_seed),
        packages=packages("ase", "spglib", *MODELS),
    message:
        "Relaxing the polymorphs with {wildcards.potential}"
    shell:
        program(
            "benchmark_relaxed",
            "{input.models} --structures {input.structures} --potential {wildcards.potential} --out {output.table} "
            "--ends {output.ends}",
        )


rule benchmark_relaxed_reference:
    input:
        structures=f"{RESULTS}/benchmark/structures.extxyz",
        curve=RELAXED_CURVE,
        files=PATHS.reference_files if RELAXES else [],
    output:
        table=f"{RESULTS}/benchmark/relaxed/reference.csv",
        ends=f"{RESULTS}/benchmark/relaxed/reference.extxyz",
    log:
        log("benchmark_relaxed_reference"),
    benchmark:
        cost("benchmark_relaxed_reference")
    threads: RANKS if RELAXES else 1
    resources:
        **relaxing(RELAXES),
        runtime=720,
    params:
        *code("benchmark_relaxed_reference"),
        settings=settings(
            *relaxed_leaves(RattledStarts),
            "benchmark.relaxed.starts",
            "substance",
            *(["reference"] if RELAXES else []),
            seed=STUDY.shared_seed,
        ),
        curve=["--curve"] if RELAXED_CURVE else [],
        places=places,
    message:
        "Relaxing the polymorphs with the reference"
    shell:
        program(
            "benchmark_relaxed_reference",
            "{params.curve} {input.curve} --structures {input.structures} --out {output.table} "
            "--ends {output.ends} --places {params.places}",
        )


rule benchmark_relaxed_errors:
    input:
        tables=collect(f"{RESULTS}/benchmark/relaxed/{{name}}.csv", name=STUDY.potentials),
        reference=f"{RESULTS}/benchmark/relaxed/reference.csv",
        structures=f"{RESULTS}/benchmark/structures.extxyz",
    output:
        table=f"{RESULTS}/benchmark/relaxed/crystals.csv",
        totals=f"{RESULTS}/benchmark/relaxed/totals.json",
    log:
        log("benchmark_relaxed_errors"),
    benchmark:
        cost("benchmark_relaxed_errors")
    localrule: True
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("benchmark_relaxed_errors"),
        settings=settings("benchmark.relaxed.symprec_A", "benchmark.relaxed.same_volume_percent", "substance"),
        packages=packages("spglib"),
    message:
        "Comparing the relaxed polymorphs"
    shell:
        program(
            "benchmark_relaxed_errors",
            "{input.tables} --reference {input.reference} --structures {input.structures} --out {output.table} "
            "--totals {output.totals}",
        )
