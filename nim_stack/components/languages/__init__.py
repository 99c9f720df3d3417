"""The components for programs in YAML, TypeScript, Go, C# and Java: their schema, and the plugin that makes them.

`offered` says what each component takes and gives, `package_schema` writes it as a Pulumi package, `received` turns
what arrives into Python's arguments, `provider` answers the engine. It may use the components and every room below
them; no component may use it.
"""
