"""Rules on single settings, which are applied while the settings are read."""

from nim_stack.base.problems import Rule

UNKNOWN_SETTING = Rule(
    "NIM001",
    "There is no such setting",
    "error",
    "A misspelt setting would be ignored, and the deployment would not be what its file says.",
    "Use one of the names that the message lists.",
)
REQUIRED = Rule(
    "NIM002",
    "A required setting is missing",
    "error",
    "It has no default that is right for everyone.",
    "Set it. Three settings suffice: model, nodes, storage.storageClass.",
)
WRONG_VALUE = Rule(
    "NIM003",
    "A value is not of the form that works",
    "error",
    "It is of another type, out of range, too long, or not spelt as Kubernetes or NIM need it. Names are limited so "
    "that LWS and StatefulSets can append ordinals and hashes to them.",
    "Use a value of the form that the message describes.",
)
KEY_IN_CLEAR = Rule(
    "NIM004",
    "A key stands in the stack file in clear",
    "error",
    "Stack files are committed, and a key in one is known to all who can read the repository.",
    "Revoke the key, then store a new one with `pulumi config set --secret`.",
)
ENCRYPTED_SETTINGS = Rule(
    "NIM005",
    "Something inside the settings is encrypted",
    "error",
    "Pulumi hands an encrypted value inside an object out in clear (pulumi/pulumi#7127).",
    "Move the key to ngcApiKey or hfToken, which are config keys of their own.",
)
ENVIRONMENT_UNKNOWN = Rule(
    "NIM006",
    "What a Pulumi ESC environment brings is not known",
    "warning",
    "The stack file has `environment`, whose values the service keeps. `nim-stack` asks the command `pulumi` for them; "
    "without it, or without a login, they are not known. A key that such an environment may bring counts as given "
    "where the plan would be refused without it.",
    "Run the command where `pulumi` is installed and logged in, or say what the environment brings: "
    "`--assume ngcApiKey`, `--assume hfToken`. Settings are best kept in the stack file.",
)
SNAKE_CASE = Rule(
    "NIM007",
    "A setting is written in snake_case",
    "warning",
    "The settings of a stack file are written in camelCase, and the schema for editors knows no other spelling. "
    "`gpus_per_node` is accepted so that older stacks can be updated. A setting in both spellings is "
    "refused (NIM001).",
    "Write the name that the message gives.",
)
RULES = (UNKNOWN_SETTING, REQUIRED, WRONG_VALUE, KEY_IN_CLEAR, ENCRYPTED_SETTINGS, ENVIRONMENT_UNKNOWN, SNAKE_CASE)
