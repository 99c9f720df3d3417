"""Why a deployment does not serve: known failures as functions of a snapshot."""
