"""Pages of documentation as tests see them: fenced blocks, inline code, links and anchors, each with its line."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[3]
_FENCE = re.compile(r"^( *)(```+)\s*(\S*)\s*$")
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\(([^()\s]+)\)")


@dataclass(frozen=True)
class Piece:
    """Text of a page, with the line where it begins; `language` is that of a fenced block."""

    page: str
    line: int
    text: str
    language: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Page:
    """One Markdown file, by its path in the repository."""

    name: str

    @property
    def path(self) -> Path:
        return ROOT / self.name

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[Piece]:
        """Fenced blocks, without the indentation of the list that they are in."""
        return [piece for piece, fenced in self._parts if fenced]

    @cached_property
    def spans(self) -> list[Piece]:
        """Inline code, which may go over the end of a line."""
        found = []
        for paragraph in self._paragraphs:
            for match in _CODE.finditer(paragraph.text):
                line = paragraph.line + paragraph.text.count("\n", 0, match.start())
                text = re.sub(r"\s+", " ", match[2]).strip().replace("\\|", "|")
                found.append(Piece(self.name, line, text))
        return found

    @cached_property
    def links(self) -> list[Piece]:
        """Targets of links."""
        found = []
        for paragraph in self._paragraphs:
            prose = _CODE.sub("code", paragraph.text)
            found += [Piece(self.name, paragraph.line, match[2]) for match in _LINK.finditer(prose)]
        return found

    @cached_property
    def anchors(self) -> frozenset[str]:
        """Anchors of the headings, as GitHub makes them."""
        seen: Counter[str] = Counter()
        anchors = set()
        for paragraph in self._paragraphs:
            for heading in re.findall(r"^#{1,6} +(.+?)\s*$", paragraph.text, re.MULTILINE):
                plain = _LINK.sub(r"\1", heading).replace("`", "").lower()
                slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
                anchors.add(slug if not seen[slug] else f"{slug}-{seen[slug]}")
                seen[slug] += 1
        return frozenset(anchors)

    @property
    def _paragraphs(self) -> Iterator[Piece]:
        for piece, fenced in self._parts:
            if not fenced:
                line = piece.line
                for text in re.split(r"(\n\s*\n)", piece.text):
                    yield Piece(self.name, line, text)
                    line += text.count("\n")

    @cached_property
    def _parts(self) -> list[tuple[Piece, bool]]:
        parts: list[tuple[Piece, bool]] = []
        begun, language, indentation, fence, lines = 1, "", "", "", list[str]()
        for number, line in enumerate(self.text.splitlines(), 1):
            mark = _FENCE.match(line)
            opens, closes = mark and not fence, mark and fence and mark[2] == fence and not mark[3]
            if mark is None or not (opens or closes):
                lines.append(line.removeprefix(indentation) if fence else line)
                continue
            parts.append((Piece(self.name, begun, "\n".join(lines), language), bool(fence)))
            begun, lines = number + 1, []
            indentation, fence, language = (mark[1], mark[2], mark[3]) if opens else ("", "", "")
        assert not fence, f"{self.name}:{begun}: the block does not end"
        return [*parts, (Piece(self.name, begun, "\n".join(lines)), False)]


def pages() -> list[Page]:
    """Every page of the repository, those in the folders of recorded data included."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("policy/*.md"), *(ROOT / ".github").rglob("*.md")]
    for folder in ("docs", "evidence", "examples", "lab", "schema", "tests"):
        found += (ROOT / folder).rglob("*.md")
    return [Page(str(path.relative_to(ROOT))) for path in sorted(found)]


PAGES = pages()
