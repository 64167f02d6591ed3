/** What the tests use of it; its authors ship no types. */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http"
  export type Context = { path: string; req: IncomingMessage; res: ServerResponse }
  type Grant = { addOIDCScope(scope: string): void; save(): Promise<string> }
  export class Provider {
    constructor(issuer: string, configuration: object)
    readonly Grant: new (given: { accountId: string; clientId: string }) => Grant
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
    interactionDetails(
      request: IncomingMessage,
      response: ServerResponse,
    ): Promise<{ params: { client_id: string; scope: string; login_hint?: string } }>
  }
  export default Provider
}
