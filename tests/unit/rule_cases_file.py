"""Stack files that break a rule on the file itself, and the message that they get.

The stack file is read in tests/components/test_stack_config.py, and its environments in
tests/unit/test_environments.py.
"""

from tests.unit.conftest import TINY
from tests.unit.rule_case import RuleCase

KEY_IN_CLEAR = RuleCase(
    "a token of the hub in clear beside the settings",
    "NIM004",
    TINY,
    "hfToken: it is a secret and stands in the stack file in clear. Revoke it, then store a new one with `pulumi "
    "config set --secret hfToken`.",
)
ENCRYPTED_SETTINGS = RuleCase(
    "something encrypted among the settings",
    "NIM005",
    TINY,
    "nim: something in it is encrypted, which would be shown in clear when the settings are read. Move keys to "
    "ngcApiKey or hfToken (`pulumi config set --secret`).",
)
ENVIRONMENT_UNKNOWN = RuleCase(
    "an environment of Pulumi ESC without the command pulumi",
    "NIM006",
    TINY,
    "environment: what the ESC environments (team/dev) bring is not known, since the command `pulumi` is not there; "
    "keys and settings of theirs are not judged. Run the command where `pulumi` is logged in, or use --assume "
    "ngcApiKey or --assume hfToken.",
)
STACK_FILE = [KEY_IN_CLEAR, ENCRYPTED_SETTINGS, ENVIRONMENT_UNKNOWN]
