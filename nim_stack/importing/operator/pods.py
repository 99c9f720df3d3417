"""Names, sizes, containers and claims of a NIMService's pods."""

from typing import Any

from nim_stack.importing.converters import mapping, objects
from nim_stack.importing.model import profile_note, take_image
from nim_stack.importing.resources import take_resources
from nim_stack.importing.rows import Fields


def namespace(own: Fields) -> None:
    """The namespace, which is there already."""
    field = own["metadata.namespace"]
    if field:
        field.take(field.value, "namespace")
        field.take(False, "createNamespace", field.says)


def sizes(own: Fields) -> None:
    """Nodes and the split: the operator makes as many pods as there are pipeline stages."""
    group = own["spec.multiNode"]
    if group.value is None:
        group.take(1, "nodes", "it is not there, so that one pod serves alone")
        return
    pipeline = own["spec.multiNode.parallelism.pipeline"]
    pipeline.read("pipelineParallel")
    pipeline.read("nodes", why="the operator makes as many pods as there are stages")
    own["spec.multiNode.parallelism.tensor"].read("tensorParallel")
    if "ray" not in mapping(group.value):
        why = "the operator joins nodes by MPI without it, which is NIM 1.x; the stack does it by Ray, for NIM 2.x"
        own.draft.change("spec.multiNode.ray", None, why)


def image(own: Fields) -> None:
    """The image, and the model by it."""
    take_image(own.at("spec.image"), "the operator requires one")


def resources(own: Fields) -> None:
    """Requests and limits."""
    take_resources(own.at("spec.resources"))


def default_gpus(own: Fields) -> None:
    """GPUs of a node, when no resource says them: the operator's own default is tensor parallel."""
    if own.draft.get("gpusPerNode") is None:
        why = "resources name no GPU, and this is the operator's default"
        own["spec.multiNode.parallelism.tensor"].read("gpusPerNode", why=why)


def profile(own: Fields) -> None:
    """The profile, where nothing else says the split."""
    field = own["spec.storage.nimCache.profile"]
    if field and own.draft.get("tensorParallel") is not None:
        field.drop("multiNode.parallelism decides the split, and one of the two can")
    else:
        field.read(why=profile_note(str(field.value)))


def owner(own: Fields) -> None:
    """User and group of the pods, with the operator's defaults."""
    for name, default in (("spec.userID", 1000), ("spec.groupID", 2000)):
        why = "" if own[name].value is not None else "the operator's default, to which the files of its cache belong"
        own[name].or_default(default).read(why=why)


def containers(own: Fields) -> None:
    """Containers before and beside the engine."""
    for name in ("spec.initContainers", "spec.sidecarContainers"):
        field = own[name]
        try:
            objects(field.value if field else [])
        except ValueError as error:
            field.drop(str(error))
            continue
        found = [_container(item) for item in own.items(name)]
        field.add(found, given=[item.get("name") for item in found])
        for item in own.items(name):
            item["image.pullSecrets"].apply()


def _container(given: Fields) -> dict[str, Any]:
    """A Kubernetes container from the operator's form of one, which has the image in parts."""
    plain = {name: given[name].value for name in ("name", "command", "args", "env", "workingDir")}
    found = {name: value for name, value in plain.items() if value}
    repository, tag, policy = (given[f"image.{name}"].value for name in ("repository", "tag", "pullPolicy"))
    if repository:
        found["image"] = f"{repository}:{tag}" if tag else str(repository)
        if policy:
            found["imagePullPolicy"] = policy
    return found


def claims(own: Fields) -> None:
    """Claims of devices, which get names by their places."""
    for number, item in enumerate(own.items("spec.draResources")):
        for name in ("resourceClaimName", "resourceClaimTemplateName"):
            if item[name]:
                item[name].add([{"name": f"claim-{number}", name: item[name].value}])
        item["claimCreationSpec"].apply()
        item["requests"].apply()


def compute_domain(own: Fields) -> None:
    """A compute domain of the pods, made with them."""
    if own["spec.multiNode.computeDomain.create"].is_on:
        own["spec.multiNode.computeDomain.create"].take({}, given=True)
