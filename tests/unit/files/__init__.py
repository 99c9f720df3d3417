"""Files of Pulumi projects, with what Pulumi makes of them: read by the unit tests and by the real command `pulumi`."""
