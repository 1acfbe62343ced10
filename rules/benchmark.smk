# Benchmark: energy-volume curves of the known crystals, models against the reference.


rule benchmark_volumes:
    input:
        structures=f"{RESULTS}/benchmark/structures.extxyz",
        files=reference_files() if RELAXED_BY_REFERENCE else [],
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
        "python scripts/benchmark_volumes.py --structures {input.structures} --out {output.requested} "
        "--settings {params.settings:q} --places {params.places:q} > {log} 2>&1"


rule benchmark_energy_volume:
    input:
        models=lambda wildcards: released_models(wildcards.potential),
        requested=f"{RESULTS}/label/eos/requested.extxyz",
    output:
        table=f"{RESULTS}/benchmark/energy_volume/{{potential}}.csv",
    log:
        log("benchmark_energy_volume", "{potential}"),
    benchmark:
        cost("benchmark_energy_volume", "{potential}")
    threads: 1
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
        "python scripts/benchmark_energy_volume.py {input.models} --requested {input.requested} "
        "--out {output.table} --settings {params.settings:q} > {log} 2>&1"


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
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("benchmark_energy_volume_reference"),
        settings=settings("substance"),
    message:
        "Energy-volume curves of the reference"
    shell:
        "python scripts/benchmark_energy_volume_reference.py --requested {input.requested} --labels {input.labels} "
        "--out {output.table} --settings {params.settings:q} > {log} 2>&1"


rule benchmark_fits:
    input:
        curves=collect(f"{RESULTS}/benchmark/energy_volume/{{name}}.csv", name=["lp", "hp", "reference"]),
    output:
        fits=f"{RESULTS}/benchmark/fits.csv",
    log:
        log("benchmark_fits"),
    benchmark:
        cost("benchmark_fits")
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("benchmark_fits"),
        settings=settings("substance"),
    message:
        "Fitting Birch-Murnaghan curves"
    shell:
        "python scripts/benchmark_fits.py {input.curves} --out {output.fits} --settings {params.settings:q} > {log} 2>&1"


rule benchmark_errors:
    input:
        curves=collect(f"{RESULTS}/benchmark/energy_volume/{{name}}.csv", name=["lp", "hp"]),
        reference=f"{RESULTS}/benchmark/energy_volume/reference.csv",
    output:
        table=f"{RESULTS}/benchmark/energy_volume_errors.csv",
        totals=f"{RESULTS}/benchmark/energy_volume_errors.json",
    log:
        log("benchmark_errors"),
    benchmark:
        cost("benchmark_errors")
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("benchmark_errors"),
        settings=settings(coordination={name: p.coordination for name, p in STUDY.benchmark.polymorphs.items()}),
    message:
        "Errors of the energy-volume curves"
    shell:
        "python scripts/benchmark_errors.py {input.curves} --reference {input.reference} --out {output.table} "
        "--totals {output.totals} --settings {params.settings:q} > {log} 2>&1"
