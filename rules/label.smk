# Labels: any batch of requested frames, in shards, each frame with a status.


rule label_request:
    input:
        certified=lambda wildcards: PATHS.certified(wildcards.melt),
    output:
        requested=f"{RESULTS}/label/{{melt}}/requested.extxyz",
    log:
        log("label_request", "{melt}"),
    benchmark:
        cost("label_request", "{melt}")
    localrule: True
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("label_request"),
    message:
        "Collecting the certified frames of the {wildcards.melt} melt"
    shell:
        program("label_request", "{input.certified} --requested {output.requested}", settings=False)


rule label_check:
    input:
        files=PATHS.reference_files,
        melting=STUDY.liquid.potential,
        parameters=PATHS.melting_files,
    output:
        f"{RESULTS}/label/reference.json",
    log:
        log("label_check"),
    benchmark:
        cost("label_check")
    priority: MELTING  # before all melts together
    resources:
        mem_mb=memory(1000),
        melting=MELTING,
        runtime=10,
    params:
        *code("label_check"),
        settings=settings("reference", "label.compute", "label.known", "substance"),
        store=PATHS.store,
        places=places,
    message:
        "Checking that the reference engine has what it needs"
    shell:
        program(
            "label_check",
            "--store {params.store} --out {output} --places {params.places} --melting {input.melting}",
        )


rule label_shard:
    input:
        # not ancient(): Snakemake would then forget to ask a shard itself whether its reference has changed
        checked=f"{RESULTS}/label/reference.json",
        requested=f"{RESULTS}/label/{{batch}}/requested.extxyz",
        files=PATHS.reference_files,
        known=[*STUDY.label.known, *PATHS.given_labels],
    output:
        frames=f"{RESULTS}/label/{{batch}}/shard-{{shard}}.extxyz",
        table=f"{RESULTS}/label/{{batch}}/shard-{{shard}}.csv",
    log:
        log("label_shard", "{batch}-{shard}"),
    benchmark:
        cost("label_shard", "{batch}-{shard}")
    priority: LABELS_FIRST
    threads: RANKS
    resources:
        **RANKS_AS_TASKS,
        mem_mb=memory(STUDY.jobs.label_MB_per_rank * RANKS),
        runtime=STUDY.jobs.label_runtime(),
    params:
        *code("label_shard"),
        settings=settings("reference", "label.compute", "label.known", "label.largest_force_eV_per_A", "substance"),
        shards=signed(lambda wildcards: PATHS.number_of_shards(wildcards.batch)),
        store=PATHS.store,
        study=STUDY.name,
        places=places,
    message:
        "Labelling batch {wildcards.batch}, shard {wildcards.shard}"
    shell:
        program(
            "label_shard",
            "--requested {input.requested} --shard {wildcards.shard} --shards {params.shards} "
            "--store {params.store} --writer {params.study}-{wildcards.batch}-{wildcards.shard} "
            "--out {output.frames} --table {output.table} --places {params.places}",
        )


rule label_collect:
    input:
        shards=lambda wildcards: PATHS.shards(wildcards.batch),
        requested=f"{RESULTS}/label/{{batch}}/requested.extxyz",
    output:
        labels=f"{RESULTS}/label/{{batch}}/labels.extxyz",
        table=f"{RESULTS}/label/{{batch}}/labels.csv",
    log:
        log("label_collect", "{batch}"),
    benchmark:
        cost("label_collect", "{batch}")
    localrule: True
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        *code("label_collect"),
        tolerance=tolerated,
        least=signed(lambda wildcards: 0 if wildcards.batch.startswith("found") else 1),
    message:
        "Collecting the labels of batch {wildcards.batch}"
    shell:
        program(
            "label_collect",
            "{input.shards} --requested {input.requested} --out {output.labels} --table {output.table} "
            "--tolerance {params.tolerance} --least {params.least}",
            settings=False,
        )
