import type { Context } from "hono"
import type { z } from "zod"
import type { Operation } from "#shared/api/operations.ts"
import { AppError } from "#shared/error.ts"

type Issue = { path: string; message: string }

const issuesOf = (error: z.ZodError): Issue[] =>
  error.issues.map(({ path, message }) => ({ path: path.join("."), message }))

function check(schema: z.ZodType | undefined, value: unknown, issues: Issue[]): unknown {
  if (!schema) return undefined
  const parsed = schema.safeParse(value)
  if (!parsed.success) issues.push(...issuesOf(parsed.error))
  return parsed.data
}

const queryOf = (c: Context): Record<string, string | string[] | undefined> =>
  Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, values]) => [name, values.length > 1 ? values : values[0]]),
  )

async function bodyOf(c: Context): Promise<unknown> {
  const type = c.req.header("content-type") ?? ""
  if (!/^application\/json\b/i.test(type))
    throw new AppError("input.invalid", `the body wants content-type application/json, not "${type}"`)
  try {
    return await c.req.json()
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError("input.invalid", "the body is not JSON", {}, { cause })
  }
}

/** Parameters, query and body by the operation's schemas. @throws AppError input.invalid with one issue for each bad field */
export async function inputOf(
  operation: Operation,
  c: Context,
): Promise<{ params: unknown; query: unknown; body: unknown }> {
  const issues: Issue[] = []
  const params = check(operation.params, c.req.param(), issues)
  const query = check(operation.query, queryOf(c), issues)
  const body = operation.body ? check(operation.body, await bodyOf(c), issues) : undefined
  if (issues.length > 0)
    throw new AppError(
      "input.invalid",
      issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; "),
      { issues },
    )
  return { params, query, body }
}
