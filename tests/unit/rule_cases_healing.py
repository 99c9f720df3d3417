"""Settings that break a rule on faults and on how pods end, and the message that they get."""

from tests.unit.conftest import TINY
from tests.unit.rule_cases_model import LICENSED, Cases

ERRORS: Cases = [
    (
        "NIM160",
        TINY | {"pods": {"terminationGracePeriodSeconds": 24}},
        "nim.pods.terminationGracePeriodSeconds = 24: 20 s are for engine and Ray to end, and requests come",
    ),
    (
        "NIM164",
        TINY | {"passthroughArgs": ["--disable_log_stats"]},
        "nim.passthroughArgs.0 = '--disable_log_stats': the image refuses it. Leave it out: these statistics tell a s",
    ),
    (
        "NIM164",
        TINY | {"passthroughArgs": ["--api-key=s3cret"]},
        "nim.passthroughArgs.0 = '--api-key': the image refuses it. Use the variable VLLM_API_KEY from a Secret",
    ),
    (
        "NIM164",
        TINY | {"passthroughArgs": ["--ssl-cert-reqs", "2"]},
        "nim.passthroughArgs.0 = '--ssl-cert-reqs': vLLM then answers nobody without a certificate",
    ),
    ("NIM161", TINY | {"healing": {"rayCheck": True}}, "nim.healing.rayCheck = True: the supervisor of this image wa"),
]
WARNINGS: Cases = [
    (
        "NIM162",
        LICENSED | {"healing": {"supervisor": True}},
        "nim.healing.supervisor = True: nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.",
    ),
]
