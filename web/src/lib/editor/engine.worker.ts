import { editedFamilies } from "#shared/validation/edited-families.ts"
import { schemaOf } from "#shared/validation/family/structure/problems.ts"
import { kindsRead } from "#shared/validation/check.ts"
import { CheckSession } from "./check-session.ts"
import { fieldsAt, valuesAt } from "./completion.ts"
import { documentationOf } from "./documentation.ts"
import { readMesh } from "./mesh-reader.ts"
import type { Ask, Tell } from "./messages.ts"

const hourMs = 3_600_000

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<Ask>) => void) | null
  postMessage: (message: Tell) => void
}
const tell = (message: Tell): void => scope.postMessage(message)
const session = new CheckSession(editedFamilies, () => performance.now())

async function read(path: string, organization: string | undefined): Promise<unknown> {
  const answer = await fetch(`/api/v1${path}`, {
    credentials: "same-origin",
    headers: { accept: "application/json", ...(organization ? { "smm-org": organization } : {}) },
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`)
  return answer.json()
}

async function start(organization: string | undefined): Promise<void> {
  const at = Date.now()
  try {
    await readMesh((path) => read(path, organization), kindsRead(editedFamilies), {
      state: (cluster, kind, state) => session.state(cluster, kind, state),
      objects: (cluster, objects) => session.load(cluster, objects),
      progress: (kinds, of) => tell({ type: "progress", kinds, of, objects: session.objects }),
    })
    session.loaded(Math.floor(at / hourMs) * hourMs)
    tell({ type: "ready", objects: session.objects, unasked: session.unasked, at })
  } catch (error) {
    tell({ type: "failed", message: error instanceof Error ? error.message : String(error) })
  }
}

scope.onmessage = ({ data }) => {
  if (data.type === "start") void start(data.organization)
  else if (data.type === "check")
    tell({ type: "checked", id: data.id, checked: session.check(data.proposed) })
  else if (data.type === "describe") {
    const { id, kind, version, path } = data
    tell({ type: "described", id, documentation: documentationOf(kind, version, path) })
  } else {
    const { id, kind, version, path, writes } = data
    const schema = schemaOf(kind, version) ?? schemaOf(kind)
    tell({ type: "choices", id, choices: (writes === "field" ? fieldsAt : valuesAt)(schema, path) })
  }
}
