# Labels: any batch of requested frames, in shards, each frame with a status; then the dataset that grows by iterations.


rule reference_check:
    input:
        files=reference_files(),
    output:
        f"{RESULTS}/label/reference.json",
    log:
        log("reference_check"),
    benchmark:
        cost("reference_check")
    priority: 100  # a missing program or file is told before the melts have cost hours
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        *code("reference_check"),
        settings=settings("reference", "label.compute", "label.known", "substance"),
        store=STORE,
        places=places,
    message:
        "Checking that the reference engine has what it needs"
    shell:
        "python scripts/reference_check.py --store {params.store} --out {output} "
        "--settings {params.settings:q} --places {params.places:q} > {log} 2>&1"


rule label_shard:
    input:
        # not ancient(): Snakemake would then forget to ask a shard itself whether its reference has changed
        checked=f"{RESULTS}/label/reference.json",
        requested=f"{RESULTS}/label/{{batch}}/requested.extxyz",
        files=reference_files(),
        known=list(STUDY.label.known),
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
        shards=signed(lambda wildcards: number_of_shards(wildcards.batch)),
        store=STORE,
        study=STUDY.name,
        places=places,
    message:
        "Labelling batch {wildcards.batch}, shard {wildcards.shard}"
    shell:
        "python scripts/label_shard.py --requested {input.requested} --shard {wildcards.shard} "
        "--shards {params.shards} --store {params.store} "
        "--writer {params.study}-{wildcards.batch}-{wildcards.shard} "
        "--out {output.frames} --table {output.table} --settings {params.settings:q} --places {params.places:q} > {log} 2>&1"


rule label_collect:
    input:
        shards=shards_of,
        requested=f"{RESULTS}/label/{{batch}}/requested.extxyz",
    output:
        labels=f"{RESULTS}/label/{{batch}}/labels.extxyz",
        table=f"{RESULTS}/label/{{batch}}/labels.csv",
    log:
        log("label_collect", "{batch}"),
    benchmark:
        cost("label_collect", "{batch}")
    localrule: True
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        *code("label_collect"),
        settings=settings("label"),
    message:
        "Collecting the labels of batch {wildcards.batch}"
    shell:
        "python scripts/label_collect.py {input.shards} --requested {input.requested} --out {output.labels} "
        "--table {output.table} --settings {params.settings:q} > {log} 2>&1"


rule dataset_assemble:
    input:
        parts=parts_of_dataset,
    output:
        dataset=f"{RESULTS}/dataset/{{iteration}}/dataset.extxyz",
        manifest=f"{RESULTS}/dataset/{{iteration}}/manifest.json",
    log:
        log("dataset_assemble", "{iteration}"),
    benchmark:
        cost("dataset_assemble", "{iteration}")
    localrule: True
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        *code("dataset_assemble"),
    message:
        "Assembling dataset {wildcards.iteration}"
    shell:
        "python scripts/dataset_assemble.py {input.parts} --out {output.dataset} --manifest {output.manifest} "
        "> {log} 2>&1"
