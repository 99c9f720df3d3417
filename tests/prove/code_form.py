"""What of a file makes a difference to what it does: two files with the same form are the same code.

Of Python that is the syntax tree without comments, docstrings and layout. Of an import it is the imported names, not
the module that they come from: when a module moves, the files that import it change in that word alone. A module that
is another one is seen where it is covered itself. Of every other file it is each byte.
"""

import ast
import functools

Form = str | bytes | None


@functools.cache
def code_form(path: str, content: bytes | None) -> Form:
    """The form of a file of this name; None for a file that is not there, and for Python without any code."""
    if content is None:
        return None
    if not path.endswith(".py"):
        return content
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):  # not Python after all
        return content
    plain = _Plain()
    text = ast.dump(plain.visit(tree))
    imported = sorted(plain.imported)
    return None if not imported and text == _NOTHING else f"{imported} {text}"


class _Plain(ast.NodeTransformer):
    """Takes imports and texts that nobody reads at run time out of a tree."""

    def __init__(self) -> None:
        self.imported: set[str] = set()

    def visit_Import(self, node: ast.Import) -> None:
        self.imported.update(f"{one.name.rpartition('.')[2]} as {one.asname}" for one in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.imported.update(f"{one.name} as {one.asname}" for one in node.names)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)


_NOTHING = ast.dump(ast.parse(""))
