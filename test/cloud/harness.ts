import { randomBytes } from "node:crypto"
import { pino } from "pino"
import type { Role } from "#shared/api/session.ts"
import { type Actor, actorOf } from "#cloud/auth/actor.ts"
import { createSignInCode, signIn } from "#cloud/auth/sign-in.ts"
import { createSigner, newKeyRing } from "#cloud/auth/signer.ts"
import { type Cloud, type Sockets, hashOf } from "#cloud/cloud.ts"
import { openEmbedded } from "#cloud/store/embedded.ts"
import { Organizations } from "#cloud/store/organization.ts"
import { createTable, ensureTable } from "#cloud/store/table.ts"
import { Tokens } from "#cloud/store/token.ts"

/** Sockets that remember what was sent. `open` holds the connections that are up. */
export type FakeSockets = Sockets & {
  open: Set<string>
  sent: { connection: string; text: string }[]
  closed: { connection: string; code: number; reason: string }[]
}

export function createFakeSockets(): FakeSockets {
  const open = new Set<string>()
  const sent: FakeSockets["sent"] = []
  const closed: FakeSockets["closed"] = []
  return {
    open,
    sent,
    closed,
    send(connection, text) {
      if (!open.has(connection)) return Promise.resolve("gone")
      sent.push({ connection, text })
      return Promise.resolve("sent")
    },
    close(connection, code, reason) {
      if (open.delete(connection)) closed.push({ connection, code, reason })
      return Promise.resolve()
    },
  }
}

/** An organization with its owner: cookie and API tokens of each role. */
export type Tenant = {
  organizationId: string
  user: Organizations.User
  /** The value of the owner's session cookie. */
  cookie: string
  owner: Actor
  tokens: Record<Role, string>
}

export type TestCloud = {
  cloud: Cloud
  clock: { at: number; advance(ms: number): void }
  sockets: FakeSockets
  /** Everything that was logged, as JSON lines. */
  logs: string[]
  tenant: Tenant
  /** A second organization, which must see nothing of the first. */
  other: Tenant
  /** The same cloud as another process has it: over the same database, with a memory of its own. */
  otherProcess(): Cloud
  close(): Promise<void>
}

const roles: readonly Role[] = ["owner", "admin", "operator", "viewer"]

export async function createTenant(cloud: Cloud, name: string): Promise<Tenant> {
  const user = await Organizations.userOf(cloud, `${name}@example.com`, name)
  const { organizationId } = await Organizations.create(cloud, name, user)
  const { cookie } = await signIn(cloud, await createSignInCode(cloud, user.userId))
  const secrets = await Promise.all(
    roles.map(async (role): Promise<[Role, string]> => {
      const input = { name: role, role, clusters: null, expiresInDays: 90, createdBy: user.email }
      return [role, (await Tokens.create(cloud, organizationId, input)).secret]
    }),
  )
  return {
    organizationId,
    user,
    cookie,
    owner: await actorOf(cloud, hashOf(cookie)),
    tokens: Object.fromEntries(secrets) as Record<Role, string>,
  }
}

/** A cloud over a database in memory, with a clock that stands still, sockets that remember, and two organizations. */
export async function startTestCloud(overrides: Partial<Cloud> = {}): Promise<TestCloud> {
  const database = await openEmbedded(null)
  const name = `smm-${randomBytes(4).toString("hex")}`
  await ensureTable(database.client, name)
  const clock = {
    at: Date.UTC(2026, 10, 24, 12),
    advance(ms: number) {
      clock.at += ms
    },
  }
  const sockets = createFakeSockets()
  const logs: string[] = []
  const cloud: Cloud = {
    table: createTable({ client: database.client, name, now: () => clock.at }),
    sockets,
    now: () => clock.at,
    publicUrl: "http://127.0.0.1:8080",
    socketUrl: "ws://127.0.0.1:8080",
    origins: ["http://127.0.0.1:8080"],
    agentImage: "registry.example/smm-agent:test",
    signer: createSigner(newKeyRing()),
    log: pino({ level: "debug" }, { write: (line: string) => void logs.push(line) }),
    ...overrides,
  }
  return {
    cloud,
    clock,
    sockets,
    logs,
    tenant: await createTenant(cloud, "acme"),
    other: await createTenant(cloud, "globex"),
    otherProcess: () => ({
      ...cloud,
      table: createTable({ client: database.client, name, now: () => clock.at }),
    }),
    close: database.close,
  }
}
