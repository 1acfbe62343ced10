# Known crystals, as published or relaxed once with the reference, and their energy-volume curves.
SCALED_BY_REFERENCE = STUDY.benchmark.energy_volume.structures == "reference"
RELAXED_BY_REFERENCE = STUDY.benchmark.energy_volume.ions == "relaxed"


rule benchmark_structures:
    input:
        crystals=PATHS.crystals,
        files=PATHS.reference_files if SCALED_BY_REFERENCE else [],
    output:
        structures=f"{RESULTS}/benchmark/structures.extxyz",
    log:
        log("benchmark_structures"),
    benchmark:
        cost("benchmark_structures")
    priority: LABELS_FIRST
    threads: RANKS if SCALED_BY_REFERENCE else 1
    resources:
        **relaxing(SCALED_BY_REFERENCE),
        runtime=720,
    params:
        *code("benchmark_structures"),
        settings=settings(
            "benchmark.energy_volume.structures",
            "substance",
            *(["reference"] if SCALED_BY_REFERENCE else []),
            polymorphs=polymorph_rows(STUDY, "file", "space_group", "coordination"),
        ),
        places=places,
    message:
        "Preparing the polymorphs"
    shell:
        program("benchmark_structures", "--out {output.structures} --places {params.places}")


rule benchmark_volumes:
    input:
        structures=f"{RESULTS}/benchmark/structures.extxyz",
        files=PATHS.reference_files if RELAXED_BY_REFERENCE else [],
    output:
        requested=f"{RESULTS}/label/eos/requested.extxyz",
    log:
        log("benchmark_volumes"),
    benchmark:
        cost("benchmark_volumes")
    priority: LABELS_FIRST
    threads: RANKS if RELAXED_BY_REFERENCE else 1
    resources:
        **relaxing(RELAXED_BY_REFERENCE),
        runtime=720,
    params:
        *code("benchmark_volumes"),
        settings=settings(
            "benchmark.energy_volume.volume_scales",
            "benchmark.energy_volume.ions",
            "substance",
            *(["reference"] if RELAXED_BY_REFERENCE else []),
        ),
        places=places,
    message:
        "Scaling the polymorphs for the energy-volume curves"
    shell:
        program(
            "benchmark_volumes",
            "--structures {input.structures} --out {output.requested} --places {params.places}",
        )


rule benchmark_energy_volume:
    input:
        models=lambda wildcards: PATHS.released(wildcards.potential),
        requested=f"{RESULTS}/label/eos/requested.extxyz",
    output:
        table=f"{RESULTS}/benchmark/energy_volume/{{potential}}.csv",
    log:
        log("benchmark_energy_volume", "{potential}"),
    benchmark:
        cost("benchmark_energy_volume", "{potential}")
    resources:
        mem_mb=memory(3000),
        runtime=120,
    params:
        *code("benchmark_energy_volume"),
        settings=settings("benchmark.energy_volume.ions", "substance"),
        packages=packages(*MODELS, *(["ase"] if RELAXED_BY_REFERENCE else [])),
    message:
        "Energy-volume curves with {wildcards.potential}"
    shell:
        program("benchmark_energy_volume", "{input.models} --requested {input.requested} --out {output.table}")


rule benchmark_energy_volume_reference:
    input:
        requested=f"{RESULTS}/label/eos/requested.extxyz",
        labels=f"{RESULTS}/label/eos/labels.extxyz",
    output:
        table=f"{RESULTS}/benchmark/energy_volume/reference.csv",
    log:
        log("benchmark_energy_volume_reference"),
    benchmark:
        cost("benchmark_energy_volume_reference")
    localrule: True
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("benchmark_energy_volume_reference"),
        settings=settings("substance"),
    message:
        "Energy-volume curves of the reference"
    shell:
        program(
            "benchmark_energy_volume_reference",
            "--requested {input.requested} --labels {input.labels} --out {output.table}",
        )


rule benchmark_fits:
    input:
        curves=collect(f"{RESULTS}/benchmark/energy_volume/{{name}}.csv", name=[*STUDY.potentials, "reference"]),
    output:
        fits=f"{RESULTS}/benchmark/fits.csv",
    log:
        log("benchmark_fits"),
    benchmark:
        cost("benchmark_fits")
    localrule: True
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("benchmark_fits"),
        settings=settings("substance"),
    message:
        "Fitting Birch-Murnaghan curves"
    shell:
        program("benchmark_fits", "{input.curves} --out {output.fits}")


rule benchmark_errors:
    input:
        curves=collect(f"{RESULTS}/benchmark/energy_volume/{{name}}.csv", name=STUDY.potentials),
        reference=f"{RESULTS}/benchmark/energy_volume/reference.csv",
    output:
        table=f"{RESULTS}/benchmark/energy_volume_errors.csv",
        totals=f"{RESULTS}/benchmark/energy_volume_errors.json",
    log:
        log("benchmark_errors"),
    benchmark:
        cost("benchmark_errors")
    localrule: True
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("benchmark_errors"),
        settings=settings(coordination={name: p.coordination for name, p in STUDY.benchmark.polymorphs.items()}),
    message:
        "Errors of the energy-volume curves"
    shell:
        program(
            "benchmark_errors",
            "{input.curves} --reference {input.reference} --out {output.table} --totals {output.totals}",
        )
