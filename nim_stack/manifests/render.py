"""Every object of a plan, in the order in which it can be created: what a reviewer reads before anything exists."""

import re
from typing import Any

import yaml

from nim_stack import names
from nim_stack.manifests.leader_worker_set import leader_worker_set
from nim_stack.manifests.pods import Manifest, References
from nim_stack.manifests.services import leader_service
from nim_stack.manifests.storage import cache_claim, namespace
from nim_stack.plan import DeploymentPlan


def render(plan: DeploymentPlan, *, has_ngc_key: bool = False, has_hf_token: bool = False) -> list[Manifest]:
    """The objects of a stack but for two kinds: Secrets, which the pods name, and the LWS release, which has a file of
    its own. With `kubectl apply` they make the same deployment, without the order and the wait."""
    settings, space = plan.settings, plan.settings.namespace
    found = references(plan, has_ngc_key=has_ngc_key, has_hf_token=has_hf_token)
    objects = [
        namespace(space, settings.name, adopt=settings.storage.retain) if settings.create_namespace else None,
        _claim(plan),
        leader_service(plan, space),
        leader_worker_set(plan, found, space),
    ]
    return [item for item in objects if item is not None]


def references(plan: DeploymentPlan, *, has_ngc_key: bool, has_hf_token: bool) -> References:
    """Names of what the pods use: of objects that exist where the settings name some, else of those that are made."""
    name, secrets = plan.settings.name, plan.settings.secrets
    api = secrets.ngc_api_secret.name if secrets.ngc_api_secret else names.api_secret(name) if has_ngc_key else None
    hub = secrets.hf_token_secret.name if secrets.hf_token_secret else names.hf_secret(name) if has_hf_token else None
    pulls = secrets.image_pull_secrets or ((names.pull_secret(name),) if has_ngc_key else ())
    return References(plan.settings.storage.existing_claim or names.cache_claim(name), api, hub, pulls)


def made_secrets(plan: DeploymentPlan, *, has_ngc_key: bool, has_hf_token: bool) -> list[str]:
    """Names of the Secrets that the stack makes from its keys."""
    used, existing = references(plan, has_ngc_key=has_ngc_key, has_hf_token=has_hf_token), plan.settings.secrets
    named = (
        (used.api_secret, existing.ngc_api_secret is not None),
        *((pull, bool(existing.image_pull_secrets)) for pull in used.pull_secrets),
        (used.hf_secret, existing.hf_token_secret is not None),
    )
    return [name for name, exists in named if name is not None and not exists]


def to_yaml(manifests: list[Manifest]) -> str:
    """The same text for the same objects, keys in the order in which they were written."""
    return yaml.dump_all(manifests, Dumper=_Plain, sort_keys=False, width=120)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, _: Any) -> bool:
        """Everything is written out where it is: a reviewer should not have to follow anchors."""
        return True


# Text that YAML 1.2, which kubectl reads, takes for a number, and YAML 1.1 does not: it must be quoted.
_NUMBER = re.compile(r"^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$|^0o[0-7]+$")
_Plain.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+.0123456789"))


def _claim(plan: DeploymentPlan) -> Manifest | None:
    settings, storage = plan.settings, plan.settings.storage
    if storage.storage_class is None:
        return None
    return cache_claim(
        settings.name,
        settings.namespace,
        storage.storage_class,
        plan.storage_size,
        adopt=storage.retain,
        access_mode=storage.access_mode,
    )
