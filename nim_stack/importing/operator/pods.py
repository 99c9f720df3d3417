"""Identity, containers and claims of a NIMService's pods."""

from typing import Any

from nim_stack.importing.converters import objects
from nim_stack.importing.rows import Fields


def owner(own: Fields) -> None:
    """User and group of the pods, with the operator's defaults."""
    for name, default in (("spec.userID", 1000), ("spec.groupID", 2000)):
        if own[name].value is None:
            own[name].told(default).read(why="the operator's default, to which the files of its cache belong")
        own[name].read()


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
        field.told([item.get("name") for item in found]).add(found)
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
        own["spec.multiNode.computeDomain.create"].told(True).take({})
