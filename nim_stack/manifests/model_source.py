"""Variables that say which model, where it comes from and where it goes: those of pods and of the download Job."""

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.references import References


def model_environment(plan: DeploymentPlan, references: References, *, offline: bool) -> list[Manifest]:
    """With the keys, unless nothing is to be downloaded: behind an air gap NIM must not have any (its page on that)."""
    settings = plan.settings
    values = {
        "NIM_MODEL_PATH": plan.model_path,
        "NIM_MODEL_PROFILE": settings.profile,
        "NIM_CACHE_PATH": names.CACHE_MOUNT,
        "NIM_LOG_LEVEL": settings.log_level,
        "NIM_REPOSITORY_OVERRIDE": settings.download.repository_override,
        "HF_ENDPOINT": settings.download.hub_endpoint,
        "NIM_DISABLE_MODEL_DOWNLOAD": "1" if offline else None,
        "HF_HUB_OFFLINE": "1" if offline else None,
    }
    env: list[Manifest] = [{"name": name, "value": value} for name, value in values.items() if value is not None]
    keys = () if offline else ((names.NGC_KEY, references.api_secret), (names.HF_KEY, references.hf_secret))
    return env + [
        {"name": name, "valueFrom": {"secretKeyRef": secret.manifest}} for name, secret in keys if secret is not None
    ]
