import { createHmac, timingSafeEqual } from 'node:crypto'
import type { RefreshMacs } from '../../app/ports.ts'

export function createRefreshMacs(key: Uint8Array): RefreshMacs {
  const mac = (...parts: readonly (string | number)[]) => createHmac('sha256', key).update(parts.join('.')).digest()
  return {
    sign: ({ sessionId, counter, nonce }) => mac(sessionId, counter, nonce).toString('base64url'),
    matches(given, { sessionId, counter, nonce }) {
      const bytes = Buffer.from(given, 'base64url')
      const expected = mac(sessionId, counter, nonce)
      return bytes.length === expected.length && timingSafeEqual(bytes, expected)
    },
  }
}
