"""How another environment gets the library that runs here."""

import json
from importlib.metadata import PackageNotFoundError, distribution

from nim_stack import __version__
from nim_stack.base.names import PROJECT


def requirement() -> str:
    """The library as requirements.txt names it: by its version, or by where it was installed from.

    pip notes the source of a package that it did not take from an index in `direct_url.json` (PEP 610): a repository
    with its commit, an archive, or a folder of this machine.
    """
    try:
        said = distribution(PROJECT).read_text("direct_url.json")
    except PackageNotFoundError:
        said = None
    if said is None:
        return f"{PROJECT}=={__version__}"
    source = json.loads(said)
    repository = source.get("vcs_info")
    address = f"{repository['vcs']}+{source['url']}@{repository['commit_id']}" if repository else source["url"]
    if subfolder := source.get("subdirectory"):
        address += f"#subdirectory={subfolder}"
    return f"{PROJECT} @ {address}"


def is_of_this_machine(required: str) -> bool:
    """Whether only this machine can install it: it names a file or a folder."""
    return "@ file:" in required
