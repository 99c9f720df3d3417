//go:build tools

// Names the controller's command; its manifests come out of the same module (config/default).
package tools

import _ "sigs.k8s.io/lws/cmd"
