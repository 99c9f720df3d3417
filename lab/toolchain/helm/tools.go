//go:build tools

// Names Helm's command, with which LWS's chart is installed where a proof takes it over.
package tools

import _ "helm.sh/helm/v4/cmd/helm"
