"""The entrance that Pulumi runs; `nim_policy` says what belongs in this folder and what it may use."""

from nim_policy.pack import serve

serve()
