import type { ClientOptions } from "#shared/api/client.ts"

/** Everything a command touches outside of itself. */
export type Io = {
  out: (text: string) => void
  err: (text: string) => void
  env: Readonly<Record<string, string | undefined>>
  fetch: ClientOptions["fetch"]
  now: () => number
  /** Waits; rejects when the command is interrupted. */
  sleep: (ms: number) => Promise<void>
  /** All of standard input, as it is: a token that shall not stand in the shell's history, files to validate. */
  readInput: () => Promise<string>
  /** Whether a person types: what is not said can be asked. */
  isTerminal: boolean
  /** One line of what a person types behind a question; empty when they end the input. Left out for nobody. */
  ask?: (question: string) => Promise<string>
  /** Whether a person sees what is printed, by stream: colours, breaks of lines and progress are for them. Left out for nobody. */
  terminal?: { out: boolean; err: boolean; columns?: number | undefined }
  config: ConfigFile
  /** What a local server of this checkout left for `smm login`; null when none runs. */
  readLocal: () => { url: string; token: string } | null
}

/** The stored sign-in. */
export type Config = { server?: string; token?: string; organizationId?: string }

export type ConfigFile = {
  path: string
  /** Empty when there is none. @throws UsageError when it is not JSON. */
  read: () => Config
  /** Written with mode 0600. */
  write: (config: Config) => void
}
