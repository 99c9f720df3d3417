"""Whether a cluster can take a deployment, before anything is created: read-only, against the plan."""
