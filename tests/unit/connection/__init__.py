"""The way to a cluster: kubeconfigs, TLS, proxies, credentials, and the words of failures; servers are on loopback."""
