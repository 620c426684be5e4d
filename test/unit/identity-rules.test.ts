import { describe, expect, it } from 'vitest'
import { assertStrongPassword } from '../../src/identity/domain/password.ts'
import { normaliseReadableCode, readableCode } from '../../src/identity/domain/readable-code.ts'
import { assertMayBeTaken } from '../../src/identity/domain/reserved-handles.ts'
import { assertMayGoWithoutTotp, isReplay, readTypedCode } from '../../src/identity/domain/second-factor.ts'
import { actorName, assertMaySignIn, guessedAccount, newUser } from '../../src/identity/domain/user.ts'

const account = { email: 'ann.bolin@example.com', handle: 'ann_bolin_7' }

describe('a password', () => {
  it.each([
    ['same_as_account', 'ann.bolin@example.com'],
    ['same_as_account', 'ANN_BOLIN_7'],
    ['same_as_account', 'Ann.Bolin'],
    ['repeated_character', 'aaaaaaaaaaaa'],
    ['repeated_character', 'aAaAaAaAaA'],
    ['common', 'Password123'],
    ['common', '1234567890'],
  ])('is weak (%s): %s', (reason, password) => {
    const refused = expect(() => assertStrongPassword(password, account))
    refused.toThrow(expect.objectContaining({ code: 'auth.password_weak', details: { field: 'password', reason } }))
  })

  it.each(['correct horse battery', 'ann_bolin_7!', '日本語のパスワードです'])('may be: %s', (password) => {
    expect(() => assertStrongPassword(password, account)).not.toThrow()
  })
})

describe('a handle', () => {
  const houses = `admin administrator admin_bob adm1n 4dm1n a_d_m_i_n xmadmin support support_team supp0rt1 ann_support
    xm_ xm_pay pay_xm xm1 staff staff2 xm_staff official the_official_ann officia1 moderator root r00t xmroot system
    system_1 mod mod7 security payments`
  it.each(houses.split(/\s+/))('that looks like the house is reserved: %s', (handle) => {
    const details = { field: 'handle' }
    expect(() => assertMayBeTaken(handle)).toThrow(expect.objectContaining({ code: 'auth.handle_taken', details }))
  })

  const people = `ann sari xmas xmen max_mueller badminton_fan root_beer system_of_a_down modest staffan moderna helper
    person_12_0a1b2c3d solar_system`
  it.each(people.split(/\s+/))('may be: %s', (handle) => {
    expect(() => assertMayBeTaken(handle)).not.toThrow()
  })
})

describe('a readable code', () => {
  it('has a character for each byte, in groups of four', () => {
    expect(readableCode(new Uint8Array([0, 1, 31, 32, 255, 10]))).toBe('01z0-za')
    expect(readableCode(new Uint8Array())).toBe('')
  })

  it('is the same however it was typed', () => {
    expect(normaliseReadableCode(' 01Z0-zA ')).toBe('01z0za')
    expect(normaliseReadableCode('OIl0')).toBe('0110')
  })

  it('never looks like a one-time code', () => {
    const code = readableCode(new Uint8Array(16))
    expect(readTypedCode(code)).toEqual({ kind: 'recovery', code: '0'.repeat(16) })
  })
})

describe('a second factor', () => {
  it.each([
    ['123456', { kind: 'totp', digits: '123456' }],
    ['123 456', { kind: 'totp', digits: '123456' }],
    ['12345', { kind: 'recovery', code: '12345' }],
    ['7K3M-x0fz', { kind: 'recovery', code: '7k3mx0fz' }],
  ])('reads %j', (typed, code) => {
    expect(readTypedCode(typed)).toEqual(code)
  })

  it('takes a later step only', () => {
    expect(isReplay(5, null)).toBe(false)
    expect(isReplay(5, 4)).toBe(false)
    expect(isReplay(5, 5)).toBe(true)
    expect(isReplay(5, 6)).toBe(true)
  })

  it('is a must for staff where the house says so', () => {
    const refused = expect.objectContaining({ code: 'auth.forbidden' })
    expect(() => assertMayGoWithoutTotp({ roles: ['user', 'support'] }, true)).toThrow(refused)
    expect(() => assertMayGoWithoutTotp({ roles: ['user', 'support'] }, false)).not.toThrow()
    expect(() => assertMayGoWithoutTotp({ roles: ['user'] }, true)).not.toThrow()
  })
})

describe('an account', () => {
  const now = new Date('2026-01-01T00:00:00Z')
  const user = newUser({ ...account, id: 'id', passwordHash: 'hash', roles: ['user'], displayName: undefined, now })

  it('is shown by its handle until it has a name', () => {
    expect(user).toMatchObject({ displayName: account.handle, status: 'active', totpSecret: null })
    expect(newUser({ ...user, displayName: 'Ann', now }).displayName).toBe('Ann')
  })

  it('signs in while it is active', () => {
    expect(() => assertMaySignIn(user)).not.toThrow()
    expect(() => assertMaySignIn({ status: 'suspended' })).toThrow(
      expect.objectContaining({ code: 'auth.account_suspended' }),
    )
  })

  it('is guessed at under one name, whatever was typed, until its password changes', () => {
    const byHandle = guessedAccount(user, account.handle)
    expect(guessedAccount(user, account.email)).toBe(byHandle)
    expect(guessedAccount({ ...user, passwordChangedAt: new Date(now.getTime() + 1) }, account.handle)).not.toBe(
      byHandle,
    )
    expect(guessedAccount(null, account.handle)).not.toBe(guessedAccount(null, account.email))
    expect(guessedAccount(null, byHandle)).not.toBe(byHandle)
  })

  it('is called staff in the audit log when it has such a role', () => {
    const actor = { userId: 'id', sessionId: 's', totp: false }
    expect(actorName({ ...actor, roles: ['user'] })).toBe('user:id')
    expect(actorName({ ...actor, roles: ['user', 'finance'] })).toBe('staff:id')
  })
})
