export const namespaceKind = "Namespace"
export const podKind = "Pod"
export const serviceKind = "Service"
export const configMapKind = "ConfigMap"
export const deploymentKind = "Deployment.apps"
export const proxyConfigKind = "ProxyConfig.networking.istio.io"
export const requestAuthenticationKind = "RequestAuthentication.security.istio.io"
export const mutatingKind = "MutatingWebhookConfiguration.admissionregistration.k8s.io"
export const validatingKind = "ValidatingWebhookConfiguration.admissionregistration.k8s.io"

/** Namespaces of Kubernetes itself, in which nobody wants a sidecar. */
export const systemNamespaces: ReadonlySet<string> = new Set([
  "kube-system",
  "kube-public",
  "kube-node-lease",
  "local-path-storage",
])
