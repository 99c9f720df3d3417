"""Settings that break a rule on faults and on how pods end, and the message that they get."""

from tests.unit.conftest import TINY
from tests.unit.rule_case import RuleCase
from tests.unit.rule_cases_model import LICENSED

ERRORS = [
    RuleCase(
        "a grace period shorter than the end of engine and Ray",
        "NIM160",
        TINY | {"pods": {"terminationGracePeriodSeconds": 24}},
        "nim.pods.terminationGracePeriodSeconds = 24: the engine and Ray need 20 s to end, and new requests "
        "still arrive for 5 s. Use at least 25.",
    ),
    RuleCase(
        "an argument that turns the statistics off",
        "NIM164",
        TINY | {"passthroughArgs": ["--disable_log_stats"]},
        "nim.passthroughArgs.0 = '--disable_log_stats': the image refuses it. Leave it out: these statistics "
        "tell a stuck engine from one that computes a long prompt.",
    ),
    RuleCase(
        "an API key in the arguments",
        "NIM164",
        TINY | {"passthroughArgs": ["--api-key=s3cret"]},
        "nim.passthroughArgs.0 = '--api-key': the image refuses it. Use the variable VLLM_API_KEY from a Secret "
        "(nim.env), which no process list shows.",
    ),
    RuleCase(
        "client certificates that probes do not have",
        "NIM164",
        TINY | {"passthroughArgs": ["--ssl-cert-reqs", "2"]},
        "nim.passthroughArgs.0 = '--ssl-cert-reqs': vLLM then answers nobody without a certificate, neither the "
        "supervisor nor the probes. Use --ssl-cert-reqs 0 or 1.",
    ),
    RuleCase(
        "a Ray check for an image with a supervisor",
        "NIM161",
        TINY | {"healing": {"rayCheck": True}},
        "nim.healing.rayCheck = True: the supervisor of this image heals the group in place, and this probe "
        "would recreate the group. Leave it out.",
    ),
]
WARNINGS = [
    RuleCase(
        "the supervisor for an image of NVIDIA's",
        "NIM162",
        LICENSED | {"healing": {"supervisor": True}},
        "nim.healing.supervisor = True: nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0 looks like an image of "
        "NVIDIA's, whose first process is another. Leave it out, unless the image is one of container/.",
    ),
]
