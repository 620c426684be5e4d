/** States what must hold. A failure is a bug of ours, never a user's mistake: throw a DomainError for those. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}

/** Makes a `switch` exhaustive: an unhandled variant does not compile. */
export function unreachable(value: never): never {
  throw new Error(`unreachable variant: ${JSON.stringify(value)}`)
}
