"""The command `nim-stack`: the plan and the catalogue, without Pulumi and without a cluster."""
