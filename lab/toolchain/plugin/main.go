// The official Kubernetes resource plugin: its module's own provider, schema and mapping. The two files lie beside
// this one only while it is built (lab/toolchain/build.py overlays them out of the module, checked against go.sum).
//
// Its module does not compile with the pulumi/pkg of the CLI (PackageSpec.Provider became a pointer in 3.248.0). All
// else has the versions that the CLI's module has (lab/toolchain/pulumi), and is compiled once.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var mapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, mapping)
}
