"""Every deployment that tests know is judged in full, and as its plan says."""

import pytest
from nim_policy.budget import gpu_budget
from nim_policy.guard import guarded_routes
from nim_policy.images import allowed_images, pinned_images
from nim_policy.models import allowed_models
from nim_policy.rdma import rdma_for_tensor_parallel
from nim_policy.weights import weights_retained

from tests.deployments import deployment, names
from tests.unit.policy.seen import open_texts, stack, texts

EACH = pytest.mark.parametrize("name", names())


@EACH
def test_the_gpus_are_those_of_the_plan(name: str) -> None:
    most, objects = deployment(name).plan.gpus_most, stack(name)
    kept = gpu_budget(objects, {"stack": float(most)})
    assert (texts(kept), open_texts(kept)) == ([], [])
    (said,) = texts(gpu_budget(objects, {"stack": most - 1}))
    assert f"can ask for {most} GPUs, and its budget is {most - 1}" in said


@EACH
def test_rdma_is_missed_where_tensor_parallel_goes_across_nodes_without_it(name: str) -> None:
    plan = deployment(name).plan
    hashed = plan.tensor_parallel is None  # the name of the profile is a hash
    across = plan.nodes > 1 and (plan.tensor_parallel or 0) > plan.gpus_per_node
    wanted = across and not (plan.fabric and plan.fabric.rdma)
    (group,) = [resource for resource in stack(name) if resource.kind == "LeaderWorkerSet"]
    verdict = rdma_for_tensor_parallel(group, {})
    assert bool(open_texts(verdict)) == (hashed and plan.nodes > 1)
    assert bool(texts(verdict)) == wanted


@EACH
def test_weights_are_retained_as_the_settings_say(name: str) -> None:
    storage, objects = deployment(name).plan.settings.storage, stack(name)
    has_claim = any(resource.kind == "PersistentVolumeClaim" for resource in objects)
    verdict = weights_retained(objects, {})
    assert bool(texts(verdict)) == (has_claim and not storage.retain)
    assert open_texts(verdict) == []


@EACH
def test_models_and_images_are_found(name: str) -> None:
    plan, objects = deployment(name).plan, stack(name)
    for resource in objects:
        model = plan.model_path or plan.image.rpartition(":")[0]
        assert texts(allowed_models(resource, {"models": [model]})) == []
        refused = allowed_models(resource, {"models": []})
        assert any(model in text for text in texts(refused)) == (resource.kind in ("LeaderWorkerSet", "Job"))
        images = allowed_images(resource, {"images": []})
        assert any(plan.image in text for text in texts(images)) == (resource.kind in ("LeaderWorkerSet", "Job"))
        pinned = pinned_images(resource, {})
        assert [open_texts(verdict) for verdict in (refused, images, pinned)] == [[], [], []]


@EACH
def test_public_routes_are_guarded_as_the_settings_say(name: str) -> None:
    settings, objects = deployment(name).plan.settings, stack(name)
    public = bool(settings.ingress or settings.http_route or settings.service.type != "ClusterIP")
    env = {variable.name for variable in (*settings.env, *settings.pods.of("leader").env)}
    guarded = "VLLM_API_KEY" in env or settings.network_policy is not None
    verdict = guarded_routes(objects, {})
    assert bool(texts(verdict)) == (public and not guarded)
    assert open_texts(verdict) == []
