/** Names and namespaces become parts of keys: what no Kubernetes name holds is not looked up. */
export const isKubernetesName = (text: string): boolean => /^[\w.:-]{1,253}$/.test(text)
