import { describe, expect, it } from 'vitest'
import { isReadable, mayBeReadable } from '../../src/logscan/domain/follow/readable-paths.ts'

const some = { roots: ['/var/log', '/srv/logs/'], excluded: ['/var/log/xm/data'] }
const all = { roots: ['/'], excluded: ['/data', '/proc'] }

describe('a path with its links resolved', () => {
  it.each([
    ['/var/log/app.log', true],
    ['/var/log', true],
    ['/srv/logs/a/b.log', true],
    ['/var/logs/app.log', false],
    ['/etc/shadow', false],
    ['/var/log/xm/data/xm.db', false],
    ['/var/log/xm/data', false],
    ['/var/log/xm/data2/x', true],
  ])('%s may be read: %s', (path, is) => {
    expect(isReadable(path, some)).toBe(is)
  })

  it.each([
    ['/etc/hosts', true],
    ['/data/xm.db', false],
    ['/proc/1/environ', false],
  ])('%s may be read below /: %s', (path, is) => {
    expect(isReadable(path, all)).toBe(is)
  })
})

describe('a path or glob that staff name', () => {
  it.each([
    ['/var/log/*.log', true],
    ['/var/log/**', true],
    ['/srv/logs/{a,b}/x', true],
    ['/var/*/app.log', false],
    ['/*', false],
    ['/etc/[s]hadow', false],
    ['/var/log/xm/data/*.db', false],
  ])('%s may mean what may be read: %s', (path, is) => {
    expect(mayBeReadable(path, some)).toBe(is)
  })

  it('may be any where all may be read', () => {
    expect(mayBeReadable('/*/app.log', all)).toBe(true)
  })
})
