"""A release manifest in miniature: the kinds, the order and the names of LWS 0.9, without its schemas."""

MANIFEST = """\
apiVersion: v1
kind: Namespace
metadata: {name: lws-system}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: leaderworkersets.leaderworkerset.x-k8s.io
  annotations: {controller-gen.kubebuilder.io/version: v0.1}
spec:
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        properties:
          status: {properties: {observedGeneration: {type: integer}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: lws-controller-manager, namespace: lws-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: lws-manager-role}
rules: []
---
apiVersion: v1
kind: Secret
metadata: {name: lws-webhook-server-cert, namespace: lws-system}
data: {tls.key: c2VjcmV0}
---
apiVersion: v1
kind: Service
metadata: {name: lws-webhook-service, namespace: lws-system}
spec: {ports: [{port: 443}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: lws-controller-manager, namespace: lws-system}
spec: {replicas: 2}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: lws-mutating-webhook-configuration}
webhooks: [{name: mleaderworkerset.kb.io}]
"""
