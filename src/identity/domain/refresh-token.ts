/** The parts of a refresh token: `<sessionId>.<counter>.<mac>`. */
export interface RefreshToken {
  readonly sessionId: string
  readonly counter: number
  readonly mac: string
}

const pattern = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(0|[1-9]\d{0,8})\.([\w-]{43})$/

/** Null for what no token of ours looks like. */
export function parseRefreshToken(text: string): RefreshToken | null {
  const [, sessionId, counter, mac] = pattern.exec(text) ?? []
  if (sessionId === undefined || counter === undefined || mac === undefined) return null
  return { sessionId, counter: Number(counter), mac }
}

export function formatRefreshToken({ sessionId, counter, mac }: RefreshToken): string {
  return `${sessionId}.${counter}.${mac}`
}
