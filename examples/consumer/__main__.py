"""An application's stack: it reads from the platform's stack where a model is, and never from its code."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

config = pulumi.Config()
wanted = config.require("model")
platform = pulumi.StackReference(config.require("platform"))


def chosen(models: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Variables of OpenAI's clients for the model, or an error that names those which are there."""
    if wanted not in models:
        raise pulumi.RunError(f"model = {wanted!r}: the platform serves {', '.join(sorted(models)) or 'none'}.")
    return {"OPENAI_BASE_URL": models[wanted]["url"], "OPENAI_MODEL": models[wanted]["model"]}


settings = platform.require_output("models").apply(chosen)
labels = {"app.kubernetes.io/name": "consumer"}

where = k8s.core.v1.ConfigMap("model", data=settings)
k8s.apps.v1.Deployment(
    "consumer",
    spec={
        "selector": {"match_labels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "containers": [
                    {
                        "name": "app",
                        "image": config.require("image"),
                        # The name changes with the content, so that pods restart when the model moves.
                        "env_from": [{"config_map_ref": {"name": where.metadata["name"]}}],
                        # The clients insist on a key; the model's API asks for none.
                        "env": [{"name": "OPENAI_API_KEY", "value": "none"}],
                    }
                ]
            },
        },
    },
)
pulumi.export("model", settings)
