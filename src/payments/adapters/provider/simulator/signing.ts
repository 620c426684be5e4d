import { createHmac, timingSafeEqual } from 'node:crypto'

export const signatureHeader = 'x-simulator-signature'

/** How far a signature's time may be from the reader's clock, either way. */
const signatureToleranceMs = 600_000

const headerPattern = /^t=(\d{1,15}),v1=([0-9a-f]{64})$/

/** The header's value: `t=<ms>,v1=<hex HMAC-SHA-256 of "<t>.<raw body>">`. Both sides of the simulator sign with it. */
export function sign(secret: string, at: Date, body: string | Uint8Array): string {
  const atMs = at.getTime()
  return `t=${atMs},v1=${digest(secret, String(atMs), body).toString('hex')}`
}

/** Whether the header was made with this secret for exactly these bytes, at about `now`. */
export function isSigned(secret: string, header: string | undefined, body: Uint8Array, now: Date): boolean {
  const [, atText, hex] = headerPattern.exec(header ?? '') ?? []
  if (atText === undefined || hex === undefined) return false
  const genuine = timingSafeEqual(digest(secret, atText, body), Buffer.from(hex, 'hex'))
  return genuine && Math.abs(now.getTime() - Number(atText)) <= signatureToleranceMs
}

function digest(secret: string, atText: string, body: string | Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${atText}.`).update(body).digest()
}
