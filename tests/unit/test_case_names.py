"""The names of cases: whoever reads that one failed knows which, without counting through a table."""

import re
from collections.abc import Collection

import pytest

_MOST = 60
"""Characters of a name without a blank: a word of code may be so long, and what is longer is no word."""


def test_every_case_has_a_name_that_says_what_it_is(request: pytest.FixtureRequest) -> None:
    """Of all tests of this session, whichever directory they are from."""
    cases = [item for item in request.session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    assert [case.nodeid for case in cases if not _says_what_it_is(case.callspec.id, case.callspec.params)] == []


def _says_what_it_is(name: str, parameters: Collection[str]) -> bool:
    """pytest numbers what it has no word for, after the parameter: `settings12`."""
    numbered = any(re.search(rf"(^|-){parameter}\d+(-|$)", name) for parameter in parameters)
    return not numbered and "<lambda>" not in name and (" " in name or len(name) <= _MOST)


@pytest.mark.parametrize("name", ["a queue label on one role", "vllm-fp16-tp8-pp2", "405b-tp8-pp2-True", "settings"])
def test_a_sentence_and_a_word_of_code_are_names(name: str) -> None:
    assert _says_what_it_is(name, ["settings", "code"])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("settings12", id="a parameter with its number"),
        pytest.param("NIM111-settings12-nim.pods", id="a parameter with its number among words"),
        pytest.param("<lambda>-why", id="a function without a name"),
        pytest.param("f" * 61, id="a word that is too long"),
    ],
)
def test_what_pytest_numbers_is_no_name(name: str) -> None:
    assert not _says_what_it_is(name, ["settings", "code"])
