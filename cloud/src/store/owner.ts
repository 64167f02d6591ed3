/** A cluster of an organization: whose inventory this is. */
export type Owner = { organizationId: string; clusterId: string }
