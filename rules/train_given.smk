# Potentials that were trained elsewhere (release.*.given) stand where those trained here would: models of DeePMD-kit, and ASE
# calculators, each named by a small file in place of a model.


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
        ensemble="|".join({*PATHS.trained_elsewhere} - {*PATHS.calculators}) or "none was trained elsewhere",
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


rule train_calculator:
    input:
        files=lambda wildcards: PATHS.calculators[wildcards.ensemble].files,
    output:
        member=f"{RESULTS}/train/{{ensemble}}/{{member}}/calculator.json",
    log:
        log("train_calculator", "{ensemble}-{member}"),
    benchmark:
        cost("train_calculator", "{ensemble}-{member}")
    wildcard_constraints:
        ensemble="|".join(PATHS.calculators) or "none is a calculator",
    priority: 100  # what can't work is told before anything costs hours
    resources:
        mem_mb=memory(3000),
        runtime=30,
    params:
        *code("train_calculator"),
        settings=lambda wildcards: settings("substance", calculator=PATHS.calculators[wildcards.ensemble]),
    message:
        "Asking for the calculator of {wildcards.ensemble}"
    shell:
        program("train_calculator", "--potential {wildcards.ensemble} --out {output.member}")


rule train_zero:
    input:
        member=f"{RESULTS}/train/{{potential}}/{{member}}/calculator.json",
        heldout=f"{RESULTS}/label/heldout/labels.extxyz",
    output:
        member=f"{RESULTS}/models/{{potential}}/{{member}}.json",
    log:
        log("train_zero", "{potential}-{member}"),
    benchmark:
        cost("train_zero", "{potential}-{member}")
    wildcard_constraints:
        potential="|".join(PATHS.calculators) or "none is a calculator",
    resources:
        mem_mb=memory(3000),
        runtime=60,
    params:
        *code("train_zero"),
    message:
        "Putting the zero of energy of {wildcards.potential} by the melt"
    shell:
        program(
            "train_zero", "--calculator {input.member} --heldout {input.heldout} --out {output.member}", settings=False
        )
