import type { Cloud } from "../cloud.ts"
import { sayBye } from "./send.ts"

/** Sends an agent away at once: its cluster was revoked or removed, and it is not to come back with this identity. */
export const endLink = (cloud: Cloud, connection: string, message: string): Promise<void> =>
  sayBye(cloud, connection, { code: "link.revoked", message })
