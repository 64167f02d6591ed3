import { type DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb"
import type { AttributeValue } from "@aws-sdk/client-dynamodb"
import { secondsOf } from "../cloud.ts"
import type { Table } from "../store/table.ts"

export type SweepOptions = { client: DynamoDBClient; name: string; table: Table; now: () => number }

/**
 * Removes what has expired: DynamoDB does so by itself, the embedded one does not. Nothing depends on it, since expired items are never
 * returned; it keeps the folder small. Answers how many went.
 */
export async function sweep({ client, name, table, now }: SweepOptions): Promise<number> {
  let start: Record<string, AttributeValue> | undefined
  let removed = 0
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: name,
        Limit: 500,
        ProjectionExpression: "pk, sk",
        FilterExpression: "#ttl <= :now",
        ExpressionAttributeNames: { "#ttl": "ttl" },
        ExpressionAttributeValues: { ":now": { N: String(secondsOf(now())) } },
        ...(start ? { ExclusiveStartKey: start } : {}),
      }),
    )
    const gone = (page.Items ?? []).map(({ pk, sk }) => ({ pk: pk?.S ?? "", sk: sk?.S ?? "" }))
    await table.batch([], gone)
    removed += gone.length
    start = page.LastEvaluatedKey
  } while (start)
  return removed
}
