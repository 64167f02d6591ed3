/** The version both ends speak now, and the oldest agent that the cloud still serves (two minors back). */
export const protocolVersion = 1
export const oldestProtocolVersion = 1
/**
 * 1: first.
 */
