"""Secrets made from keys. The keys are the only values here that are secret; the caller keeps them so."""

import base64
import json

from nim_stack.base import names


def docker_config(key: str, registry: str = names.NGC_REGISTRY) -> str:
    """`.dockerconfigjson` for NGC's registry, whose user is literally `$oauthtoken`."""
    auth = base64.b64encode(f"$oauthtoken:{key}".encode()).decode()
    entry = {"username": "$oauthtoken", "password": key, "auth": auth}
    return json.dumps({"auths": {registry: entry}}, sort_keys=True)
