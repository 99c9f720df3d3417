"""A key that stands in a file in clear goes nowhere, and is told of."""

import pytest
import yaml

from tests.unit.import_samples import SAMPLES, changed, from_helm, places, reasons, values

KEY = "nvapi-0123456789abcdef0123456789"


@pytest.mark.parametrize(
    "given",
    [
        "{model: {ngcAPIKey: nvapi-0123456789abcdef012345}}",
        "{env: [{name: NGC_API_KEY, value: in-the-clear}]}",
        "{env: [{name: HF_TOKEN, value: in-the-clear}]}",
        "{env: [{name: AWS_SECRET_ACCESS_KEY, value: in-the-clear}]}",
        "{env: [{name: OTHER, value: hf_0123456789abcdef012345}]}",
        "{model: {ngcAPIKey: 10123456789}}",
        "{env: [{name: HF_TOKEN, value: 10123456789}]}",
        "{apiKey: nvapi-0123456789abcdef012345}",
        "{customArgs: [--api-key, nvapi-0123456789abcdef012345]}",
        "{podAnnotations: {key: nvapi-0123456789abcdef012345}}",
    ],
)
def test_a_key_in_clear_goes_nowhere(given: str) -> None:
    found = from_helm(values(given))
    told = repr((found.settings, found.entries))
    assert "0123456789" not in told
    assert "in-the-clear" not in told
    assert found.of("leaked")


def test_a_variable_that_was_a_key_is_not_left_empty_and_a_path_is_no_key() -> None:
    found = from_helm(
        values("{env: [{name: A_TOKEN, value: x}, {name: B_CREDENTIALS, value: /run/b.json}, {name: C}]}")
    )
    assert found.settings["env"] == [{"name": "B_CREDENTIALS", "value": "/run/b.json"}, {"name": "C", "value": ""}]


def test_a_key_of_a_secret_is_referred_to() -> None:
    env = "[{name: NGC_API_KEY, valueFrom: {secretKeyRef: {name: n, key: other}}}, "
    env += "{name: HF_TOKEN, valueFrom: {secretKeyRef: {name: h, key: HF_TOKEN}}}]"
    secrets = from_helm(values(f"{{env: {env}}}")).settings["secrets"]
    assert secrets == {"ngcApiSecret": {"name": "n", "key": "other"}, "hfTokenSecret": "h"}


@pytest.mark.parametrize("given", ["x", "{fieldRef: {fieldPath: spec}}", "{secretKeyRef: {key: HF_TOKEN}}"])
def test_a_key_from_anywhere_but_a_secret_is_told_of(given: str) -> None:
    found = from_helm(values(f"{{env: [{{name: HF_TOKEN, valueFrom: {given}}}]}}"))
    assert "it is no reference to a Secret" in reasons(found, "dropped")["env.HF_TOKEN"]
    assert "hfTokenSecret" not in found.settings.get("secrets", {})


@pytest.mark.parametrize("sample", ["helm-2.0", "helm-1.x"])
def test_a_key_anywhere_among_values_is_neither_written_nor_shown(sample: str) -> None:
    """But as a name."""
    tree = yaml.safe_load((SAMPLES / f"{sample}.yaml").read_text())
    for place in places(tree):
        if place[-1] == "name" and "env" in place:
            continue
        found = from_helm(changed(tree, place, f"--key={KEY}"))
        assert found.of("leaked"), place
        assert KEY not in repr((found.settings, found.entries, found.problems)), place
