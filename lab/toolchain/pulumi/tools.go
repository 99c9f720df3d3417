//go:build tools

// Names the command that this module pins. `go install …@version` refuses it, because its go.mod has replace
// directives; required from a module of our own, those do not count.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
