# Potentials that were trained elsewhere (release.*.given) stand where those trained here would.


rule train_given:
    input:
        frozen=lambda wildcards: PATHS.member_elsewhere(wildcards.ensemble, wildcards.member)[0],
        inputs=lambda wildcards: PATHS.member_elsewhere(wildcards.ensemble, wildcards.member)[1],
    output:
        **PATHS.model_files(f"{RESULTS}/train/{{ensemble}}/{{member}}"),
        inputs=f"{RESULTS}/train/{{ensemble}}/{{member}}/input.json",
    log:
        log("train_given", "{ensemble}-{member}"),
    benchmark:
        cost("train_given", "{ensemble}-{member}")
    wildcard_constraints:
        ensemble="|".join(PATHS.trained_elsewhere) or "none was trained elsewhere",
    resources:
        mem_mb=memory(4000),
        runtime=30,
    params:
        *code("train_given"),
        settings=settings("substance"),
        packages=packages(*MODELS),
    message:
        "Taking member {wildcards.member} of {wildcards.ensemble} from where it was trained"
    shell:
        program(
            "train_given",
            "--given {input.frozen} --given-inputs {input.inputs} --frozen {output.frozen} "
            f"{COMPRESSED} --inputs {{output.inputs}}",
        )
