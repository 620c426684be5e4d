import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** Encrypts small secrets for the database. `owner` is bound in: a sealed text does not open for anybody else. */
export interface SealedBox {
  seal(text: string, owner: string): string
  /** Throws when the text was changed, belongs to another owner, or was sealed under another key. */
  open(sealed: string, owner: string): string
}

const version = 'v1.'
const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM: `v1.` and base64url of nonce, tag and ciphertext. */
export function createSealedBox(key: Uint8Array): SealedBox {
  return {
    seal(text, owner) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(owner))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return version + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')
    },
    open(sealed, owner) {
      if (!sealed.startsWith(version)) throw new Error('a sealed secret has an unknown version')
      const bytes = Buffer.from(sealed.slice(version.length), 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
      decipher.setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
      return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8')
    },
  }
}
