import { UniqueConstraintError, ValidationErrorItem } from 'sequelize'
import { describe, expect, it } from 'vitest'
import { recordLog } from '../support/recorded-log.ts'

const secret = 'what nobody may read'

describe('the log', () => {
  it.each([
    ['password'],
    ['currentPassword'],
    ['newPassword'],
    ['accessToken'],
    ['refreshToken'],
    ['token'],
    ['secret'],
    ['recoveryCodes'],
    ['authorization'],
    ['cookie'],
    ['signature'],
  ])('never shows a %s, three levels deep', (name) => {
    const { log, lines } = recordLog()
    const child = log.child({ part: 'test' })
    child.info({ [name]: secret, input: { [name]: secret, inner: { [name]: secret } }, kept: 1 }, 'something happened')
    const [line] = lines()
    expect(JSON.stringify(line)).not.toContain(secret)
    expect(line).toMatchObject({ msg: 'something happened', part: 'test', kept: 1, [name]: '[redacted]' })
  })

  it('tells of an error by type, message, code and stack', () => {
    const { log, lines } = recordLog()
    const error = Object.assign(new TypeError('it broke', { cause: new Error('because') }), { code: 'E_BROKEN' })
    log.error({ err: error }, 'failed')
    expect(lines()[0]).toMatchObject({
      err: { type: 'TypeError', message: 'it broke', code: 'E_BROKEN', cause: { message: 'because' } },
    })
    expect(lines()[0]).toHaveProperty('err.stack')
  })

  it('keeps the SQL and the values of a failed statement to itself', () => {
    const { log, lines } = recordLog()
    const parent = Object.assign(new Error('no'), {
      sql: `INSERT '${secret}'`,
      parameters: [secret],
      code: 'ER_DUP_ENTRY',
    })
    const error = Object.assign(new Error('no'), { name: 'SequelizeDatabaseError', parent, sql: parent.sql })
    log.error({ err: error }, 'failed')
    expect(JSON.stringify(lines())).not.toContain(secret)
    expect(lines()[0]).toMatchObject({ err: { code: 'ER_DUP_ENTRY' } })
  })

  it('keeps the row that broke a unique key to itself', () => {
    const { log, lines } = recordLog()
    const instance = { dataValues: { passwordHash: secret }, toJSON: () => ({ passwordHash: secret }) }
    const item = new ValidationErrorItem(
      'must be unique',
      'validation error',
      'email',
      secret,
      instance as never,
      '',
      '',
      [],
    )
    log.error({ err: new UniqueConstraintError({ message: 'taken', errors: [item] }) }, 'failed')
    expect(JSON.stringify(lines())).not.toContain(secret)
    expect(lines()[0]).toMatchObject({ err: { errors: [{ message: 'must be unique' }] } })
  })

  it('takes what was thrown, even if it is no error', () => {
    const { log, lines } = recordLog()
    log.error({ err: 'a text' }, 'failed')
    expect(lines()[0]).toMatchObject({ err: 'a text' })
  })
})
