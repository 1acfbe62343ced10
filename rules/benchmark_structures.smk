# The known crystals, as published or relaxed once with the reference: for the benchmark and for the search.


rule benchmark_structures:
    input:
        crystals=[polymorph.file for polymorph in STUDY.benchmark.polymorphs.values()],
        files=reference_files() if SCALED_BY_REFERENCE else [],
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
            polymorphs=of_polymorphs("file", "space_group", "coordination"),
        ),
        places=places,
    message:
        "Preparing the polymorphs"
    shell:
        "python scripts/benchmark_structures.py --out {output.structures} --settings {params.settings:q} --places {params.places:q} > {log} 2>&1"
