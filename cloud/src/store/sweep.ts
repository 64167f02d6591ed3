import { DynamoDBDocumentClient, ScanCommand } from "@aws-sdk/lib-dynamodb"
import { secondsOf } from "../cloud.ts"
import { type TableOptions, createTable } from "./table.ts"

/**
 * Removes what has expired, as DynamoDB does by itself; the embedded one does not, and its folder would grow for ever. Reads never see
 * what has expired, swept or not. Answers how many items went.
 */
export async function sweepExpired({ client, name, now }: TableOptions): Promise<number> {
  const table = createTable({ client, name, now })
  const db = DynamoDBDocumentClient.from(client)
  let swept = 0
  let from: Record<string, unknown> | undefined
  do {
    const page = await db.send(
      new ScanCommand({
        TableName: name,
        FilterExpression: "#ttl < :now",
        ProjectionExpression: "pk, sk",
        ExpressionAttributeNames: { "#ttl": "ttl" },
        ExpressionAttributeValues: { ":now": secondsOf(now()) },
        ...(from ? { ExclusiveStartKey: from } : {}),
      }),
    )
    const keys = (page.Items ?? []) as { pk: string; sk: string }[]
    await table.batch([], keys)
    swept += keys.length
    from = page.LastEvaluatedKey
  } while (from)
  return swept
}
