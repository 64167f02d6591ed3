import type { Handlers } from "./call.ts"
import {
  createChange,
  getAccess,
  getChange,
  getControl,
  listChanges,
  previewChange,
  releaseChange,
} from "./changes.ts"
import {
  createCluster,
  createJoinToken,
  getCluster,
  listClusterEvents,
  listClusters,
  removeCluster,
  revokeCluster,
  updateCluster,
} from "./clusters.ts"
import { getObject, listKinds, listObjects } from "./inventory.ts"
import { createMember, listMembers, removeMember, updateMember } from "./members.ts"
import {
  getService,
  getTopology,
  getTopologySources,
  getWorkload,
  listServices,
  listWorkloads,
} from "./mesh.ts"
import { createOrganization, getOrganization, updateOrganization } from "./organization.ts"
import { getSeries } from "./series.ts"
import { createSocketTicket, session } from "./session.ts"
import {
  createSuppression,
  listFindings,
  listRules,
  listSuppressions,
  removeSuppression,
  validate,
} from "./validation.ts"
import { createToken, listTokens, removeToken } from "./tokens.ts"

/** Every operation of the table but those that change the cookie. The type leaves none out. */
export const handlers: Handlers = {
  getSession: session,
  createSocketTicket,
  getOrganization,
  updateOrganization,
  createOrganization,
  listMembers,
  createMember,
  updateMember,
  removeMember,
  listTokens,
  createToken,
  removeToken,
  listClusters,
  createCluster,
  getCluster,
  updateCluster,
  removeCluster,
  createJoinToken,
  revokeCluster,
  listClusterEvents,
  listKinds,
  listObjects,
  getObject,
  getTopology,
  getTopologySources,
  listServices,
  getService,
  listWorkloads,
  getWorkload,
  getSeries,
  listFindings,
  validate,
  listRules,
  listSuppressions,
  createSuppression,
  removeSuppression,
  getControl,
  getAccess,
  previewChange,
  createChange,
  listChanges,
  getChange,
  releaseChange,
}
