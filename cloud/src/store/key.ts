/**
 * Every key of the table. A partition is an organization, or one cluster of it; the organization comes first in each key. Only `secret`,
 * `connection` and the two reverse look-ups are found without one: they are what tells the organization of a caller.
 */
const minute = 60_000
const padded = (number: number): string => String(number).padStart(15, "0")

export const key = {
  organization: (org: string) => ({ pk: org, sk: "organization" }),
  member: (org: string, user: string) => ({ pk: org, sk: `member#${user}` }),
  token: (org: string, token: string) => ({ pk: org, sk: `token#${token}` }),
  suppression: (org: string, id: string) => ({ pk: org, sk: `suppression#${id}` }),
  cluster: (org: string, cluster: string) => ({ pk: org, sk: `cluster#${cluster}` }),
  clusterName: (org: string, name: string) => ({ pk: org, sk: `cluster-name#${name}` }),
  clusterUid: (org: string, uid: string) => ({ pk: org, sk: `cluster-uid#${uid}` }),
  /** Subscriptions of the organization's consoles. */
  watch: (org: string, connection: string, id: string) => ({
    pk: `${org}#watch`,
    sk: `watch#${connection}#${id}`,
  }),

  link: (org: string, cluster: string) => ({ pk: `${org}#${cluster}`, sk: "link" }),
  status: (org: string, cluster: string) => ({ pk: `${org}#${cluster}`, sk: "status" }),
  agentKey: (org: string, cluster: string, id: string) => ({ pk: `${org}#${cluster}`, sk: `key#${id}` }),
  nonce: (org: string, cluster: string, nonce: string) => ({ pk: `${org}#${cluster}`, sk: `nonce#${nonce}` }),
  object: (org: string, cluster: string, kind: string, namespace: string, name: string) => ({
    pk: `${org}#${cluster}`,
    sk: `object#${kind}#${namespace}#${name}`,
  }),
  /** What an object of configuration was before it became this version (`gone`: before it was removed). */
  previous: (
    org: string,
    cluster: string,
    at: { kind: string; namespace: string; name: string; version: string },
  ) => ({
    pk: `${org}#${cluster}`,
    sk: `previous#${at.kind}#${at.namespace}#${at.name}#${at.version}`,
  }),
  fact: (org: string, cluster: string, id: string) => ({ pk: `${org}#${cluster}`, sk: `fact#${id}` }),
  /** Counts the changes of facts: what a process remembers of them is good for as long as this is the same. */
  factsVersion: (org: string, cluster: string) => ({ pk: `${org}#${cluster}`, sk: "facts-version" }),
  bucket: (org: string, cluster: string, kind: string, namespace: string) => ({
    pk: `${org}#${cluster}`,
    sk: `bucket#${kind}#${namespace}`,
  }),
  /** One tick a minute: a later one of the same minute replaces it. */
  tick: (org: string, cluster: string, at: number) => ({
    pk: `${org}#${cluster}`,
    sk: `tick#${padded(Math.floor(at / minute) * minute)}`,
  }),
  event: (org: string, cluster: string, at: number, tail: string) => ({
    pk: `${org}#${cluster}`,
    sk: `event#${padded(at)}#${tail}`,
  }),

  /** What an agent was asked to do. By its id, which begins with the time. */
  command: (org: string, cluster: string, id: string) => ({ pk: `${org}#${cluster}`, sk: `command#${id}` }),
  /** Of those that may wait longer than the others. */
  queued: (org: string, cluster: string, id: string) => ({ pk: `${org}#${cluster}`, sk: `queued#${id}` }),

  /** A change as it was asked for; what became of it follows it, one item for each thing that happened. Written once, never changed. */
  change: (org: string, change: string) => ({ pk: `${org}#change`, sk: `change#${change}` }),
  changeEvent: (org: string, change: string, kind: string, cluster: string) => ({
    pk: `${org}#change`,
    sk: `change#${change}#${kind}#${cluster}`,
  }),
  /** Which entry was made of something that an agent saw, where its clock is not to be trusted. */
  observed: (org: string, cluster: string, id: string) => ({
    pk: `${org}#change`,
    sk: `observed#${cluster}#${id}`,
  }),

  /** `hash` is SHA-256 of the secret: what is stored cannot be used. */
  secret: (hash: string) => ({ pk: `secret#${hash}`, sk: "secret" }),
  connection: (id: string) => ({ pk: `connection#${id}`, sk: "connection" }),
  part: (connection: string, group: string, index: number) => ({
    pk: `connection#${connection}`,
    sk: `part#${group}#${String(index).padStart(3, "0")}`,
  }),
  clusterOwner: (cluster: string) => ({ pk: `owner#${cluster}`, sk: "owner" }),
  membership: (user: string, org: string) => ({ pk: user, sk: `membership#${org}` }),
  email: (email: string) => ({ pk: `email#${email}`, sk: "email" }),
}

export const partition = {
  organization: (org: string): string => org,
  watch: (org: string): string => `${org}#watch`,
  change: (org: string): string => `${org}#change`,
  cluster: (org: string, cluster: string): string => `${org}#${cluster}`,
  connection: (id: string): string => `connection#${id}`,
  user: (user: string): string => user,
}
