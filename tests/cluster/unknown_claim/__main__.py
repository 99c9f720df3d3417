"""A model on a claim whose name only the update has: the whole spec of its group is not known in the first preview."""

import pulumi
import pulumi_kubernetes as k8s

from nim_stack import MultiNodeNim

made = k8s.core.v1.ConfigMap("made", metadata={"name": "made", "namespace": "default"})
MultiNodeNim(
    "nim",
    {
        "settings": {
            "model": "hf://lab/tiny-llama",
            "nodes": 2,
            "gpusPerNode": 1,
            "image": "localhost/nim-lab/open-nim:latest",
            "storage": {"storageClass": "any"},
        },
        "namespace": "default",
        # An object that is not there yet has no ID, whatever the plugin can tell of the rest.
        "cache_claim": made.id.apply(lambda found: found.rpartition("/")[2]),
    },
)
pulumi.export("claim", made.id)
