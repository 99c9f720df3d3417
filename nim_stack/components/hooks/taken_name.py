"""What to do when an object that outlives the stack is there already, and the provider cannot take it over.

A preview cannot tell: pulumi-kubernetes creates without a look at what is there, and its preview passes over the
refusal of the API server. `up` fails at the first of these objects, before anything else is made.
"""

import pulumi


def explained(name: str, what: str, cure: str) -> pulumi.ErrorHook:
    """Error hook that explains a name that is taken; it never asks for another try.

    Args:
        name: what the engine calls the hook; it is unique in a program.
        what: the object in words, such as `the claim nim-model-cache`.
        cure: what to do instead of taking the object over, as a sentence.
    """

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        if args.failed_operation == "create" and "already exists" in (args.errors[0] if args.errors else ""):
            pulumi.log.error(
                f"{what[:1].upper()}{what[1:]} is there already, and the provider of the program cannot take it over. "
                "Give the component adopting_provider, which is a Kubernetes provider with upsert_existing_objects; "
                f"NimStack takes kubeconfig instead and makes that provider. {cure}"
            )
        return False

    return pulumi.ErrorHook(name, explain)
