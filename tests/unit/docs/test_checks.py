"""The checks themselves: what is wrong on a page is found."""

import pytest

from tests.unit.docs.cli_table import UsageError
from tests.unit.docs.pages import Page, Piece
from tests.unit.docs.programs import check
from tests.unit.docs.shell import ShellError, commands


def words(text: str) -> list[tuple[str, ...]]:
    return [command.words for command in commands(Piece("page.md", 1, text))]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nim-stack plam -s prod", "invalid choice: 'plam'"),
        ("nim-stack plan -s prod --node 2 --tpp 8", "--tpp"),
        ("nim-stack import helm", "arguments are required: file"),
        ("nim-stack plan --nodes two", "invalid int value"),
        ("python -m nim_stack.cli plan --stack", "expected one argument"),
        ("lab/lab upp", "invalid choice: 'upp'"),
        ("lab/lab exec -m node-9 -- ls", "invalid choice: 'node-9'"),
        ("lab/lab prove nothing", "no matrix nothing"),
        ("make everything", "no target everything"),
        ("make prove MATRIX=nothing", "no matrix nothing"),
        ("make prove ROW=one", "reads no ROW"),
        ("pulumi upp", "table has only"),
        ("pulumi stack frob", "takes 0 words"),
        ("pulumi up --skip-sames", "no --skip-sames"),
        ("pulumi config set --secret", "takes 1 to 2 words"),
        ("pulumi up --stack", "--stack needs a value"),
        ("kubectl -n nim gett pods", "table has only"),
        ("kubectl get podz", "no type podz"),
        ("kubectl get pods,podz -A", "no type podz"),
        ("kubectl logs job/x --lines 3", "no --lines"),
        ("kubectl logs jobb/x", "no type jobb"),
        ("helm upgrade x", "takes 2 words"),
        ("pip install another-package", "install the folder"),
        ("python -m lab.engine.nothing", "no module"),
        ("python -m lab.engine.healing --loads", "no --loads"),
        ("frobnicate now", "no program that is known"),
    ],
)
def test_a_command_that_its_program_refuses_is_found(line: str, said: str) -> None:
    (found,) = words(line)
    with pytest.raises(UsageError, match=said):
        check(found, whole=True)


@pytest.mark.parametrize(
    "line", ["nim-stack doctor", "pulumi config set --secret", "kubectl annotate", "helm get values"]
)
def test_a_mention_may_leave_out_what_it_is_about(line: str) -> None:
    check(line.split(), whole=False)


@pytest.mark.parametrize(
    "line", ["nim-stack doctr", "pulumi config set --secrets", "kubectl anotate", "nim-stack plan --x"]
)
def test_a_mention_that_is_wrong_is_found(line: str) -> None:
    with pytest.raises(UsageError):
        check(line.split(), whole=False)


def test_every_command_of_a_shell_text_is_seen() -> None:
    assert words("a 1 && b | c > file   # d\n\ne \\\n  2") == [("a", "1"), ("b",), ("c",), ("e", "2")]
    assert words("a \"$(b -o x={.y} | c)\" 'z; z'") == [
        ("b", "-o", "x={.y}"),
        ("c",),
        ("a", "$(b -o x={.y} | c)", "z; z"),
    ]
    assert words("X=1 a -f - <<EOF\nb: {c: d}\nEOF\ne &") == [("a", "-f", "-"), ("e",)]
    assert [c.piped and c.piped.words for c in commands(Piece("p", 1, "a | b"))] == [None, ("a",)]


@pytest.mark.parametrize("line", ["a <name> b", "a $(b)", "a 'b"])
def test_what_cannot_be_pasted_is_refused(line: str) -> None:
    with pytest.raises(ShellError):
        words(line)


def test_a_page_is_read_as_github_reads_it() -> None:
    page = Page("page.md")
    page.__dict__["text"] = (
        "# A `b`, c\n\nSee `x\ny` and [this](#d-1), `[no](link)`.\n\n- e\n\n  ```yaml\n  f: 1\n  ```\n\n## d\n\n## d\n"
    )
    assert page.anchors == {"a-b-c", "d", "d-1"}
    assert [(span.line, span.text) for span in page.spans] == [(1, "b"), (3, "x y"), (4, "[no](link)")]
    assert [link.text for link in page.links] == ["#d-1"]
    assert [(block.line, block.language, block.text) for block in page.blocks] == [(9, "yaml", "f: 1")]
