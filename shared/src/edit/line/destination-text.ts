import type { Destination } from "../form.ts"
import { FlagFault } from "./fault.ts"

/**
 * Where requests go, as `--to` takes it: a version of the service (`v3`, with a port `v3:9080`, with a share `v3=20`), or in full
 * `host=HOST,subset=SUBSET,port=PORT,share=20`.
 */
export type Target = { destination: Destination; share: number | undefined }

const short = /^([A-Za-z0-9][\w.-]*)(?::(\d{1,5}))?(?:=(\d+(?:\.\d+)?))?$/
const full = /^(?:host|subset|port|share)=/

const wants = "wants a version such as v3, v3:9080 or v3=20, or host=HOST,subset=SUBSET,port=PORT,share=20"

function fullTarget(text: string): Target {
  const said = new Map<string, string>()
  for (const part of text.split(",")) {
    const [, key, value = ""] = /^(host|subset|port|share)=(.+)$/.exec(part) ?? []
    if (key === undefined || said.has(key)) throw new FlagFault(`"${text}" ${wants}`)
    said.set(key, value)
  }
  const numberAt = (key: string): number | undefined => {
    const value = said.get(key)
    if (value !== undefined && !/^\d+(?:\.\d+)?$/.test(value))
      throw new FlagFault(`"${text}": ${key} "${value}" is no number`)
    return value === undefined ? undefined : Number(value)
  }
  const [host, subset, port] = [said.get("host"), said.get("subset"), numberAt("port")]
  const destination = {
    ...(host === undefined ? {} : { host }),
    ...(subset === undefined ? {} : { subset }),
    ...(port === undefined ? {} : { port }),
  }
  return { destination, share: numberAt("share") }
}

/** @throws FlagFault */
export function targetOf(text: string): Target {
  if (full.test(text)) return fullTarget(text)
  const [, subset, port, share] = short.exec(text) ?? []
  if (subset === undefined) throw new FlagFault(`"${text}" ${wants}`)
  return {
    destination: { subset, ...(port === undefined ? {} : { port: Number(port) }) },
    share: share === undefined ? undefined : Number(share),
  }
}

/** The text that `targetOf` reads; of a target that has none, one that it refuses or reads otherwise. */
export function targetText({ destination, share }: Target): string {
  const { host, subset, port } = destination
  const plain = host === undefined && subset !== undefined && !/^(?:host|subset|port|share)$/.test(subset)
  if (plain)
    return `${subset}${port === undefined ? "" : `:${port}`}${share === undefined ? "" : `=${share}`}`
  return Object.entries({ host, subset, port, share })
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]))
    .join(",")
}
