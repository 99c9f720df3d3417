"""What pages point to is there: links with their anchors, files, rules, failures, variables, make targets."""

import re
from urllib.parse import urlsplit

import pytest
from nim_serve.contract.variables import ENV

from nim_stack.operations.diagnosis.verdict import all_failures
from nim_stack.rules import all_rules
from tests.unit.docs.pages import PAGES, ROOT, Page, Piece

BY_NAME = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")} | {".github"}
SUFFIXES = (".md", ".py", ".yaml", ".json", ".lock", ".toml")
OF_OTHERS = {
    "config.json": "of a model on the Hugging Face hub",
    "nimcache.yaml": "the reader writes it",
    "nimservice.yaml": "the reader writes it",
    "preview.json": "the reader writes it",
    "values.yaml": "the reader writes it",
}
"""Files that are not of the repository, with the reason."""
VARIABLES_OF_OTHERS = {
    "NIM_LAB_CACHE": "the lab's",
    "NIM_LAB_STATE": "the lab's",
}


def named_files(page: Page) -> list[Piece]:
    """Inline code that names a file: below a folder of the repository, or by its suffix."""
    found = []
    for span in page.spans:
        looks = re.fullmatch(r"[\w.\-/]+", span.text) is not None and not span.text.startswith("/")
        below = "/" in span.text and span.text.split("/")[0] in FOLDERS
        if looks and (below or span.text.endswith(SUFFIXES)) and span.text not in OF_OTHERS:
            found.append(span)
    return found


@BY_NAME
def test_a_file_that_is_named_is_there(page: Page) -> None:
    """From the repository, or from the page."""
    missing = [
        f"{span}: {span.text}"
        for span in named_files(page)
        if not (ROOT / span.text).exists() and not (page.path.parent / span.text).exists()
    ]
    assert missing == []


@BY_NAME
def test_a_link_leads_somewhere(page: Page) -> None:
    wrong = []
    for link in page.links:
        url = urlsplit(link.text)
        if url.scheme:
            if url.scheme != "https":
                wrong.append(f"{link}: {link.text} is no https")
            continue
        target = (page.path.parent / url.path).resolve() if url.path else page.path
        if not target.exists():
            wrong.append(f"{link}: {link.text} is not there")
        elif url.fragment and url.fragment not in Page(str(target.relative_to(ROOT))).anchors:
            wrong.append(f"{link}: {link.text} has no such heading")
    assert wrong == []


@BY_NAME
def test_codes_are_those_of_rules(page: Page) -> None:
    assert set(re.findall(r"\bNIM\d{3}\b", page.text)) <= {rule.code for rule in all_rules()}


@BY_NAME
def test_variables_are_those_of_the_container(page: Page) -> None:
    """NIM_* and NIM_STACK_*; those that NVIDIA's image alone reads are in the table of the import."""
    if page.name == "docs/parity.md":  # NIM's own names, each of which has a row that test_import_parity.py looks at
        return
    found = {name for span in page.spans for name in re.findall(r"\bNIM_[A-Z_]+[A-Z]\b", span.text)}
    assert found - VARIABLES_OF_OTHERS.keys() <= ENV.keys()


def test_exemptions_are_used() -> None:
    text = "\n".join(page.text for page in PAGES)
    assert [name for name in (*OF_OTHERS, *VARIABLES_OF_OTHERS) if name not in text] == []


def test_the_index_has_every_page_and_the_readme_the_index() -> None:
    index = Page("docs/README.md")
    listed = {link.text.partition("#")[0] for link in index.links}
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"} <= listed
    assert "docs/README.md" in {link.text for link in Page("README.md").links}


def test_the_index_of_decisions_is_that_of_their_files() -> None:
    """Number, title, date and status stand in each file, and the index repeats them."""
    rows = []
    for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")):
        head = re.match(r"# (\d{4})\. (.+)\n\n- Date: (\d{4}-\d\d-\d\d)\n- Status: (.+)\n\n\S", path.read_text())
        assert head is not None, f"{path.name} does not begin with number, title, date and status"
        number, *others = head.groups()
        assert path.name.startswith(f"{number}-")
        rows.append(f"| [{number}]({path.name}) | {' | '.join(others)} |")
    index = Page("docs/decisions/README.md").text.splitlines()
    assert [line for line in index if line.startswith("| [")] == rows
    assert [row[3:7] for row in rows] == [f"{number:04}" for number in range(1, len(rows) + 1)]


def test_a_decision_and_the_one_that_supersedes_it_name_each_other() -> None:
    statuses = {
        path.name: re.findall(r"^- Status: .*", path.read_text(), re.MULTILINE)[0]
        for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")
    }
    old = {(name, new) for name, status in statuses.items() for new in re.findall(r"superseded by .*\((.*)\)", status)}
    new = {(name, was) for was, status in statuses.items() for name in re.findall(r"supersedes .*\((.*)\)", status)}
    assert old == new != set()


def test_the_readme_is_short_and_begins_with_the_two_commands() -> None:
    lines = Page("README.md").text.splitlines()
    assert len(lines) <= 190
    assert [line.split("#")[0].strip() for line in lines[2:6]] == ["```", "make up", "make test", "```"]


def test_each_failure_has_an_anchor() -> None:
    """`nim-stack diagnose` names the code, and the page is looked up by it."""
    assert {failure.code for failure in all_failures()} <= Page("docs/troubleshooting.md").anchors
