import { createHash, randomBytes } from 'node:crypto'
import type { Digest, Random } from '../../app/ports.ts'

export const secureRandom: Random = {
  token: () => randomBytes(32).toString('base64url'),
  bytes: (count) => randomBytes(count),
}

export const sha256: Digest = (secret) => createHash('sha256').update(secret).digest('hex')
