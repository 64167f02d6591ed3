/** Kinds that rules ask about and that no agent reads, and why: wherever a cluster is judged by what its agent sends, they are not evaluated. */
export const unreadKinds: Readonly<Record<string, string>> = {
  Secret: "the agent never lists Secrets",
  ConfigMap: "the agent does not list ConfigMaps",
  "MutatingWebhookConfiguration.admissionregistration.k8s.io": "the agent does not list webhooks",
  "ValidatingWebhookConfiguration.admissionregistration.k8s.io": "the agent does not list webhooks",
  MeshNetworks: "the agent does not read the mesh's networks",
}
