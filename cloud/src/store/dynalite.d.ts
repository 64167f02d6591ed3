/** DynamoDB in JavaScript over LevelDB; ships no types. */
declare module "dynalite" {
  import type { Server } from "node:http"
  export default function dynalite(options: {
    /** Folder of the database; in memory without it. */
    path?: string
    createTableMs?: number
    deleteTableMs?: number
  }): Server
}
