"""From a stack's export and what the cluster has to a state without open operations. Nothing is read or written here.

What the engine does with each kind of operation, and so what is right after it was killed (pkg/v3 v3.259.0,
backend/snapshot.go and resource/deploy/step.go):

- creating: the resource enters the state when the create ended; of a replacement, the old one stays, marked `delete`
  (or goes, when it was deleted before and is `pendingReplacement`);
- updating: the state has the old inputs. An `up` of the old program would see no change and leave the new ones;
- deleting: the resource leaves the state when the delete ended. An `up` would take a deleted object for unchanged;
- reading, importing: the next `up` does it again.
"""

import copy
import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from nim_stack.base.documents import Json
from nim_stack.base.errors import InputError
from nim_stack.operations.recovering.decisions import OPEN, Decision, Identity, Outcome, UndecidedError
from nim_stack.operations.recovering.ownership import field_manager, stranger
from nim_stack.operations.recovering.secret_values import is_secret, without_secrets
from nim_stack.operations.recovering.state import State, references

Look = Callable[[Identity], Json | None]
"""The object as the API server has it, or None. Raises UndecidedError when it cannot be asked."""
INTERRUPTED = "the engine ended while this was under way; `nim-stack recover` asks for it to be applied again"
_FORMATS = (3, 4)


class StateFormatError(InputError):
    """The export is not of a form that this version knows."""


@dataclass(frozen=True)
class Recovery:
    """What follows from the operations that were under way."""

    export: Json
    """The state without the operations, as `pulumi stack import` takes it."""
    decisions: tuple[Decision, ...]

    @property
    def open(self) -> tuple[Decision, ...]:
        """Those for which it is too early to write."""
        return tuple(decision for decision in self.decisions if decision.outcome in OPEN)


def recover(
    export: Json, look: Look, *, adopt: Collection[str] = (), drop: Collection[str] = (), sure: bool = False
) -> Recovery:
    """Decide about every pending operation of an export.

    Args:
        export: of `pulumi stack export`; it is not changed.
        look: finds the object of a URN in the cluster.
        adopt: URNs of creates whose object is to be taken up although it looks like somebody else's.
        drop: URNs of operations that were looked after by hand.
        sure: whether somebody has said which cluster it is. Otherwise an object counts as gone only where another one
            of the stack is found: in a wrong cluster all are missing, and the state would forget what serves.

    Raises:
        StateFormatError: an unknown version of the format.
    """
    if export.get("version") not in _FORMATS or not isinstance(export.get("deployment"), dict):
        raise StateFormatError(f"the export has version {export.get('version')!r}; known are 3 and 4.")
    result = copy.deepcopy(export)
    deployment = result["deployment"]
    state = State(deployment.setdefault("resources", []))
    operations = _in_turn(deployment.pop("pending_operations", None))
    under_way = frozenset(operation["resource"]["urn"] for operation in operations)
    judge = _Judge(state, look, adopt, drop, under_way, sure)
    decisions = tuple(judge.decide(operation) for operation in operations)
    return Recovery(result, decisions)


def _in_turn(operations: list[Json] | None) -> list[Json]:
    """A create after those of the resources that it refers to."""
    waiting, turn = list(operations or []), []
    while waiting:
        to_come = {operation["resource"]["urn"] for operation in waiting if operation["type"] == "creating"}
        free = (operation for operation in waiting if not references(operation["resource"]) & to_come)
        following = next(free, waiting[0])
        waiting.remove(following)
        turn.append(following)
    return turn


@dataclass(frozen=True)
class _Judge:
    state: State
    look: Look
    adopt: Collection[str]
    drop: Collection[str]
    under_way: Collection[str]
    sure: bool

    def decide(self, operation: Json) -> Decision:
        kind, resource = operation["type"], operation["resource"]
        urn = resource["urn"]
        what = urn.rpartition("::")[2]
        outcome: Outcome
        try:
            if urn in self.drop:
                outcome, reason = "nothing to do", "left to you, as asked for"
            elif kind == "creating":
                outcome, reason = self._creating(resource)
            elif kind == "updating":
                outcome, reason = self._updating(resource)
            elif kind == "deleting":
                outcome, reason = self._deleting(resource)
            else:
                outcome, reason = "nothing to do", "the next `up` does it again"
            if _is_object(resource):
                what = str(self._identity(resource))
        except UndecidedError as unknown:
            outcome, reason = "not known", str(unknown)
        return Decision(urn, kind, what, outcome, reason)

    def _creating(self, resource: Json) -> tuple[Outcome, str]:
        old = self.state.find(resource["urn"])
        if not resource.get("custom"):
            return "nothing to do", "a component has nothing in the cluster; the next `up` registers it"
        if resource["type"].startswith("pulumi:"):
            return "nothing to do", "a provider has nothing in the cluster; the next `up` makes it"
        if not _is_object(resource):
            raise UndecidedError(
                "this knows Kubernetes objects only. Look whether it was made: if so, run `pulumi refresh "
                f"--import-pending-creates '{resource['urn']}' <its id>`; if not, add --drop '{resource['urn']}'"
            )
        if resource["type"].endswith("Patch"):
            return "nothing to do", "a patch is applied again by the next `up`"
        identity = self._identity(resource)
        live = self.look(identity)
        if live is None:
            self._see_others(resource, identity)
            return "nothing to do", "it was not made; the next `up` makes it"
        if live["metadata"].get("deletionTimestamp"):
            return "ending", "it was made, and somebody deletes it"
        if old is not None and not old.get("pendingReplacement") and old.get("id") == _id(live):
            return "nothing to do", "the state has it already"
        return self._existing(resource, live)

    def _existing(self, resource: Json, live: Json) -> tuple[Outcome, str]:
        provider = self.state.provider(resource) or {}
        why = stranger(live, resource["inputs"], provider.get("created"))
        if why and resource["urn"] not in self.adopt:
            if str((provider.get("inputs") or {}).get("upsertExistingObjects")).lower() == "true":
                return "nothing to do", f"the next `up` adopts it as it adopts any ({why})"
            return "not ours", (
                f"{why}. Delete it; or, if it is this stack's all the same, add --adopt '{resource['urn']}'; or, if it "
                f"is to stay and the stack to use another name, --drop '{resource['urn']}'"
            )
        if absent := self.state.missing(resource):
            raise UndecidedError(
                f"it is there, but the state lacks {', '.join(absent)}, to which it refers. Run `pulumi up` first, "
                f"which makes that; or delete the object with kubectl and add --drop '{resource['urn']}'"
            )
        self.state.add(_created(resource, live, provider))
        return "taken up", "it was made by this stack; the next `up` waits for it"

    def _updating(self, resource: Json) -> tuple[Outcome, str]:
        found = self.state.counterpart(resource) or self.state.find(resource["urn"])
        if found is None or not found.get("custom") or found["type"].startswith("pulumi:"):
            return "nothing to do", "the next `up` compares again"
        if _is_object(found):
            identity = self._identity(found)
            live = self.look(identity)
            if live is None or _another(live, found):
                self._see_others(found, identity)
                return "removed", f"somebody deleted it; {self.state.gone(found)}"
            if live["metadata"].get("deletionTimestamp"):
                return "ending", "somebody deletes it"
        found["initErrors"] = [INTERRUPTED]
        return "applied again", "it may be half changed"

    def _deleting(self, resource: Json) -> tuple[Outcome, str]:
        found = self.state.counterpart(resource)
        if found is None:
            return "nothing to do", "the state has forgotten it already"
        if not found.get("custom") or found["type"].startswith("pulumi:"):
            return "kept", "it has nothing in the cluster"
        if found.get("retainOnDelete"):
            return "kept", "its object is never deleted (retainOnDelete)"
        if not _is_object(found):
            return "kept", "this knows Kubernetes objects only; the next `destroy` deletes it again"
        identity = self._identity(found)
        live = self.look(identity)
        if live is None:
            self._see_others(found, identity)
            return "removed", f"it was deleted; {self.state.gone(found)}"
        if _another(live, found):
            self._see_others(found, identity)
            return "removed", f"it was deleted, and another has its name; {self.state.gone(found)}"
        if live["metadata"].get("deletionTimestamp"):
            return "ending", "it is being deleted"
        return "kept", "it is there; the next `destroy` deletes it"

    def _see_others(self, resource: Json, identity: Identity) -> None:
        """Before it counts as missing: is anything of the stack in this cluster?

        Raises:
            UndecidedError: nothing is, although the state has more.
        """
        place = (identity.kubeconfig, identity.context)
        others = [
            (one, where)
            for one in self.state.resources
            if one is not resource and one["urn"] not in self.under_way and _is_object(one) and _uid(one)
            if (where := self._identity(one)) and (where.kubeconfig, where.context) == place
        ]
        if others and not self.sure and not any(self._is_there(*one) for one in others):
            raise UndecidedError(
                f"it is not there, and of the stack's {len(others)} other objects none is either: this may be another "
                "cluster. Say which it is with --context or --kubeconfig"
            )

    def _is_there(self, resource: Json, identity: Identity) -> bool:
        try:
            live = self.look(identity)
        except UndecidedError:
            return False
        return live is not None and not _another(live, resource)

    def _identity(self, resource: Json) -> Identity:
        """Where a resource's object is.

        Raises:
            UndecidedError: it has no name yet, or the state does not say in clear which cluster it is in.
        """
        inputs = resource.get("inputs") or {}
        outputs = resource.get("outputs") or {}
        meta = inputs.get("metadata") or {}
        name = meta.get("name") or (outputs.get("metadata") or {}).get("name")
        if not isinstance(name, str) or is_secret(name):
            raise UndecidedError("its inputs do not name it; look for it by hand, then add --drop with its URN")
        given = (self.state.provider(resource) or {}).get("inputs") or {}
        cluster = {key: value for key in ("kubeconfig", "context") if (value := given.get(key)) is not None}
        if any(is_secret(value) for value in cluster.values()):
            cluster = {"kubeconfig": "secret"}  # of the content: the caller has to name a file
        space = meta.get("namespace") or ""
        return Identity(str(inputs["apiVersion"]), str(inputs["kind"]), space, name, **cluster)


def _is_object(resource: Json) -> bool:
    inputs = resource.get("inputs") or {}
    return resource["type"].startswith("kubernetes:") and "apiVersion" in inputs and "kind" in inputs


def _id(live: Json) -> str:
    meta = live["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else str(meta["name"])


def _uid(resource: Json) -> Any:
    return ((resource.get("outputs") or {}).get("metadata") or {}).get("uid")


def _another(live: Json, resource: Json) -> bool:
    """Whether the object has only the name of the resource's."""
    known = _uid(resource)
    return bool(known) and live["metadata"].get("uid") != known


def _created(resource: Json, live: Json, provider: Json) -> Json:
    """What the engine would have written, if it had heard that the object is there and not yet ready."""
    inputs = resource["inputs"]
    outputs: dict[str, Any] = without_secrets(live, inputs, resource.get("additionalSecretOutputs") or ())
    suffix = hashlib.sha256(resource["urn"].encode()).hexdigest()[:8]
    outputs |= {
        "__inputs": copy.deepcopy(inputs),
        "__initialApiVersion": inputs["apiVersion"],
        "__fieldManager": field_manager(live) or f"pulumi-kubernetes-{suffix}",
    }
    made = live["metadata"].get("creationTimestamp")
    return {
        **copy.deepcopy(resource),
        "id": _id(live),
        "provider": f"{provider['urn']}::{provider['id']}",
        "outputs": outputs,
        "initErrors": [INTERRUPTED],
        **({"created": made, "modified": made} if made else {}),
    }
