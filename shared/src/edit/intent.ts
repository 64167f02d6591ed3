import { z } from "zod"
import { KubeObject } from "../kube/object-schema.ts"
import { Edit, Ref } from "./edit-schema.ts"
import {
  CircuitBreakerForm,
  ClientTlsForm,
  FaultControlForm,
  LoadBalancingForm,
  MirrorForm,
  MtlsForm,
  MtlsScope,
  PolicyScope,
  RoutingForm,
  ServiceName,
  ShiftForm,
} from "./form.ts"

const service = { service: ServiceName }

/** What a person wants, in the words of a control; `set: null` takes away what the control has set. */
export const Intent = z
  .discriminatedUnion("control", [
    z.strictObject({ control: z.literal("routing"), ...service, set: RoutingForm.nullable() }),
    /** Taking a shift away leaves one route to the whole service. */
    z.strictObject({ control: z.literal("shift"), ...service, set: ShiftForm.nullable() }),
    z.strictObject({ control: z.literal("mirror"), ...service, set: MirrorForm.nullable() }),
    z.strictObject({ control: z.literal("fault"), ...service, set: FaultControlForm.nullable() }),
    z.strictObject({
      control: z.literal("circuit-breaker"),
      ...service,
      scope: PolicyScope.default({}),
      set: CircuitBreakerForm.nullable(),
    }),
    z.strictObject({
      control: z.literal("load-balancing"),
      ...service,
      scope: PolicyScope.default({}),
      set: LoadBalancingForm.nullable(),
    }),
    z.strictObject({
      control: z.literal("client-tls"),
      ...service,
      scope: PolicyScope.default({}),
      set: ClientTlsForm.nullable(),
    }),
    z.strictObject({ control: z.literal("mtls"), scope: MtlsScope, set: MtlsForm }),
    /** Objects as they are to be (but for what Kubernetes itself keeps in metadata and status), and objects that are to go. */
    z.strictObject({
      control: z.literal("objects"),
      put: z.array(KubeObject).max(100).default([]),
      remove: z.array(Ref).max(100).default([]),
    }),
    /** The fix of a finding. */
    z.strictObject({
      control: z.literal("fix"),
      code: z.string().max(128),
      edits: z.array(Edit).min(1).max(100),
    }),
    /** The inverse of a change, on what is there now. */
    z.strictObject({ control: z.literal("undo"), changeId: z.string().max(64) }),
  ])
  .meta({ id: "Intent" })
export type Intent = z.infer<typeof Intent>

/** The controls with a form, by the names they have in the console, the CLI and the API. */
export const formControls = [
  "routing",
  "shift",
  "mirror",
  "fault",
  "circuit-breaker",
  "load-balancing",
  "client-tls",
  "mtls",
] as const
export const FormControl = z.enum(formControls)
export type FormControl = z.infer<typeof FormControl>
