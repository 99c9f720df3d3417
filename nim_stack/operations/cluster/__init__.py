"""The connection to a cluster: kubeconfig, TLS, credentials, requests. Every command that asks a cluster uses it.

It may use `base` and `settings`, and no other folder of `operations`.
"""
