"""The documented vLLM example of LeaderWorkerSet, with its commands, on the same image, model and nodes.

What it does is that of lws docs/examples/vllm/GPU and of vLLM's multi-node-serving.sh: Ray's head, a wait for the nodes
that asks every five seconds for five minutes, and the API server; workers try to join as long. A group is made anew
when any container restarts, and the leader is ready when its port is open.
"""

from typing import Any

from lab.address import HUB_TOKEN, HUB_URL
from lab.cluster import MODEL_ID
from lab.deployment import PROMPT, apply, until
from lab.observe import Leader, kubectl
from lab.offered import OPEN_NIM_REF

PORT = 8080
START_SECONDS = 300.0
LIMIT_SECONDS = 600.0

_RAY = "python3 -m ray.scripts.scripts start --disable-usage-stats --num-gpus=1 --num-cpus=1"
# Ray would count on 30 % of the node's memory for objects, of which there are none.
_STORE = "--object-store-memory=100000000"
_ALIVE = "import ray; ray.init(address='auto'); print('alive', sum(node['Alive'] for node in ray.nodes()))"
LEADER = f"""
{_RAY} --head --port=6379 --include-dashboard=false {_STORE}
for try in $(seq 60); do
  python3 -c "{_ALIVE}" | grep -qx "alive $LWS_GROUP_SIZE" && break
  sleep 5
done
python3 -m vllm.entrypoints.openai.api_server --port {PORT} --model {MODEL_ID} --tensor-parallel-size 2 \\
  --pipeline-parallel-size 1 --distributed-executor-backend ray --max-model-len 256
"""
WORKER = f"""
for try in $(seq 60); do
  {_RAY} --address=$LWS_LEADER_ADDRESS:6379 --block {_STORE} && exit 0
  sleep 5
done
exit 1
"""


def manifests(namespace: str, group: str) -> list[dict[str, Any]]:
    """The LeaderWorkerSet and the Service in front of its leader."""
    labels = {"role": "leader"}
    probe = {"tcpSocket": {"port": PORT}, "initialDelaySeconds": 15, "periodSeconds": 10}
    ports = {"ports": [{"containerPort": PORT}], "readinessProbe": probe}
    leader, worker = _pod("leader", LEADER, **ports), _pod("worker", WORKER)
    return [
        {
            "apiVersion": "leaderworkerset.x-k8s.io/v1",
            "kind": "LeaderWorkerSet",
            "metadata": {"name": group, "namespace": namespace},
            "spec": {
                "replicas": 1,
                "leaderWorkerTemplate": {
                    "size": 2,
                    "restartPolicy": "RecreateGroupOnPodRestart",
                    "leaderTemplate": {"metadata": {"labels": labels}, "spec": leader},
                    "workerTemplate": {"spec": worker},
                },
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": f"{group}-leader", "namespace": namespace},
            "spec": {
                "ports": [{"name": "http", "port": PORT, "protocol": "TCP", "targetPort": PORT}],
                "selector": {"leaderworkerset.sigs.k8s.io/name": group, **labels},
                "type": "ClusterIP",
            },
        },
    ]


def _pod(name: str, script: str, **fields: Any) -> dict[str, Any]:
    environment = {"HF_TOKEN": HUB_TOKEN, "HF_ENDPOINT": HUB_URL}
    resources = {"nvidia.com/gpu": "1", "memory": "6Gi"}
    container = {
        "name": f"vllm-{name}",
        "image": OPEN_NIM_REF,
        "command": ["sh", "-c", script],
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "resources": {"limits": resources, "requests": {**resources, "cpu": "500m"}},
        "volumeMounts": [{"mountPath": "/dev/shm", "name": "dshm"}],
        **fields,
    }
    volume = {"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}
    return {"containers": [container], "volumes": [volume]}


class Peer:
    """The example in a namespace of its own, which goes with it."""

    namespace, group = "prove-peer", "vllm"

    def __enter__(self) -> "Peer":
        self.__exit__()
        kubectl("create", "namespace", self.namespace)
        apply(*manifests(self.namespace, self.group))
        return self

    def __exit__(self, *_: object) -> None:
        kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=true")

    def serves(self) -> Leader:
        """Its Service, once it answers."""
        service = Leader.of(f"http://{self.group}-leader.{self.namespace}.svc:{PORT}/v1")
        until("the example serves", lambda: service.chat(PROMPT, tokens=1), START_SECONDS)
        return service
