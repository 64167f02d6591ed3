import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
} from "@aws-sdk/client-dynamodb"

/** Creates the table when it is not there and waits until it can be used. */
export async function ensureTable(client: DynamoDBClient, name: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      const { Table: description } = await client.send(new DescribeTableCommand({ TableName: name }))
      if (description?.TableStatus === "ACTIVE") return
      await new Promise((resolve) => setTimeout(resolve, 50))
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error
      await client.send(
        new CreateTableCommand({
          TableName: name,
          BillingMode: "PAY_PER_REQUEST",
          KeySchema: [
            { AttributeName: "pk", KeyType: "HASH" },
            { AttributeName: "sk", KeyType: "RANGE" },
          ],
          AttributeDefinitions: [
            { AttributeName: "pk", AttributeType: "S" },
            { AttributeName: "sk", AttributeType: "S" },
          ],
        }),
      )
    }
  }
  throw new Error(`table ${name} did not become active`)
}
