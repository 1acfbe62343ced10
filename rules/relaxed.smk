# Known crystals relaxed in cell and ions, from rattled starts: by each potential, and by the reference where it is affordable.
# Where it is not, the crystals of the curves stand for it, with the energies that the curves have at their volume.
RELAXES = STUDY.reference_relaxes_crystals
RELAXED_CURVE = [] if RELAXES or not PATHS.energy_volume else f"{RESULTS}/benchmark/energy_volume/reference.csv"


rule benchmark_relaxed:
    input:
        models=lambda wildcards: PATHS.released(wildcards.potential) if wildcards.potential != "reference" else [],
        structures=f"{RESULTS}/benchmark/structures.extxyz",
        curve=lambda wildcards: RELAXED_CURVE if wildcards.potential == "reference" else [],
        files=lambda wildcards: PATHS.reference_files if wildcards.potential == "reference" and RELAXES else [],
    output:
        table=f"{RESULTS}/benchmark/relaxed/{{potential}}.csv",
        ends=f"{RESULTS}/benchmark/relaxed/{{potential}}.extxyz",
    log:
        log("benchmark_relaxed", "{potential}"),
    benchmark:
        cost("benchmark_relaxed", "{potential}")
    wildcard_constraints:
        potential="lp|hp|reference",
    threads: lambda wildcards: RANKS if wildcards.potential == "reference" and RELAXES else 1
    resources:
        mem_mb=memory(3000),
        runtime=720,
    params:
        *code("benchmark_relaxed"),
        settings=lambda wildcards: settings(
            "benchmark.relaxed",
            "substance",
            "seed",
            *(["reference"] if wildcards.potential == "reference" and RELAXES else []),
            potential=wildcards.potential,
        ),
        curve=lambda wildcards: ["--curve"] if wildcards.potential == "reference" and RELAXED_CURVE else [],
        packages=lambda wildcards: packages("ase", "spglib", *MODELS) if wildcards.potential != "reference" else "",
        places=places,
    message:
        "Relaxing the polymorphs with {wildcards.potential}"
    shell:
        program(
            "benchmark_relaxed",
            "{input.models} {params.curve} {input.curve} --structures {input.structures} --out {output.table} "
            "--ends {output.ends} --places {params.places}",
        )


rule benchmark_relaxed_errors:
    input:
        tables=collect(f"{RESULTS}/benchmark/relaxed/{{name}}.csv", name=["lp", "hp"]),
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
        settings=settings("benchmark.relaxed", "substance"),
        packages=packages("spglib"),
    message:
        "Comparing the relaxed polymorphs"
    shell:
        program(
            "benchmark_relaxed_errors",
            "{input.tables} --reference {input.reference} --structures {input.structures} --out {output.table} "
            "--totals {output.totals}",
        )
