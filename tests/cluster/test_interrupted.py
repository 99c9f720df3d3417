"""An engine that is killed in the middle of `up`, and what follows with and without `nim-stack recover`."""

import subprocess

import pytest

from lab.deployment import until
from lab.interrupted import Interrupted, inventory, kill
from lab.observe import get
from lab.stacks import Stack

pytestmark = pytest.mark.cluster


def test_an_up_that_was_killed_is_gone_on_with_and_leaves_nothing(undeployed: Stack) -> None:
    """Killed while creates are under way: LWS is half there, and the state does not know all of it."""
    before = inventory(definitions=False)
    with Interrupted(replicas=0) as stack:
        engine = stack.start("up")
        until("LWS's Deployment is under way", lambda: _controller_under_way(stack, engine), 60, pause=0.1)
        kill(engine)
        assert any(found["type"] == "creating" for found in stack.state()["pending_operations"])
        code, refused = stack.stack.attempt("up", "--yes", "--skip-preview")
        assert code != 0
        assert "locked" in refused
        report = stack.recover()
        assert report["freed"]
        assert "taken up" in {found["outcome"] for found in report["operations"]}
        stack.pulumi("up")
        stack.pulumi("up", "--expect-no-changes")
        stack.pulumi("destroy")
    until("nothing is left", lambda: inventory(definitions=False) == before, 30)


def _controller_under_way(stack: Interrupted, engine: "subprocess.Popen[bytes]") -> bool:
    """Whether LWS's Deployment is made and not yet ready."""
    assert engine.poll() is None, "the run ended by itself: is there another stack's LWS?"
    under_way = [found for found in stack.noted().get("pending_operations") or [] if found["type"] == "creating"]
    if not any(found["resource"]["type"].endswith(":Deployment") for found in under_way):
        return False
    return bool(get("deployments", "-n", "lws-system")["items"])
