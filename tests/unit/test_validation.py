"""What the API server refuses inside of a value of the right form. The cluster tests ask it about the same samples."""

from functools import cache
from typing import Any

import pytest

from nim_stack.values.kubernetes.quantities import SIGNS
from nim_stack.values.kubernetes.ranges import RANGES
from nim_stack.values.kubernetes.schema import definitions, reference
from nim_stack.values.kubernetes.spelling import KEYS, NEEDED, TEXTS, VALUES
from nim_stack.values.kubernetes.types import complaints, field_types, type_of
from nim_stack.values.kubernetes.words import WORDS
from tests import json_schema
from tests.kubernetes_samples import UNASKED, Sample, numbers, samples, spellings, together, words

SAMPLES = samples()


def test_a_sample_is_judged_as_the_api_server_judges_it() -> None:
    wrong = [sample for sample in SAMPLES if bool(complaints(sample.value, sample.qualified)) == sample.taken]
    assert [(sample.kind, sample.value, sample.taken) for sample in wrong] == []


def test_every_field_of_the_tables_has_samples() -> None:
    fields = {*WORDS, *RANGES, *TEXTS, *SIGNS}
    asked = {f"{sample.kind}.{name}" for sample in SAMPLES for name in sample.value}
    assert sorted(field for field in fields - asked if field.partition(".")[0] not in UNASKED) == []
    assert {sample.kind for sample in SAMPLES} & UNASKED.keys() == set()


def test_every_field_of_the_tables_is_one_of_kubernetes() -> None:
    """With the type that its table is about."""
    kinds = {sample.kind: sample.qualified for sample in SAMPLES} | {"ObjectMeta": "meta_v1.ObjectMeta"}
    for table, scalar in ((WORDS, "str"), (RANGES, "int"), (TEXTS, "str"), (SIGNS, "str"), (KEYS, "dict")):
        for field in table:
            kind, _, name = field.partition(".")
            hint = str(field_types(type_of(kinds.get(kind, f"core_v1.{kind}")))[name])
            assert scalar in hint, field
    assert VALUES.keys() >= KEYS.keys()
    for kind, needed in NEEDED.items():
        assert needed <= field_types(type_of(f"core_v1.{kind}")).keys(), kind


@cache
def schema_of(kind: str) -> json_schema.Schema:
    return {"$defs": definitions(kind), **reference(kind)}


def marked(sample: Sample) -> bool:
    """Whether an editor marks the value."""
    schema = schema_of(sample.qualified)
    return bool(list(json_schema.complaints(sample.value, schema, schema)))


def test_an_editor_marks_what_is_wrong_with_one_field() -> None:
    """And nothing that is taken; what does not go together the program alone knows."""
    of_one_field = [*words(), *numbers(), *spellings()]
    assert [(sample.kind, sample.value) for sample in of_one_field if marked(sample) == sample.taken] == []
    assert [(sample.kind, sample.value) for sample in together() if sample.taken and marked(sample)] == []


MESSAGES = [
    pytest.param(
        "core_v1.Toleration",
        {"key": "a", "operator": "exist"},
        "operator: 'exist' is not Equal, Exists, Gt or Lt (the nearest is Exists)",
        id="a misspelled operator",
    ),
    pytest.param(
        "core_v1.Toleration",
        {"key": "a", "effect": "Never"},
        "effect: 'Never' is not NoSchedule, PreferNoSchedule or NoExecute",
        id="an effect of no known name",
    ),
    pytest.param(
        "core_v1.Lifecycle",
        {"stopSignal": "9"},
        "stopSignal: '9' is not SIGABRT, SIGALRM, SIGBUS, SIGCHLD, SIGCLD, SIGCONT, SIGFPE, SIGHUP and so on",
        id="a signal by number",
    ),
    pytest.param(
        "core_v1.WeightedPodAffinityTerm",
        {"weight": 0, "podAffinityTerm": {"topologyKey": "a"}},
        "weight: 0 is out of range, 1 to 100 is possible",
        id="a weight of zero",
    ),
    pytest.param(
        "core_v1.SecretVolumeSource",
        {"secretName": "a", "defaultMode": 777},
        "defaultMode: 777 is out of range, 0 to 511, which is 0777 in octal, is possible",
        id="a file mode in decimal",
    ),
    pytest.param(
        "core_v1.Probe",
        {"exec": {"command": ["a"]}, "periodSeconds": -1},
        "periodSeconds: -1 is out of range, 0 or more is possible",
        id="a negative period",
    ),
    pytest.param(
        "core_v1.Volume",
        {"name": "My_Volume", "emptyDir": {}},
        "name: 'My_Volume' is not a name of lower-case letters, digits and dashes, at most 63 of them",
        id="a name with capitals",
    ),
    pytest.param(
        "core_v1.VolumeMount",
        {"name": "a", "mountPath": ""},
        "mountPath: '' is not a text of at least one character",
        id="an empty path",
    ),
    pytest.param(
        "core_v1.PodAffinityTerm",
        {"topologyKey": "a", "labelSelector": {"matchLabels": {"a": "b c"}}},
        "labelSelector.matchLabels.a: 'b c' is not the value of a label: at most 63 letters, digits, -, _ and .",
        id="a label value with a blank",
    ),
    pytest.param(
        "core_v1.PersistentVolumeClaimSpec",
        {"accessModes": ["ReadWriteAll"], "resources": {"requests": {"storage": "1Gi"}}},
        "accessModes.0: 'ReadWriteAll' is not ReadWriteOnce, ReadOnlyMany, ReadWriteMany or ReadWriteOncePod "
        "(the nearest is ReadWriteMany)",
        id="a misspelled access mode",
    ),
    pytest.param(
        "core_v1.EmptyDirVolumeSource",
        {"sizeLimit": "1GB"},
        "sizeLimit: '1GB' is not a quantity such as 2, 500m or 16Gi",
        id="a size in decimal bytes",
    ),
    pytest.param(
        "core_v1.EmptyDirVolumeSource",
        {"medium": "RAM"},
        "medium: 'RAM' is not one of Memory, HugePages and HugePages-<size>",
        id="a medium of no known name",
    ),
    pytest.param(
        "core_v1.ConfigMapVolumeSource",
        {},
        "'name' is missing, which ConfigMapVolumeSource needs",
        id="a ConfigMap without a name",
    ),
    pytest.param(
        "core_v1.Probe",
        {"exec": {"command": ["a"]}, "grpc": {"port": 1}},
        "it has exec and grpc, of which one is possible",
        id="two handlers of one probe",
    ),
    pytest.param(
        "core_v1.EnvFromSource", {}, "it has none of configMapRef or secretRef", id="a source of no variables"
    ),
    pytest.param(
        "core_v1.ResourceRequirements",
        {"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}},
        "requests.cpu: '2' is more than the limit of '1500m'",
        id="a request above its limit",
    ),
    pytest.param(
        "core_v1.ResourceRequirements",
        {"requests": {"gpus": "2"}},
        "requests.gpus: 'gpus' is no resource of a container; there are cpu, memory, ephemeral-storage, "
        "hugepages-<size> and <vendor>/<device>",
        id="a resource of no container",
    ),
]


@pytest.mark.parametrize(("kind", "value", "text"), MESSAGES)
def test_the_message_says_where_and_what(kind: str, value: Any, text: str) -> None:
    (found,) = complaints(value, kind)
    assert found == text


def test_a_patch_is_judged_field_by_field() -> None:
    """It may leave out what goes together with what it has, and take fields away."""

    def patch(**spec: Any) -> list[str]:
        return complaints({"spec": spec}, "core_v1.PodTemplateSpec", required=False)

    assert patch(containers=[{"name": "nim", "livenessProbe": {"exec": None, "httpGet": {"port": 1}}}]) == []
    assert patch(volumes=[{"name": "a", "persistentVolumeClaim": None, "secret": {"optional": True}}]) == []
    assert patch(dnsPolicy=None, priority=5, containers=[{"name": "nim", "imagePullPolicy": "Maybe"}]) == [
        "spec.containers.0.imagePullPolicy: 'Maybe' is not Always, IfNotPresent or Never"
    ]


JUNK: list[Any] = [
    None,
    True,
    -1,
    10**30,
    0.5,
    float("nan"),
    "",
    "$",
    "a" * 300,
    [],
    [None],
    [[]],
    {},
    {5: 5},
    {"a": None},
]


@pytest.mark.parametrize("required", [True, False])
def test_anything_inside_of_a_value_is_judged_without_a_fault(required: bool) -> None:
    """Each field that a sample has in turn is something else."""
    fields = {(one.kind, name): one for one in SAMPLES for name in one.value}
    for (_, name), sample in fields.items():
        for junk in JUNK:
            found = complaints(sample.value | {name: junk}, sample.qualified, required)
            assert all(isinstance(text, str) for text in found)
        assert complaints(sample.value | {5: "a"}, sample.qualified, required), sample
