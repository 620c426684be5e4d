import { describe, expect, it } from 'vitest'
import { formatRefreshToken, parseRefreshToken } from '../../src/identity/domain/refresh-token.ts'
import { decideRefresh, isOpen, openSession } from '../../src/identity/domain/session.ts'

const now = new Date('2026-01-01T00:00:00Z')
const later = (ms: number) => new Date(now.getTime() + ms)
const client = { address: '192.0.2.1', userAgent: 'x'.repeat(500) }
const fresh = openSession({
  id: 'session',
  userId: 'user',
  nonce: 'nonce',
  totpProven: false,
  client,
  now,
  ttlMs: 1000,
})

describe('a session', () => {
  it('is open until its end, unless it was ended before', () => {
    expect(isOpen(fresh, later(999))).toBe(true)
    expect(isOpen(fresh, later(1000))).toBe(false)
    expect(isOpen({ ...fresh, revokedAt: now }, now)).toBe(false)
  })

  it('keeps no more of what the client says than its columns hold', () => {
    expect(fresh.userAgent).toHaveLength(200)
    expect(
      openSession({ ...fresh, client: { address: 'y'.repeat(99), userAgent: null }, now, ttlMs: 1 }),
    ).toMatchObject({
      address: 'y'.repeat(64),
      userAgent: null,
    })
  })
})

it.each([
  ['x\u009b31m\u0085y\n', 'x31my'],
  ['a\u202eb\u2066c\u200fd\u061c', 'abcd'],
  ['a\u2028b\ud800c', 'abc'],
  ['\u0000\u007f', null],
  ['Mozilla/5.0 (X11; Linux) Žluťoučký', 'Mozilla/5.0 (X11; Linux) Žluťoučký'],
  [`${'x'.repeat(199)}😀`, 'x'.repeat(199)],
])('a session keeps nothing of %j that cannot be shown', (userAgent, kept) => {
  expect(openSession({ ...fresh, client: { ...client, userAgent }, now, ttlMs: 1 }).userAgent).toBe(kept)
})

describe('a refresh token', () => {
  const rotated = { ...fresh, refreshCounter: 5, rotatedAt: now }

  it.each([
    ['rotate', 'the newest', 5, 0, {}],
    ['repeat', 'its predecessor at the end of the grace', 4, 100, {}],
    ['reuse', 'its predecessor after the grace', 4, 101, {}],
    ['reuse', 'two generations back', 3, 0, {}],
    ['reuse', 'the first', 0, 0, {}],
    ['refuse', 'one that was not given out yet', 6, 0, {}],
    ['refuse', 'the newest of a session that was ended', 5, 0, { revokedAt: now }],
    ['refuse', 'an old one of a session that was ended', 1, 0, { revokedAt: now }],
    ['refuse', 'the newest of an expired session', 5, 1000, {}],
  ] as const)('leads to %s: %s', (decision, _which, counter, ageMs, changes) => {
    expect(decideRefresh({ ...rotated, ...changes }, counter, later(ageMs), 100)).toBe(decision)
  })

  it('is good once where there is no grace', () => {
    expect(decideRefresh(rotated, 4, later(1), 0)).toBe('reuse')
  })

  const token = { sessionId: '0199aaaa-0000-7000-8000-000000000000', counter: 12, mac: 'm'.repeat(43) }

  it('reads back as it was written', () => {
    expect(parseRefreshToken(formatRefreshToken(token))).toEqual(token)
  })

  it.each([
    '',
    '..',
    formatRefreshToken({ ...token, counter: -1 }),
    formatRefreshToken({ ...token, counter: 1e9 }),
    formatRefreshToken({ ...token, mac: 'short' }),
    `${formatRefreshToken(token)}\n`,
    formatRefreshToken(token).replace('.12.', '.012.'),
    formatRefreshToken(token).toUpperCase(),
  ])('is nothing else: %j', (text) => {
    expect(parseRefreshToken(text)).toBeNull()
  })
})
