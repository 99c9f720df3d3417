"""The forms in which a model is named that the image does not bring."""

import pytest
from nim_serve.contract.values import model

from nim_stack.catalog.sources import read_source


@pytest.mark.parametrize(
    ("text", "scheme", "path", "served"),
    [
        pytest.param("hf://org/own", "hf", "hf://org/own", "org/own", id="a model of the hub"),
        pytest.param("hf://org/own@v1.0", "hf", "hf://org/own:v1.0", "org/own", id="a tag of the hub"),
        pytest.param(
            "hf://org/own:refs/pr/1", "hf", "hf://org/own:refs/pr/1", "org/own", id="a revision in vLLM's spelling"
        ),
        pytest.param(
            "ngc://nim/meta/llama-3.3-70b-instruct:hf",
            "ngc",
            "ngc://nim/meta/llama-3.3-70b-instruct:hf",
            None,
            id="a version of NGC",
        ),
        pytest.param("ngc://org/own", "ngc", "ngc://org/own", "own", id="a model of NGC"),
        pytest.param("s3://my-bucket/my-org/own/", "s3", "s3://my-bucket/my-org/own", "own", id="a directory in S3"),
        pytest.param("gs://my_bucket", "gs", "gs://my_bucket", "my_bucket", id="a bucket of Google"),
        pytest.param("/mnt/models/own", "path", "/mnt/models/own", "own", id="a path"),
    ],
)
def test_forms_that_are_known(text: str, scheme: str, path: str, served: str | None) -> None:
    found = read_source(text)
    assert found is not None
    assert (found.scheme, found.model_path) == (scheme, path)
    assert found.served_name == (served or "llama-3.3-70b-instruct")


@pytest.mark.parametrize(
    "text",
    ["hf://org", "hf://org/own/deep", "ngc://own", "s3://", "s3://B/own", "modelscope://a/b", "own", "file:///m"],
)
def test_forms_that_are_not(text: str) -> None:
    assert read_source(text) is None


@pytest.mark.parametrize("text", ["hf://org/own", "hf://org/own@v1", "hf://org/own:refs/pr/1", "/mnt/own"])
def test_the_open_image_reads_the_same_model(text: str) -> None:
    mine = read_source(text)
    assert mine is not None
    theirs = model(mine.model_path)
    assert (theirs.kind, theirs.name, theirs.revision) == (mine.scheme, mine.name, mine.revision or "main")
