"""Every name of the chart and the operator has a row, every row a setting that the import writes or a reason."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from nim_stack.cli.main import main
from nim_stack.importing import parity, variables
from nim_stack.importing.draft import Draft
from nim_stack.importing.helm.rows import ROWS
from nim_stack.importing.operator.rows import CACHE_ROWS, SERVICE_ROWS
from nim_stack.importing.result import Import
from nim_stack.importing.rows import Row
from nim_stack.settings import StackSettings
from tests.unit.import_samples import from_helm, from_nimservice, values

NAMES = Path(__file__).parent / "parity"
TABLES: dict[str, Sequence[Row]] = {
    "helm-values": ROWS,
    "nimservice-fields": SERVICE_ROWS,
    "nimcache-fields": CACHE_ROWS,
}
ALL_ROWS = [(name, row) for name, table in [*TABLES.items(), ("variables", variables.ROWS)] for row in table]
OBJECT = {"apiVersion": "apps.nvidia.com/v1alpha1"}


def _names(file: str, part: str = "") -> set[str]:
    """Names of a list, or of one of the parts that a heading begins."""
    parts = (NAMES / f"{file}.txt").read_text().split("\n\n")[1:]
    lines = [line for lines in parts if part in lines for line in lines.splitlines()]
    return {line for line in lines if not line.startswith("#")}


@pytest.mark.parametrize("file", TABLES)
def test_every_name_has_one_row_and_every_row_a_name(file: str) -> None:
    sources = [row.source for row in TABLES[file]]
    assert len(sources) == len(set(sources))
    assert set(sources) == _names(file)


def test_a_value_is_marked_with_the_chart_that_alone_is_known_to_have_it() -> None:
    old, new = _names("helm-values", "# chart 1."), _names("helm-values", "# chart 2.0")
    for row in ROWS:
        there = {"1.x": row.source in old, "2.0": row.source in new}
        assert there == {chart: row.chart in ("", chart) for chart in there}, row.source


def _settings(kind: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, info in kind.model_fields.items():
        path = f"{prefix}{info.alias or to_camel(name)}"
        found.add(path)
        for inner in (info.annotation, *get_args(info.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                found |= _settings(inner, f"{path}.")
    return found


@pytest.mark.parametrize(("file", "row"), ALL_ROWS, ids=[f"{file} {row.source}" for file, row in ALL_ROWS])
def test_a_row_names_settings_that_exist_or_says_why_there_are_none(file: str, row: Row) -> None:
    assert set(row.settings) <= _settings(StackSettings)
    assert row.settings or len(row.says) > 10


def test_the_page_is_that_of_the_rows(page_of: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]) -> None:
    """`nim-stack import table --markdown > docs/parity.md` writes it."""
    assert main(["import", "table", "--markdown"]) == 0
    printed = capsys.readouterr().out
    assert printed == parity.page()
    page_of("parity.md", printed)
    assert main(["import", "table"]) == 0
    assert "storage.existingClaim" in capsys.readouterr().out


def _service(spec: str, cache: str = "") -> Import:
    objects: list[dict[str, Any]] = [OBJECT | {"kind": "NIMService", "metadata": {"name": "a"}, "spec": values(spec)}]
    if cache:
        objects.append(OBJECT | {"kind": "NIMCache", "metadata": {"name": "c"}, "spec": values(cache)})
    return from_nimservice(objects)


@pytest.fixture(scope="module")
def written() -> set[tuple[str, str]]:
    """Names and the settings that they were written to, over all samples."""
    cached = "{storage: {nimCache: {name: c}}, image: {repository: r/unknown, tag: '2'}"
    found = [
        *(
            from_helm(f"helm-{name}.yaml")
            for name in ("2.0", "1.x", "page-example-2", "page-example-3", "page-profile")
        ),
        from_helm(values("{hostPath: {enabled: true, path: /models}, podSecurityContext: {runAsUser: 1}}")),
        from_helm(values("{nfs: {enabled: true, server: files, path: /models, readOnly: true}}")),
        from_helm(values("{persistence: {enabled: true, storageClass: s, annotations: {a: b}}}")),
        *(from_nimservice(f"nimservice-{name}.yaml") for name in ("ray", "full", "hub")),
        _service("{storage: {hostPath: /models}}"),
        _service("{storage: {emptyDir: {sizeLimit: 2Ti}}}"),
        _service("{storage: {nimCache: {name: c}}}"),
        _service("{storage: {pvc: {name: there}}, multiNode: {parallelism: {pipeline: 2, tensor: 8}, ray: {}}}"),
        _service(
            "{expose: {router: {hostDomainName: d.example, annotations: {a: b}, "
            "ingress: {ingressClass: nginx, tlsSecretName: t}}}}"
        ),
        _service(
            f"{cached}}}",
            "{source: {ngc: {authSecret: k, pullSecret: p, modelEndpoint: 'ngc://org/model:1', model: {profiles: [x], "
            "precision: fp8, gpus: [{product: H100}]}}}, storage: {pvc: {create: true, storageClass: s, size: 2Ti, "
            "volumeAccessMode: ReadWriteOnce, annotations: {a: b}}}}",
        ),
        _service(
            f"{cached}}}",
            "{source: {dataStore: {endpoint: 'http://store/v1/hf', namespace: n, modelName: m, revision: r, "
            "authSecret: k}}, storage: {hostPath: /models}}",
        ),
    ]
    return {(entry.source, entry.setting) for one in found for entry in one.entries if entry.setting}


@pytest.mark.parametrize(
    ("file", "row"),
    [
        pytest.param(file, row, id=f"{file} {row.source}")
        for file, row in ALL_ROWS
        if row.settings and file != "variables"
    ],
)
def test_the_import_writes_every_setting_that_a_row_names(file: str, row: Row, written: set[tuple[str, str]]) -> None:
    """Names inside a list are told of by the list's."""
    source = ("NIMCache " if file == "nimcache-fields" else "") + row.source
    starts = (source, source.partition("[]")[0] if "ontainers[]" in source else source)
    for setting in row.settings:
        assert any(there.startswith(starts) and setting == to for there, to in written), setting


VARIABLES: dict[str, tuple[Any, Any]] = {
    "NIM_MODEL_PATH": ("hf://a/b", "hf://a/b"),
    "NIM_MODEL_NAME": ("hf://a/b", "hf://a/b"),
    "NIM_MODEL_PROFILE": ("vllm-bf16-tp8-pp1", "vllm-bf16-tp8-pp1"),
    "NIM_TENSOR_PARALLEL_SIZE": ("8", 8),
    "NIM_PIPELINE_PARALLEL_SIZE": (2, 2),
    "NIM_SERVED_MODEL_NAME": ("chat", "chat"),
    "NIM_MAX_MODEL_LEN": ("8192", 8192),
    "NIM_PASSTHROUGH_ARGS": (
        "--max-num-seqs 64 --chat-template 'a b'",
        ["--max-num-seqs", "64", "--chat-template", "a b"],
    ),
    "NIM_LOG_LEVEL": ("debug", "DEBUG"),
    "NIM_SERVER_PORT": ("9000", 9000),
    "NIM_REPOSITORY_OVERRIDE": ("https://mirror.example/nim", "https://mirror.example/nim"),
    "NIM_DISABLE_MODEL_DOWNLOAD": ("1", True),
    "HF_HUB_OFFLINE": (1, True),
    "HF_ENDPOINT": ("https://hub.example", "https://hub.example"),
}


@pytest.mark.parametrize("row", variables.ROWS, ids=lambda row: row.source)
def test_a_variable_goes_to_its_setting_or_is_told_of(row: Row) -> None:
    given, value = VARIABLES[row.source] if row.settings else ("1", None)
    draft = Draft("it")
    variables.take_variables(draft, "env", [{"name": row.source.replace("*", "X"), "value": given}])
    (entry,) = draft.entries
    if row.settings:
        assert (entry.setting, draft.get(row.settings[0])) == (row.settings[0], value)
    else:
        assert (entry.kind, entry.why, draft.settings) == ("changed" if row.changes else "dropped", row.says, {})
