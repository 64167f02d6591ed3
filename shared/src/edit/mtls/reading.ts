import { type MtlsMode as Effective, peerAuthenticationFor } from "../../istio/peer-authentication.ts"
import type { Config } from "../../istio/mesh.ts"
import type { MtlsForm, MtlsScope } from "../form.ts"
import type { MtlsReading, Reading, Warning } from "../plan.ts"
import { versionsOf } from "../route/versions.ts"
import type { World } from "../world.ts"
import { type Place, modeOf, ownOf, placeOf, saidAt, selecting, wideIn } from "./place.ts"

type Level = MtlsReading["levels"][number]

const levelOf = (level: Level["level"], config: Config | undefined, mode: Level["mode"]): Level => ({
  level,
  mode,
  object: config?.object ?? null,
})

/** The closest first. */
function levelsOf(world: World, place: Place): Level[] {
  const root = world.mesh.settings.rootNamespace
  const wide = (level: "mesh" | "namespace", namespace: string): Level => {
    const config = wideIn(world, namespace)
    return levelOf(level, config, modeOf(config?.spec["mtls"]))
  }
  const levels = [wide("mesh", root)]
  if (place.level !== "mesh") levels.unshift(wide("namespace", place.namespace))
  if (place.service === undefined) return levels
  const config = selecting(world, place) ?? ownOf(world, place)
  levels.unshift(levelOf("service", config, modeOf(config?.spec["mtls"])))
  if (place.level === "port")
    levels.unshift(levelOf("port", config, config === undefined ? "UNSET" : saidAt(config.spec, place)))
  return levels
}

/** What the servers of a place ask of their clients; where they differ, with a sentence that says so. */
export function effectiveAt(
  world: World,
  { servers, containerPorts }: Place,
): { mode: Effective; message: string } {
  const ports = containerPorts.length > 0 ? containerPorts : [0]
  const all = servers.flatMap((server) =>
    ports.map((port) => peerAuthenticationFor(world.mesh, server, port)),
  )
  const [first] = all
  const modes = new Set(all.map(({ mode }) => mode))
  const said = first?.reasons[0]?.text ?? ""
  return {
    mode: first?.mode ?? "PERMISSIVE",
    message: modes.size < 2 ? said : `${said}; of other pods it asks ${[...modes].slice(1).join(", ")}`,
  }
}

/** Clients' proxies choose mutual TLS by themselves, unless MeshConfig says otherwise. Source: istio.io, MeshConfig.enableAutoMtls. */
export const autoOff = (world: World): Warning[] =>
  world.mesh.settings.autoMtls
    ? []
    : [
        {
          code: "mtls.auto_off",
          message:
            "enableAutoMtls is false in MeshConfig: proxies send plain text wherever no DestinationRule asks for ISTIO_MUTUAL, and are refused where mutual TLS is required",
        },
      ]

/** The selecting PeerAuthentication that counts, where that is another one than the service's own. */
export function overruled(world: World, place: Place): Warning[] {
  if (place.service === undefined) return []
  const [counts, own] = [selecting(world, place), ownOf(world, place)]
  if (counts === undefined || own === undefined || counts.object.name === own.object.name) return []
  return [
    {
      code: "mtls.overruled",
      message: `PeerAuthentication ${counts.object.name} selects the same pods and is older: it counts, and ${own.object.name} does not`,
    },
  ]
}

/** What mutual TLS is said at a place, what counts there, and where that comes from. @throws AppError input.invalid */
export function read(world: World, scope: MtlsScope): Reading<MtlsForm> {
  const place = placeOf(world, scope)
  const config = ownOf(world, place)
  const mode = config === undefined ? "UNSET" : saidAt(config.spec, place)
  const levels = levelsOf(world, place)
  const objects = new Map(
    levels.flatMap(({ object }) => (object === null ? [] : [[`${object.namespace}/${object.name}`, object]])),
  )
  const effective = effectiveAt(world, place)
  return {
    control: "mtls",
    form: mode === "UNSET" ? null : { mode },
    api: "istio",
    objects: [...objects.values()],
    unshown: [],
    versions: place.service === undefined ? [] : versionsOf(world, place.service),
    shadowed: [],
    warnings: [...autoOff(world), ...overruled(world, place)],
    mtls: { effective: effective.mode, message: effective.message, levels },
  }
}
