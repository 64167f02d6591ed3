import { describe, expect, test } from "vitest"
import { skipNote } from "../skip.ts"
import { bedMissing, startBed } from "./bed.ts"
import { askAll, differences, explainerOf } from "./compare.ts"
import { httpMesh } from "./http-mesh.ts"

describe.skipIf(skipNote("the model of routes against istiod and Envoy", bedMissing()))(
  "a random mesh",
  () => {
    test.each(Array.from({ length: 40 }, (_, i) => i + 1))(
      "seed %i: the model gives Envoy's route, status and destination for every request",
      async (seed) => {
        const { objects, proxies, questions } = httpMesh(seed)
        const bed = await startBed(objects, proxies)
        try {
          for (const { name } of proxies)
            for (const [stat, refused] of await bed.stats(name, /(lds|cds|rds).*update_rejected$/))
              expect([stat, refused]).toEqual([stat, 0])
          const logged = await askAll(bed, questions)
          const explainer = explainerOf(objects, proxies)
          const wrong = questions.flatMap((question) => {
            const real = logged.get(String(question.id))
            const said = explainer.explain(question)
            const found = real ? differences(said, real) : ["not logged"]
            return found.map((what) => `${what}: ${JSON.stringify(question)}`)
          })
          expect(wrong.slice(0, 20)).toEqual([])
        } finally {
          await bed.stop()
        }
      },
    )
  },
)
