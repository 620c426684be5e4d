import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../src/platform/config.ts'
import { createLogger } from '../../src/platform/log.ts'

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('the configuration', () => {
  test('needs nothing', () => {
    expect(readConfig({})).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 3000,
      DEPOSIT_TTL_MS: 900_000,
      GATEWAYS: ['simulator'],
    })
  })

  test('takes an empty value as absent', () => {
    expect(readConfig({ PORT: '', MYSQL_URL: '' })).toMatchObject({ PORT: 3000 })
  })

  test('tells every mistake at once, by the name of its variable', () => {
    const problems = problemsOf({
      PORT: 'x',
      ROLE: 'king',
      MYSQL_URL: 'http://a',
      DEPOSIT_TTL_MS: '-1',
      ADMIN_EMAIL: 'nobody',
      NODE_ENV: 'production',
    })
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'PORT',
      'ROLE',
      'MYSQL_URL',
      'ADMIN_EMAIL',
      'DEPOSIT_TTL_MS',
      'SMTP_URL',
      'GATEWAYS',
    ])
  })

  test.each([
    [{ SIMULATOR_URL: 'http://127.0.0.1:3100' }, 'SIMULATOR_SECRET'],
    [{ ROLE: 'api', MYSQL_URL: 'mysql://u@h/d', REDIS_URL: 'redis://h' }, 'SIMULATOR_URL'],
    [{ NODE_ENV: 'production' }, 'SMTP_URL'],
    [{ REDIS_URL: 'redis://127.0.0.1' }, 'REDIS_URL'],
    [{ ROLE: 'worker' }, 'ROLE'],
  ])('refuses what does not fit together: %o', (environment, variable) => {
    expect(problemsOf(environment).map((problem) => problem.split(':')[0])).toContain(variable)
  })

  test('is not blamed for what hangs on a variable that is itself wrong', () => {
    const variables = problemsOf({ ROLE: 'worker', REDIS_URL: 'nonsense', SIMULATOR_URL: 'nonsense' })
    expect(variables.map((problem) => problem.split(':')[0])).toEqual(['REDIS_URL', 'SIMULATOR_URL'])
  })

  test('cannot be changed', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true)
  })
})

describe('the log', () => {
  function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
    let text = ''
    const sink = new Writable({
      write(part, _encoding, done) {
        text += String(part)
        done()
      },
    })
    write(createLogger({ LOG_LEVEL: 'info', LOG_FORMAT: 'json' }, sink))
    return text
  }

  test('keeps secrets to itself', () => {
    const text = logged((log) => log.info({ password: 'p1', input: { newPassword: 'p2', deep: { token: 'p3' } } }, 'x'))
    expect(text).not.toMatch(/p1|p2|p3/)
    expect(text.match(/\[redacted\]/g)).toHaveLength(3)
  })

  test('tells of a driver error without its SQL', () => {
    const error = Object.assign(new Error('broken'), {
      sql: 'SELECT secret',
      parent: { code: 'ER_X', sql: 'SELECT secret' },
    })
    const text = logged((log) => log.error({ err: error }, 'x'))
    expect(text).toContain('ER_X')
    expect(text).not.toContain('SELECT secret')
  })
})
