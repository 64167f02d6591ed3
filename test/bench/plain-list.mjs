// A floor of the agent's memory: the same lists, page by page, kept as they were parsed.
//   node plain-list.mjs KUBECONFIG PATH...     says "listed N" and stays
import { Buffer } from "node:buffer"
import { readFileSync } from "node:fs"
import { Agent, request } from "node:https"

const [kubeconfig, ...paths] = process.argv.slice(2)
const { clusters, users } = JSON.parse(readFileSync(kubeconfig, "utf8"))
const { server, "certificate-authority-data": authority } = clusters[0].cluster
const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: Buffer.from(authority, "base64") })
const headers = { authorization: `Bearer ${users[0].user.token}` }

const get = (path) =>
  new Promise((resolve, reject) => {
    request(server + path, { agent, headers }, (response) => {
      const parts = []
      response.on("data", (part) => parts.push(part))
      response.on("end", () =>
        resolve(response.statusCode === 200 ? JSON.parse(Buffer.concat(parts).toString()) : undefined),
      )
    })
      .on("error", reject)
      .end()
  })

const kept = []
for (const path of paths)
  for (let after = ""; after !== undefined;) {
    const page = await get(`${path}?limit=500${after && `&continue=${encodeURIComponent(after)}`}`)
    kept.push(...(page?.items ?? []))
    after = page?.metadata.continue || undefined
  }
console.log(`listed ${kept.length}`)
setInterval(() => kept.length, 2 ** 30)
