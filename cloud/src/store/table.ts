import type { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb"
import {
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb"

export { ensureTable } from "./create-table.ts"

export type Item = { pk: string; sk: string; ttl?: number } & Record<string, unknown>

/** A condition of a write, in DynamoDB's own words; `values` without the colon. */
export type Condition = {
  expression: string
  values?: Record<string, unknown>
  names?: Record<string, string>
}

export type Range = {
  prefix?: string
  /** Inclusive bounds of sk, in place of `prefix`. */
  from?: string
  to?: string
  /** Starts behind this sk. */
  after?: string
  limit?: number
  reverse?: boolean
}

/** Of one attribute: DynamoDB takes items of at most 400 KB, keys and all. */
export const mostItemBytes = 380 * 1024

/**
 * The one table. Only single-item conditional writes are used (no transactions, no index, no stream), so that every DynamoDB
 * implementation will do; what has expired is not returned, whether or not the database has removed it.
 */
export type Table = {
  get(pk: string, sk: string): Promise<Item | undefined>
  /** `false` when the condition does not hold; otherwise the item that was there. */
  put(item: Item, condition?: Condition): Promise<false | { before: Item | undefined }>
  /** Sets (or, with undefined, removes) attributes; answers the new item, or `false` when the condition does not hold. */
  update(
    key: { pk: string; sk: string },
    set: Record<string, unknown>,
    options?: { condition?: Condition; add?: Record<string, number> },
  ): Promise<false | Item>
  /** The item that was there, `undefined` when there was none. `false` when the condition does not hold. */
  remove(pk: string, sk: string, condition?: Condition): Promise<false | Item | undefined>
  /** One page; `last` is where to go on, undefined at the end. */
  page(pk: string, range: Range): Promise<{ items: Item[]; last: string | undefined }>
  all(pk: string, range: Range): Promise<Item[]>
  /** Unconditional puts and deletes, any number, in no order; of one key the last put counts. */
  batch(put: readonly Item[], remove: readonly { pk: string; sk: string }[]): Promise<void>
}

const prefixed = (values: Record<string, unknown> = {}): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`:${key}`, value]))

const isConditionFailure = (error: unknown): boolean => error instanceof ConditionalCheckFailedException

function setExpression(
  set: Record<string, unknown>,
  add: Record<string, number>,
): { expression: string; names: Record<string, string>; values: Record<string, unknown> } {
  const names: Record<string, string> = {}
  const values: Record<string, unknown> = {}
  const parts = { SET: [] as string[], REMOVE: [] as string[], ADD: [] as string[] }
  Object.entries(set).forEach(([name, value], i) => {
    names[`#s${i}`] = name
    if (value === undefined) return parts.REMOVE.push(`#s${i}`)
    values[`:s${i}`] = value
    return parts.SET.push(`#s${i} = :s${i}`)
  })
  Object.entries(add).forEach(([name, value], i) => {
    names[`#a${i}`] = name
    values[`:a${i}`] = value
    parts.ADD.push(`#a${i} :a${i}`)
  })
  const expression = Object.entries(parts)
    .filter(([, list]) => list.length > 0)
    .map(([word, list]) => `${word} ${list.join(", ")}`)
    .join(" ")
  return { expression, names, values }
}

const keyCondition = ({
  prefix,
  from,
  to,
}: Range): { expression: string; values: Record<string, unknown> } => {
  if (prefix !== undefined) return { expression: "pk = :pk AND begins_with(sk, :prefix)", values: { prefix } }
  if (from !== undefined && to !== undefined)
    return { expression: "pk = :pk AND sk BETWEEN :from AND :to", values: { from, to } }
  return { expression: "pk = :pk", values: {} }
}

export type TableOptions = { client: DynamoDBClient; name: string; now: () => number }

export function createTable({ client, name, now }: TableOptions): Table {
  const db = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
  const fresh = (item: Item): boolean => item.ttl === undefined || item.ttl * 1000 > now()
  const conditionOf = (condition: Condition | undefined) =>
    condition && {
      ConditionExpression: condition.expression,
      ...(condition.values ? { ExpressionAttributeValues: prefixed(condition.values) } : {}),
      ...(condition.names ? { ExpressionAttributeNames: condition.names } : {}),
    }

  async function page(pk: string, range: Range): Promise<{ items: Item[]; last: string | undefined }> {
    const { expression, values } = keyCondition(range)
    const answer = await db.send(
      new QueryCommand({
        TableName: name,
        ConsistentRead: true,
        KeyConditionExpression: expression,
        ExpressionAttributeValues: { ":pk": pk, ...prefixed(values) },
        ScanIndexForward: range.reverse !== true,
        ...(range.limit === undefined ? {} : { Limit: range.limit }),
        ...(range.after === undefined ? {} : { ExclusiveStartKey: { pk, sk: range.after } }),
      }),
    )
    return {
      items: (answer.Items ?? []).filter((item): item is Item => fresh(item as Item)),
      last: answer.LastEvaluatedKey?.["sk"] as string | undefined,
    }
  }

  return {
    async get(pk, sk) {
      const { Item } = await db.send(
        new GetCommand({ TableName: name, Key: { pk, sk }, ConsistentRead: true }),
      )
      return Item !== undefined && fresh(Item as Item) ? (Item as Item) : undefined
    },
    async put(item, condition) {
      try {
        const { Attributes } = await db.send(
          new PutCommand({ TableName: name, Item: item, ReturnValues: "ALL_OLD", ...conditionOf(condition) }),
        )
        return { before: Attributes as Item | undefined }
      } catch (error) {
        if (isConditionFailure(error)) return false
        throw error
      }
    },
    async update({ pk, sk }, set, { condition, add = {} } = {}) {
      const { expression, names, values } = setExpression(set, add)
      try {
        const { Attributes } = await db.send(
          new UpdateCommand({
            TableName: name,
            Key: { pk, sk },
            UpdateExpression: expression,
            ReturnValues: "ALL_NEW",
            ExpressionAttributeNames: { ...names, ...condition?.names },
            ...(Object.keys(values).length + Object.keys(condition?.values ?? {}).length > 0
              ? { ExpressionAttributeValues: { ...values, ...prefixed(condition?.values) } }
              : {}),
            ...(condition ? { ConditionExpression: condition.expression } : {}),
          }),
        )
        return Attributes as Item
      } catch (error) {
        if (isConditionFailure(error)) return false
        throw error
      }
    },
    async remove(pk, sk, condition) {
      try {
        const { Attributes } = await db.send(
          new DeleteCommand({
            TableName: name,
            Key: { pk, sk },
            ReturnValues: "ALL_OLD",
            ...conditionOf(condition),
          }),
        )
        return Attributes as Item | undefined
      } catch (error) {
        if (isConditionFailure(error)) return false
        throw error
      }
    },
    page,
    async all(pk, range) {
      const items: Item[] = []
      let after = range.after
      do {
        const next = await page(pk, { ...range, ...(after === undefined ? {} : { after }) })
        items.push(...next.items)
        after = next.last
      } while (after !== undefined && (range.limit === undefined || items.length < range.limit))
      return items
    },
    async batch(put, remove) {
      const at = ({ pk, sk }: { pk: string; sk: string }) => JSON.stringify([pk, sk])
      // By key: a batch that names an item twice is refused as a whole.
      const byKey = new Map<string, Record<string, unknown>>([
        ...remove.map((Key): [string, Record<string, unknown>] => [at(Key), { DeleteRequest: { Key } }]),
        ...put.map((Item): [string, Record<string, unknown>] => [at(Item), { PutRequest: { Item } }]),
      ])
      const requests = [...byKey.values()]
      const chunks = Array.from({ length: Math.ceil(requests.length / 25) }, (_, i) =>
        requests.slice(i * 25, i * 25 + 25),
      )
      const workers = Array.from({ length: Math.min(4, chunks.length) }, async () => {
        for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) await writeAll(db, name, chunk)
      })
      await Promise.all(workers)
    },
  }
}

/** DynamoDB may leave some of a batch undone under load; they are sent again until all are done. */
async function writeAll(
  db: DynamoDBDocumentClient,
  name: string,
  requests: Record<string, unknown>[],
): Promise<void> {
  let left = requests
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt === 10) throw new Error(`${left.length} writes of a batch were refused ten times`)
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(2000, 25 * 2 ** attempt)))
    const { UnprocessedItems } = await db.send(new BatchWriteCommand({ RequestItems: { [name]: left } }))
    left = UnprocessedItems?.[name] ?? []
  }
}
