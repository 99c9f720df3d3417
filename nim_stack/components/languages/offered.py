"""What the components take and give in other languages: one row for each argument and output.

Settings are plain: they decide sizes, which must be known at preview. Names and keys may be known only later.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from nim_stack.components.live_service import Deployed, LiveService
from nim_stack.components.lws_operator import LwsOperator
from nim_stack.components.model_access import ModelAccess
from nim_stack.components.model_cache import ModelCache
from nim_stack.components.model_download import ModelDownload
from nim_stack.components.multi_node_nim import MultiNodeNim
from nim_stack.components.ngc_secrets import NgcSecrets
from nim_stack.components.nim_stack import NimStack
from nim_stack.components.planning import planned
from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.settings.shapes import ROOT, Anything, Either, Field, ListOf, MapOf, Named, Object, Plain, Shape, Words

TEXT, WHOLE, TRUTH = Plain("string"), Plain("integer"), Plain("boolean")


@dataclass(frozen=True)
class Argument:
    """One argument of a component; `name` is Python's, and other languages write it in camelCase."""

    name: str
    shape: Shape
    description: str
    required: bool = False
    plain: bool = False
    """Whether it must be known before anything is created."""
    secret: bool = False


@dataclass(frozen=True)
class Output:
    """One output of a component; where it is not `sure`, it can be absent."""

    name: str
    shape: Shape
    description: str
    sure: bool = True


@dataclass(frozen=True)
class Offered:
    """One component."""

    component: Callable[..., pulumi.ComponentResource]
    description: str
    arguments: tuple[Argument, ...]
    outputs: tuple[Output, ...]
    gives: Callable[[Any], Mapping[str, Any]]
    """The outputs of a component that was made."""
    prepared: Callable[[dict[str, Any], str], dict[str, Any]] = lambda args, _where: args
    """The arguments as Python's component takes them; `where` is what the component is called in a refusal."""


_SETTINGS = Argument("settings", Named(ROOT), "What a stack file has under `nim:`.", required=True, plain=True)
_NAMESPACE = Argument("namespace", TEXT, "Namespace of the deployment; it exists already.", required=True)
_DEPLOYMENT = Argument(
    "deployment", TEXT, "Name of the deployment, after which objects are named.", required=True, plain=True
)
_ADOPTING = "A kubernetes.Provider with upsertExistingObjects, for what outlives a stack and may be there already."
"""It has no type: a reference to the Kubernetes package would make everyone fetch that package's schema first."""
_KUBECONFIG = Argument(
    "kubeconfig",
    TEXT,
    "Content or path of a kubeconfig of the cluster; it may be known only when `up` has made the cluster.",
    secret=True,
)
_SECRET_KEY = Either((TEXT, Named("SecretKey")))
_PODS = (
    _SETTINGS,
    _NAMESPACE,
    Argument("cache_claim", TEXT, "ReadWriteMany claim; without it the settings say where the model is kept."),
    Argument("api_secret", _SECRET_KEY, "Name of a Secret with the key NGC_API_KEY, or name and key."),
    Argument("pull_secrets", ListOf(TEXT), "Names of image pull Secrets."),
    Argument("hf_secret", _SECRET_KEY, "Name of a Secret with the key HF_TOKEN, or name and key."),
    Argument("keys_digest", TEXT, "Output keysDigest of NgcSecrets: groups then restart when a key changes."),
    _KUBECONFIG,
)
_REACHED = (
    Output("endpoint", TEXT, "Base URL of the OpenAI API inside the cluster."),
    Output("url", TEXT, "Base URL of the OpenAI API outside of it, where an Ingress or HTTPRoute names a host.", False),
    Output("leaderService", TEXT, "Name of the Service in front of the leaders."),
)
GPUS = Object(
    "GpuCount",
    "How many GPUs a deployment requests.",
    {
        "perNode": Field(WHOLE, True, "GPUs of one node."),
        "perGroup": Field(WHOLE, True, "GPUs of one group."),
        "total": Field(WHOLE, True, "GPUs of the groups that a start makes."),
        "most": Field(WHOLE, True, "GPUs of the groups that an autoscaler may make; without one the same as total."),
    },
)
LIVE = Object(
    "LiveDeployment",
    "One deployment that a LiveService can lead to.",
    {
        "settings": Field(Named(ROOT), True, "The settings that the deployment was made with."),
        "endpoint": Field(TEXT, True, "Output `endpoint` of the deployment: the switch waits until it serves."),
    },
)
INPUTS_OF_OBJECTS = frozenset({(LIVE.name, "endpoint")})
"""Fields of objects that may be known only later; all others are plain."""


def _deployed(args: dict[str, Any], where: str) -> dict[str, Any]:
    """The deployments as a LiveService takes them. Keys play no part in it, and were judged where they are used.

    Raises:
        pulumi.RunError: a deployment has other fields than those of the schema, or its settings cannot work.
    """
    deployments = {}
    for which, given in args["deployments"].items():
        if not isinstance(given, Mapping) or given.keys() != LIVE.fields.keys():
            raise pulumi.RunError(f"{where}: deployments.{which}: give {' and '.join(LIVE.fields)}, and nothing else.")
        plan = planned(given["settings"], None, EVERY_KEY, f"{where}: deployments.{which}")
        space = pulumi.Output.from_input(given["endpoint"]).apply(functools.partial(_after, plan.settings.namespace))
        deployments[which] = Deployed(plan, space)
    return args | {"deployments": deployments}


def _after(value: str, _endpoint: str) -> str:
    """The value, which depends on what the endpoint depends on."""
    return value


def _reached(made: Any) -> Mapping[str, Any]:
    return {"endpoint": made.endpoint, "url": made.url, "leaderService": made.leader_service}


def _secrets(made: NgcSecrets) -> Mapping[str, Any]:
    return {
        "apiSecret": made.api_secret,
        "pullSecrets": made.pull_secrets,
        "hfSecret": made.hf_secret,
        "keysDigest": made.keys_digest,
    }


OFFERED: Mapping[str, Offered] = {
    "NimStack": Offered(
        NimStack,
        "Everything that one model needs in a cluster: namespace, Secrets, cache, LeaderWorkerSet and what reaches it.",
        (
            _SETTINGS,
            Argument("ngc_api_key", TEXT, "NGC API key, for images of nvcr.io and models under ngc://.", secret=True),
            Argument("hf_token", TEXT, "Token of the Hugging Face hub, for gated models.", secret=True),
            _KUBECONFIG,
            Argument("adopting_provider", Anything(), _ADOPTING),
        ),
        (
            *_REACHED,
            Output("model", TEXT, "Name of the model in the API."),
            Output("namespace", TEXT, "Namespace of the deployment."),
            Output("gpus", Named(GPUS.name), "How many GPUs the deployment requests."),
            Output("plan", MapOf(Anything()), "The plan in a few lines, for people."),
        ),
        lambda made: made.exports,
    ),
    "MultiNodeNim": Offered(
        MultiNodeNim,
        "Groups of pods that serve one model together, complete when every group serves.",
        _PODS,
        (*_REACHED, Output("namespace", TEXT, "Namespace of the deployment.")),
        lambda made: {**_reached(made), "namespace": made.namespace},
    ),
    "ModelCache": Offered(
        ModelCache,
        "Shared storage for the weights: a new claim, one kept from before, or an existing one by name.",
        (
            _DEPLOYMENT,
            _NAMESPACE,
            Argument("storage_class", TEXT, "Class that provisions ReadWriteMany claims, for a new claim.", plain=True),
            Argument("size", TEXT, "Size such as 500Gi.", plain=True),
            Argument("existing_claim", TEXT, "Claim to use instead of making one.", plain=True),
            Argument(
                "access_mode",
                Words("ModelCacheAccessMode", ("ReadWriteMany", "ReadWriteOnce")),
                "ReadWriteMany without it.",
                plain=True,
            ),
            Argument("retain", TRUTH, "Whether the claim outlives the stack; true without it.", plain=True),
            Argument("annotations", MapOf(TEXT), "Annotations, text to text.", plain=True),
            Argument("adopting_provider", Anything(), _ADOPTING),
        ),
        (Output("claim", TEXT, "Name of the claim."),),
        lambda made: {"claim": made.claim},
    ),
    "ModelAccess": Offered(
        ModelAccess,
        "The Service in front of the leaders, and what is asked for of Ingress, HTTPRoute, NetworkPolicy, PodMonitor.",
        (_SETTINGS, _NAMESPACE),
        _REACHED,
        _reached,
    ),
    "ModelDownload": Offered(
        ModelDownload,
        "A Job that fills the shared model cache; complete when the model is there.",
        _PODS,
        (Output("job", TEXT, "Name of the Job."),),
        lambda made: {"job": made.job},
    ),
    "NgcSecrets": Offered(
        NgcSecrets,
        "The keys that pods need, as Secrets with fixed names, or the names of Secrets that exist.",
        (
            _DEPLOYMENT,
            _NAMESPACE,
            Argument("ngc_api_key", TEXT, "NGC API key: becomes the API key Secret and the pull Secret.", secret=True),
            Argument("hf_token", TEXT, "Token of the Hugging Face hub.", secret=True),
            Argument(
                "existing_api_secret",
                _SECRET_KEY,
                "Name of a Secret with the key NGC_API_KEY, or name and key.",
                plain=True,
            ),
            Argument("existing_pull_secrets", ListOf(TEXT), "Names of image pull Secrets that exist.", plain=True),
            Argument(
                "existing_hf_secret",
                _SECRET_KEY,
                "Name of a Secret with the key HF_TOKEN, or name and key.",
                plain=True,
            ),
        ),
        (
            Output("apiSecret", Named("SecretKey"), "Secret with the NGC API key.", False),
            Output("pullSecrets", ListOf(TEXT), "Names of the image pull Secrets."),
            Output("hfSecret", Named("SecretKey"), "Secret with the token of the Hugging Face hub.", False),
            Output("keysDigest", TEXT, "Changes with the keys; it is not secret.", False),
        ),
        _secrets,
    ),
    "LwsOperator": Offered(
        LwsOperator,
        "Controller, webhooks and CRDs of LeaderWorkerSet; one stack of a cluster installs it.",
        (
            Argument(
                "manifest", TEXT, "URL or file of the release manifest, LWS 0.9 or newer.", required=True, plain=True
            ),
            Argument("sha256", TEXT, "SHA-256 of the manifest.", required=True, plain=True),
            Argument("retain", TRUTH, "Whether the whole release outlives the stack; false without it.", plain=True),
            Argument("adopting_provider", Anything(), _ADOPTING),
        ),
        (Output("namespace", TEXT, "Namespace of the controller."),),
        lambda made: {"namespace": made.namespace},
    ),
    "LiveService": Offered(
        LiveService,
        "One address for the clients of a model, in front of one of several deployments.",
        (
            Argument("name", TEXT, "Name of the Service, which clients use.", required=True, plain=True),
            Argument(
                "deployments",
                MapOf(Named(LIVE.name)),
                "Deployments of one namespace and one served model name, under names such as blue and green.",
                required=True,
                plain=True,
            ),
            Argument("live", TEXT, "Which of them the clients reach.", required=True, plain=True),
            Argument("port", WHOLE, "8000 without it.", plain=True),
        ),
        (
            Output("endpoint", TEXT, "Base URL of the OpenAI API inside the cluster, whichever deployment is live."),
            Output("model", TEXT, "Name of the model in the API."),
        ),
        lambda made: {"endpoint": made.endpoint, "model": made.model},
        _deployed,
    ),
}
"""Every component, by the name of its class."""
