"""Every object of a plan, in the order in which it can be created: what a reviewer reads before anything exists."""

import re
from typing import Any

import yaml

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.autoscaler import autoscaler
from nim_stack.manifests.claims import compute_domain
from nim_stack.manifests.disruption_budget import disruption_budget
from nim_stack.manifests.download_job import download_job
from nim_stack.manifests.http_route import http_route
from nim_stack.manifests.ingress import ingress
from nim_stack.manifests.leader_worker_set import leader_worker_set
from nim_stack.manifests.network_policy import network_policies
from nim_stack.manifests.pod_monitor import pod_monitor
from nim_stack.manifests.pods import security_level
from nim_stack.manifests.references import References, SecretRef
from nim_stack.manifests.services import leader_service
from nim_stack.manifests.storage import cache_claim, namespace
from nim_stack.settings.secrets import SecretKey


def render(plan: DeploymentPlan) -> list[Manifest]:
    """The objects of a stack but for three kinds: Secrets, which the pods name, the LWS release, which has a file of
    its own, and the smoke Job, which is a step of `up`. With `kubectl apply` they make the same deployment, without the
    order and the wait."""
    settings, space = plan.settings, plan.settings.namespace
    used = references(plan)
    objects = [
        _namespace(plan) if settings.create_namespace else None,
        _claim(plan),
        *(network_policies(plan, settings.network_policy, space) if settings.network_policy else ()),
        download_job(plan, used, space) if settings.download.job else None,
        leader_service(plan, space),
        ingress(plan, settings.ingress, space) if settings.ingress else None,
        http_route(plan, settings.http_route, space) if settings.http_route else None,
        pod_monitor(plan, settings.pod_monitor, space) if settings.pod_monitor else None,
        compute_domain(plan, space),
        leader_worker_set(plan, used, space),
        autoscaler(plan, settings.autoscaling, space) if settings.autoscaling else None,
        disruption_budget(plan, settings.disruption_budget, space) if settings.disruption_budget else None,
    ]
    return [item for item in objects if item is not None]


def references(plan: DeploymentPlan) -> References:
    """Names of what the pods use: of objects that exist where the settings name some, else of those that are made."""
    name, secrets = plan.settings.name, plan.settings.secrets

    def key(existing: SecretKey | None, made: SecretRef | None) -> SecretRef | None:
        return SecretRef(existing.name, existing.key) if existing else made

    api = SecretRef(names.api_secret(name), names.NGC_KEY) if plan.keys.ngc else None
    hub = SecretRef(names.hf_secret(name), names.HF_KEY) if plan.keys.hub else None
    return References(
        api_secret=key(secrets.ngc_api_secret, api),
        hf_secret=key(secrets.hf_token_secret, hub),
        pull_secrets=secrets.image_pull_secrets or ((names.pull_secret(name),) if plan.keys.ngc else ()),
    )


def made_secrets(plan: DeploymentPlan) -> list[str]:
    """Names of the Secrets that the stack makes from its keys."""
    name, existing = plan.settings.name, plan.settings.secrets
    made = {
        names.api_secret(name): plan.keys.ngc and existing.ngc_api_secret is None,
        names.pull_secret(name): plan.keys.ngc and not existing.image_pull_secrets,
        names.hf_secret(name): plan.keys.hub and existing.hf_token_secret is None,
    }
    return [secret for secret, is_made in made.items() if is_made]


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


def _namespace(plan: DeploymentPlan) -> Manifest:
    settings = plan.settings
    level = security_level(plan)
    return namespace(settings.namespace, settings.name, adopt=settings.storage.retain, security=level)


def _claim(plan: DeploymentPlan) -> Manifest | None:
    settings, storage = plan.settings, plan.settings.storage
    if storage.storage_class is None or not storage.makes_claim:
        return None
    return cache_claim(
        settings.name,
        settings.namespace,
        storage.storage_class,
        plan.storage_size,
        adopt=storage.retain,
        access_mode=storage.access_mode,
        annotations=storage.annotations,
    )
