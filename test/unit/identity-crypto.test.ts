import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createAccessTokens } from '../../src/identity/adapters/crypto/access-tokens.ts'
import { deriveKeys } from '../../src/identity/adapters/crypto/keys.ts'
import { createPasswords } from '../../src/identity/adapters/crypto/passwords.ts'
import { createRefreshMacs } from '../../src/identity/adapters/crypto/refresh-macs.ts'
import { createSealedBox } from '../../src/identity/adapters/crypto/sealed-box.ts'

const keys = deriveKeys('a secret of the installation, long enough')

describe('keys', () => {
  it('differ by purpose and by secret, and stay the same otherwise', () => {
    const texts = [keys, deriveKeys('another secret')].flatMap((set) =>
      Object.values(set).map((key) => Buffer.from(key).toString('hex')),
    )
    expect(new Set(texts).size).toBe(6)
    expect(deriveKeys('a secret of the installation, long enough')).toEqual(keys)
  })
})

describe('an access token', () => {
  let nowMs = Date.UTC(2026, 0, 1)
  const clock = { now: () => new Date(nowMs) }
  const tokens = createAccessTokens({ key: keys.accessTokens, ttlMs: 60_000, clock })
  const claims = { userId: 'user', sessionId: 'session' }

  it('is good until its end by the clock that was handed in, also when it is known already', async () => {
    const { token, expiresAt } = await tokens.issue(claims)
    expect(expiresAt.getTime() - nowMs).toBe(60_000)
    expect(await tokens.read(token)).toEqual(claims)
    nowMs += 59_999
    expect(await tokens.read(token)).toEqual(claims)
    nowMs += 1
    expect(await tokens.read(token)).toBeNull()
    expect(await createAccessTokens({ key: keys.accessTokens, ttlMs: 60_000, clock }).read(token)).toBeNull()
  })

  const forge = (changes: {
    issuer?: string
    audience?: string
    alg?: string
    key?: Uint8Array
    sid?: unknown
    exp?: number
  }) =>
    new SignJWT({ sid: changes.sid ?? 'session' })
      .setProtectedHeader({ alg: changes.alg ?? 'HS256' })
      .setSubject('user')
      .setIssuer(changes.issuer ?? 'xm')
      .setAudience(changes.audience ?? 'xm-api')
      .setExpirationTime(changes.exp ?? nowMs / 1000 + 3600)
      .sign(changes.key ?? new Uint8Array([...keys.accessTokens]))

  it.each([
    ['another issuer', { issuer: 'other' }],
    ['another audience', { audience: 'other' }],
    ['another algorithm', { alg: 'HS512', key: new Uint8Array(64) }],
    ['another key', { key: keys.refreshTokens }],
    ['a session that is no text', { sid: 7 }],
    ['a past end', { exp: 1 }],
  ])('is refused for %s', async (_what, changes) => {
    expect(await tokens.read(await forge({}))).toEqual(claims)
    expect(await tokens.read(await forge(changes))).toBeNull()
  })

  it('is refused without a signature, and when it is no token at all', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const unsigned = `${part({ alg: 'none' })}.${part({ sub: 'user', sid: 'session', iss: 'xm', aud: 'xm-api', exp: 9e9 })}.`
    for (const token of [unsigned, '', 'x', 'a.b.c', 'x'.repeat(100_000), '....'])
      expect(await tokens.read(token)).toBeNull()
  })
})

describe('a sealed secret', () => {
  const box = createSealedBox(keys.totpSecrets)

  it('opens for its owner only, unchanged, under its key', () => {
    const sealed = box.seal('secret', 'ann')
    expect(sealed).not.toBe(box.seal('secret', 'ann'))
    expect(box.open(sealed, 'ann')).toBe('secret')
    expect(() => box.open(sealed, 'bob')).toThrow()
    expect(() => createSealedBox(keys.refreshTokens).open(sealed, 'ann')).toThrow()
    for (const at of [5, 25, sealed.length - 2]) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
      expect(() => box.open(changed, 'ann')).toThrow()
    }
    expect(() => box.open(sealed.replace('v1', 'v2'), 'ann')).toThrow('version')
  })
})

describe('the mac of a refresh token', () => {
  const macs = createRefreshMacs(keys.refreshTokens)
  const input = { sessionId: 'session', counter: 1, nonce: 'nonce' }

  it('fits its session, counter and nonce alone', () => {
    const mac = macs.sign(input)
    expect(macs.matches(mac, input)).toBe(true)
    for (const change of [{ counter: 2 }, { nonce: 'other' }, { sessionId: 'other' }]) {
      expect(macs.matches(mac, { ...input, ...change })).toBe(false)
    }
    expect(macs.matches('', input)).toBe(false)
  })
})

describe('a password hash', () => {
  it('is argon2id at the agreed cost, and fits its password only', async () => {
    const passwords = await createPasswords()
    const hash = await passwords.hash('a phrase')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await passwords.verify(hash, 'a phrase')).toBe(true)
    expect(await passwords.verify(hash, 'another')).toBe(false)
    expect(await passwords.verify(null, 'the password of no account')).toBe(false)
  })
})
