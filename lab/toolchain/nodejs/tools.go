//go:build tools

// Names the command that this module pins: sdk/v3 v3.60.0 is the newest version that still contains it, because newer
// Node.js hosts are modules of their own with replace directives.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
