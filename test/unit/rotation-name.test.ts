import { describe, expect, it } from 'vitest'
import { originalNames } from '../../src/logscan/domain/follow/rotation-name.ts'

describe('a name is that of a rotated file', () => {
  it.each([
    ['app.log.1', 'app.log'],
    ['app.log.12.gz', 'app.log'],
    ['app.log-20260131', 'app.log'],
    ['app.log-2026-01-31T10:00', 'app.log'],
    ['app-2026-01-31.log', 'app.log'],
    ['app.1.log', 'app.log'],
    ['app.1.log.zst', 'app.log'],
    ['app.log.old', 'app.log'],
    ['app.log.gz', 'app.log'],
    ['syslog.1', 'syslog'],
    ['app__2026-11-24_18-00-00.log', 'app.log'],
    ['app.log.2026-11-24T18:00:00Z', 'app.log'],
  ])('%s of %s', (name, original) => expect(originalNames(name)).toContain(original))

  it.each([
    ['app.log', 'app.log'],
    ['app.log', 'app.log.1'],
    ['app.logs', 'app.log'],
    ['apple.log', 'app.log'],
    ['app-error.log', 'app.log'],
    ['other.log.1', 'app.log'],
    ['app.log.error', 'app.log'],
  ])('%s is none of %s', (name, original) => expect(originalNames(name)).not.toContain(original))
})
