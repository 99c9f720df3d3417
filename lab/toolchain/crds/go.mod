// Modules whose CRDs the lab takes: no program is built from them.
module nim-stack.dev/lab/toolchain/crds

go 1.26.0

require (
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.6.3
)
