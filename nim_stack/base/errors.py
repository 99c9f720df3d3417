"""The tree of errors: whoever catches `NimStackError` catches everything that this package raises on purpose.

    NimStackError
        RefusedError                    base.problems: settings that cannot work, with every reason
        UnreadableError                 something that is to be judged cannot be read
            InputError                  a file or an option
                CatalogError            catalog.load: models, GPUs, fabrics
                ReleaseError            lws.manifest: the manifest of a release of LeaderWorkerSet
                StackFileError          settings.files.errors: a Pulumi project, and options that do not go together
                PreviewError            operations.impact.preview: the output of `pulumi preview --json`
                SnapshotError           operations.observing.errors: what `nim-stack diagnose --save` keeps
                UnreadableFileError     importing.reading: values of a chart, a NIMService
                StateFormatError        operations.recovering.recovery: the output of `pulumi stack export`
            NotJudgedError                  cli.stack_plan: it depends on an ESC environment that is not known
            HttpError                   base.http: a download failed
            ClusterError                operations.cluster.errors: a request failed, with its cause as a word
                ClusterUnreachableError     operations.cluster.errors: nothing can be asked
                    KubeconfigError             operations.cluster.errors: no kubeconfig that can be used
                CannotReadError             operations.cluster.errors: one request is refused
            EngineError                 operations.recovering.engine: the command `pulumi` refuses
                StackHeldError          operations.recovering.engine: somebody else holds the stack
        UnknownSizeError                operations.impact.groups: a size that is known only in the update
        UndecidedError                  operations.recovering.decisions: what became of an object is not known
        RegistryError                   base.registry: two judges with one code, or none

The kinds that several rooms share are here; what one room alone raises stands in that room.
"""

from typing import ClassVar


class NimStackError(Exception):
    """Something that the package cannot do; the message says what and why, for the person who asked for it."""

    exit_code: ClassVar[int] = 2
    """Of a command that ends by it. 1: what was given is refused; 2: something could not be read or asked."""


class UnreadableError(NimStackError):
    """There is nothing to judge, since what is to be judged cannot be read."""


class InputError(UnreadableError, ValueError):
    """A file, or an option of the command line, is not there or does not have the form that is needed."""
