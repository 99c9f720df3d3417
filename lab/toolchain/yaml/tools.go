//go:build tools

// Names the command that this module pins.
package tools

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
