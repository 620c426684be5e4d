/** A fresh idempotency key, 32 random hex digits. Make one for each intention of the user; reuse it for its retries. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
