//go:build tools

// Pins the newest sdk module that still contains the Python language host.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
