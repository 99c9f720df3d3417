"""Provisioners of storage, and whether several nodes can write to one volume of theirs.

From the drivers' own documentation; a driver that is not here may do either.
"""

from collections.abc import Mapping

from nim_stack.base.documents import Json

SHARED: Mapping[str, str] = {
    "efs.csi.aws.com": "EFS",
    "fsx.csi.aws.com": "FSx for Lustre",
    "fsx.openzfs.csi.aws.com": "FSx for OpenZFS",
    "filestore.csi.storage.gke.io": "Filestore",
    "lustre.csi.storage.gke.io": "Managed Lustre",
    "gcsfuse.csi.storage.gke.io": "Cloud Storage FUSE",
    "file.csi.azure.com": "Azure Files",
    "azurelustre.csi.azure.com": "Azure Managed Lustre",
    "nfs.csi.k8s.io": "NFS",
    "smb.csi.k8s.io": "SMB",
    "beegfs.csi.netapp.com": "BeeGFS",
    "csi.juicefs.com": "JuiceFS",
    "csi.weka.io": "WEKA",
    "csi.vastdata.com": "VAST",
    "csi-isilon.dellemc.com": "PowerScale",
}
ONE_NODE: Mapping[str, str] = {
    "ebs.csi.aws.com": "EBS",
    "kubernetes.io/aws-ebs": "EBS",
    "pd.csi.storage.gke.io": "Persistent Disk",
    "kubernetes.io/gce-pd": "Persistent Disk",
    "disk.csi.azure.com": "Azure Disk",
    "kubernetes.io/azure-disk": "Azure Disk",
    "cinder.csi.openstack.org": "Cinder",
    "csi.vsphere.vmware.com": "vSphere block volumes (file volumes need vSAN file services)",
    "rancher.io/local-path": "a directory of the node",
    "openebs.io/local": "a directory of the node",
    "local.csi.openebs.io": "a disk of the node",
    "topolvm.io": "a disk of the node",
    "topolvm.cybozu.com": "a disk of the node",
    "microk8s.io/hostpath": "a directory of the node",
    "k8s.io/minikube-hostpath": "a directory of the node",
    "kubernetes.io/no-provisioner": "volumes that somebody makes beforehand, usually of one node",
}
_SHARED_ENDS = ("cephfs.csi.ceph.com", "/nfs-subdir-external-provisioner", "/nfs")
_ONE_NODE_ENDS = ("rbd.csi.ceph.com",)


def shared(storage_class: Json) -> tuple[bool | None, str]:
    """Whether a class can do ReadWriteMany (None: not known), and what it is."""
    provisioner: str = storage_class.get("provisioner", "")
    if provisioner in SHARED or provisioner.endswith(_SHARED_ENDS):
        return True, SHARED.get(provisioner, provisioner)
    if provisioner in ONE_NODE or provisioner.endswith(_ONE_NODE_ENDS):
        return False, ONE_NODE.get(provisioner, provisioner)
    return None, provisioner
