import { z } from "zod"
import { type Operation, operations } from "#shared/api/operations.ts"
import { Problem, problemOf } from "#shared/problem.ts"
import { errorExamples } from "./error-examples.ts"

type Json = Record<string, unknown>
type Components = Map<string, Json>

const refTo = (id: string): string => `#/components/schemas/${id}`

/** Moves the definitions of a schema to the components and points its references there. */
function hoist(schema: Json, components: Components): Json {
  const { $schema: _schema, $defs, id: _id, ...rest } = schema
  for (const [id, definition] of Object.entries(($defs ?? {}) as Record<string, Json>))
    components.set(id, repoint(hoist(definition, components)) as Json)
  return repoint(rest) as Json
}

function repoint(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(repoint)
  if (value === null || typeof value !== "object") return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      key === "$ref" && typeof field === "string" ? field.replace("#/$defs/", refTo("")) : repoint(field),
    ]),
  )
}

/** Answers may grow: a reader takes what it does not know. */
const open = ({ jsonSchema }: { jsonSchema: Json }): void => {
  if (jsonSchema["additionalProperties"] === false) delete jsonSchema["additionalProperties"]
}

/** The schema as a reference when it has a name (its definition goes to the components), inline otherwise. */
const schemaOf = (schema: z.ZodType, io: "input" | "output", components: Components): Json =>
  hoist(z.toJSONSchema(schema, { io, target: "draft-2020-12", override: open }) as Json, components)

/** A parameter as the caller writes it: what is converted from text is described by what it becomes. */
function parameterSchema(schema: z.ZodType, components: Components): Json {
  try {
    return schemaOf(schema, "output", components)
  } catch {
    return schemaOf(schema, "input", components)
  }
}

const parametersOf = (
  object: z.ZodObject | undefined,
  where: "path" | "query",
  components: Components,
): Json[] =>
  Object.entries(object?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: where,
    required: where === "path" || !(schema as z.ZodType).safeParse(undefined).success,
    schema: parameterSchema(schema as z.ZodType, components),
  }))

const organizationHeader = {
  name: "smm-org",
  in: "header",
  required: false,
  description: "The organization to work in, for people who are in several",
  schema: { type: "string" },
}

const problem = (status: string): Json => ({ $ref: `#/components/responses/Problem${status}` })

function responsesOf(name: string, operation: Operation, components: Components): Json {
  const { status, answer } = operation
  const json = answer ? { "application/json": { schema: schemaOf(answer, "output", components) } } : undefined
  const yaml = name === "getObject" ? { "application/yaml": { schema: { type: "string" } } } : {}
  return {
    [String(status)]: {
      description: operation.summary,
      headers: {
        "x-request-id": { schema: { type: "string" } },
        ...(operation.method === "get" ? { etag: { schema: { type: "string" } } } : {}),
      },
      ...(json ? { content: { ...json, ...yaml } } : {}),
    },
    ...(operation.method === "get" ? { "304": { description: "You have it already (If-None-Match)" } } : {}),
    ...Object.fromEntries(statusesOf(operation).map((code) => [code, problem(code)])),
    default: problem("500"),
  }
}

function statusesOf(operation: Operation): string[] {
  const takesInput = operation.params ?? operation.query ?? operation.body
  return [
    ...(takesInput ? ["400"] : []),
    "401",
    ...(operation.role === null ? [] : ["403", "404"]),
    ...(operation.body ? ["409", "413"] : []),
    "429",
  ]
}

function operationOf(name: string, operation: Operation, components: Components): Json {
  return {
    operationId: name,
    summary: operation.summary,
    tags: [operation.tag],
    ...(operation.role === null
      ? { security: [] }
      : {
          description: `Role: ${operation.role}${operation.people ? "; people only" : ""}`,
          ...(operation.people ? { security: [{ session: [] }] } : {}),
        }),
    parameters: [
      ...parametersOf(operation.params, "path", components),
      ...parametersOf(operation.query, "query", components),
      ...(operation.role === null ? [] : [organizationHeader]),
    ],
    ...(operation.body
      ? {
          requestBody: {
            required: true,
            content: { "application/json": { schema: schemaOf(operation.body, "input", components) } },
          },
        }
      : {}),
    responses: responsesOf(name, operation, components),
  }
}

function problemResponses(): Json {
  return Object.fromEntries(
    Object.entries(errorExamples).map(([status, { description, errors }]) => [
      `Problem${status}`,
      {
        description,
        content: {
          "application/problem+json": {
            schema: { $ref: refTo("Problem") },
            examples: Object.fromEntries(
              errors.map((error) => [error.code, { value: problemOf(error, "01J9Z3QK5V8E2M7C4T6B1N0PXA") }]),
            ),
          },
        },
      },
    ]),
  )
}

/** OpenAPI 3.1 of the table of operations, from the same schemas that check requests and, in tests, answers. */
export function openApi(server: string, cookieName: string): Json {
  const components: Components = new Map()
  const paths: Record<string, Json> = {}
  for (const [name, operation] of Object.entries(operations) as [string, Operation][]) {
    const path = (paths[operation.path] ??= {})
    path[operation.method] = operationOf(name, operation, components)
  }
  schemaOf(Problem, "output", components)
  return {
    openapi: "3.1.0",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: {
      title: "Service Mesh Manager",
      version: "1",
      description:
        "Errors are problem documents (RFC 9457) with stable codes. Lists of unlimited length are paged by cursor. Moments are milliseconds since 1970 UTC.",
      license: { name: "Proprietary" },
    },
    servers: [{ url: `${server}/api/v1` }],
    security: [{ token: [] }, { session: [] }],
    tags: [...new Set(Object.values(operations).map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: problemResponses(),
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "An API token: smm_ and 43 characters" },
        session: {
          type: "apiKey",
          in: "cookie",
          name: cookieName,
          description: "The console's session cookie",
        },
      },
    },
  }
}
