"""Settings that break a rule on faults and on how pods end, and the message that they get."""

from tests.unit.conftest import TINY
from tests.unit.rule_cases_model import LICENSED, Cases

ERRORS: Cases = [
    (
        "NIM160",
        TINY | {"pods": {"terminationGracePeriodSeconds": 24}},
        "nim.pods.terminationGracePeriodSeconds = 24: 20 s are for engine and Ray to end, and requests come",
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
