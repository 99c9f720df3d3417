"""A namespace that the stack made, and that is given up: it must stay, with everything in it.

With nim.storage.retain it does: the engine leaves a retained object in the cluster when the program no longer has it.
Without, `createNamespace: false` would plan its deletion, and Kubernetes would take the deployment that the same update
keeps away with it. What the stack owned is known from the inputs that the component had, so that a hook refuses it at
preview. The other ways: `protect` refuses `pulumi destroy` as well; a hook before deletion makes that need the program;
reading the namespace instead makes each preview fail until somebody has made it.
"""

from typing import Any

import pulumi

from nim_stack.settings import StackSettings

_OWNED, _RETAINED = "createNamespace", "retain"


def inputs(settings: StackSettings) -> dict[str, Any]:
    """Inputs of the component, which the next update finds in the state."""
    return {
        "namespace": settings.namespace,
        _OWNED: settings.create_namespace,
        _RETAINED: settings.storage.retain,
    }


def hooks(name: str) -> pulumi.ResourceHookBinding:
    """The hook that runs `refuse_deletion` before every update of the component, and before its preview."""
    options = pulumi.ResourceHookOptions(on_dry_run=True)
    return pulumi.ResourceHookBinding(
        before_update=[pulumi.ResourceHook(f"{name}-kept-namespace", refuse_deletion, options)]
    )


def refuse_deletion(args: pulumi.ResourceHookArgs) -> None:
    """Refuse an update that would delete the namespace; Pulumi calls this before the update, and before its preview.

    Raises:
        ValueError: the namespace would be deleted under a deployment that stays.
    """
    before, after = args.old_inputs or {}, args.new_inputs or {}
    if before.get(_OWNED) and not before.get(_RETAINED) and not after.get(_OWNED):
        raise ValueError(
            f"nim.createNamespace = False: this stack made the namespace {before.get('namespace')}, and nim.storage."
            "retain was false, so that the namespace would be deleted with everything in it, the model server as well. "
            "Set nim.createNamespace back to true and nim.storage.retain to true, and run `pulumi up`; then set "
            "nim.createNamespace to false, and the namespace stays."
        )
