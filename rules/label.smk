# Labels: any batch of requested frames, in shards, each frame with a status; then the dataset that grows by iterations.


def largest_batch(batch):
    """The most frames a batch can hold: the number of shards must be known before the frames are."""
    if batch == "initial":
        return STATES * STUDY.liquid.frames_per_state
    if batch == "heldout":
        return STATES * STUDY.liquid.heldout_frames_per_state
    if batch == "eos":
        return len(STUDY.benchmark.polymorphs) * len(STUDY.benchmark.energy_volume.volume_scales)
    if batch.startswith("iteration"):
        return STUDY.select.frames_per_iteration
    return STUDY.search.labelled_structures


def number_of_shards(batch):
    return max(1, ceil(largest_batch(batch) / STUDY.label.frames_per_shard))


def shards_of(wildcards):
    return [
        f"{RESULTS}/label/{wildcards.batch}/shard-{shard}.extxyz" for shard in range(number_of_shards(wildcards.batch))
    ]


rule label_shard:
    input:
        code=code("label_shard"),
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
    threads: 1
    resources:
        mem_mb=2000,
        runtime=720,
    params:
        settings=settings("reference", "label", "substance"),
        shards=lambda wildcards: number_of_shards(wildcards.batch),
        store=STORE,
        study=STUDY.name,
    shell:
        "python scripts/label_shard.py --requested {input.requested} --shard {wildcards.shard} "
        "--shards {params.shards} --store {params.store} "
        "--writer {params.study}-{wildcards.batch}-{wildcards.shard} "
        "--out {output.frames} --table {output.table} --settings {params.settings:q} > {log} 2>&1"


rule label_collect:
    input:
        code=code("label_collect"),
        shards=shards_of,
        requested=f"{RESULTS}/label/{{batch}}/requested.extxyz",
    output:
        labels=f"{RESULTS}/label/{{batch}}/labels.extxyz",
        table=f"{RESULTS}/label/{{batch}}/labels.csv",
    log:
        log("label_collect", "{batch}"),
    benchmark:
        cost("label_collect", "{batch}")
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=settings("label"),
    shell:
        "python scripts/label_collect.py {input.shards} --requested {input.requested} --out {output.labels} "
        "--table {output.table} --settings {params.settings:q} > {log} 2>&1"


def parts_of_dataset(wildcards):
    """dataset(i) = dataset(i-1) + labels(i-1)."""
    number = int(wildcards.iteration)
    if number == 0:
        return [f"{RESULTS}/label/initial/labels.extxyz"]
    return [
        f"{RESULTS}/dataset/{number - 1:02d}/dataset.extxyz",
        f"{RESULTS}/label/iteration-{number - 1:02d}/labels.extxyz",
    ]


rule dataset_assemble:
    input:
        code=code("dataset_assemble"),
        parts=parts_of_dataset,
    output:
        dataset=f"{RESULTS}/dataset/{{iteration}}/dataset.extxyz",
        manifest=f"{RESULTS}/dataset/{{iteration}}/manifest.json",
    log:
        log("dataset_assemble", "{iteration}"),
    benchmark:
        cost("dataset_assemble", "{iteration}")
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    shell:
        "python scripts/dataset_assemble.py {input.parts} --out {output.dataset} --manifest {output.manifest} "
        "> {log} 2>&1"
