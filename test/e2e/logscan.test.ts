import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import packageFile from '../../package.json' with { type: 'json' }
import { createLogFolder, type LogFolder, logscan } from '../support/logscan-command.ts'

let folder: LogFolder

beforeAll(async () => {
  folder = await createLogFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

describe('logscan patterns', () => {
  it('lists what is looked for by itself: id, level, title', async () => {
    const { code, out, err } = await logscan(['patterns', 'list'])
    expect([code, err]).toEqual([0, ''])
    const lines = out.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(20)
    expect(lines).toContain('go.panic\tfatal\tGo panic')
  })

  it('says of each pattern of a file whether it can be used', async () => {
    const good = await folder.write('good.yaml', '- {id: a, regex: "x+"}\n- {id: b, any_of: [y, z]}\n')
    expect(await logscan(['patterns', 'check', good])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^a\tok\t\d+ steps\nb\tok\t\d+ steps\n$/),
      err: '',
    })
    const bad = await folder.write('bad.txt', 'fine\n(a)\\1\n')
    const { code, out, err } = await logscan(['patterns', 'check', bad])
    expect([code, err]).toEqual([2, `${bad}: 1 of 2 patterns cannot be used\n`])
    expect(out).toContain('line-2\trefused\tback-references cannot be matched in linear time, at position 3 of (a)\\1')
  })

  it('gives one clear line for what cannot be read', async () => {
    const missing = folder.file('missing.txt')
    expect(await logscan(['patterns', 'check', missing])).toMatchObject({
      code: 2,
      out: '',
      err: `${missing}: no such file or directory\n`,
    })
    const odd = await folder.write('odd.yaml', '- {id: a}')
    expect(await logscan(['patterns', 'check', odd])).toMatchObject({
      code: 2,
      err: `${odd}: 0: must have one of regex, literal and any_of\n`,
    })
  })
})

describe('a wrong call', () => {
  it.each([
    [[], 'a command is missing'],
    [['patterns'], 'patterns: either list, or check and a file'],
    [['patterns', 'check'], 'patterns: either list, or check and a file'],
    [['nothing'], 'there is no command nothing'],
    [['scan'], 'scan: the files are missing'],
    [['templates'], 'templates: the file is missing'],
    [['templates', 'a', 'b'], 'templates: one file, not 2'],
  ])('%j says in one line what is wrong, and exits 2', async (args, problem) => {
    const { code, out, err } = await logscan(args)
    expect([code, out, err]).toEqual([2, '', `${problem}; logscan --help tells what there is\n`])
  })

  it.each([
    [['scan', 'x', '--jobs', '0'], '--jobs: must be a whole number from 1 to 256, not 0'],
    [['scan', 'x', '--jobs', 'two'], '--jobs: must be a whole number from 1 to 256, not two'],
    [['scan', 'x', '--jobs=1e1'], '--jobs: must be a whole number from 1 to 256, not 1e1'],
    [['scan', 'x', '--jobs='], '--jobs: must be a whole number from 1 to 256, not nothing'],
    [['scan', 'x', '--chunk-bytes', '1'], '--chunk-bytes: must be a whole number from 65536 to 67108864, not 1'],
    [['scan', 'x', '--context=-1'], '--context: must be a whole number from 0 to 100, not -1'],
    [['scan', 'x', '--context', '-1'], /^Option '--context' argument is ambiguous/],
    [['scan', 'x', '--since', 'soon'], '--since: must be a time such as 2026-01-31 or 2026-01-31T10:00:00Z, not soon'],
    [['scan', 'x', '--until', '2026-02-30'], /^--until: must be a time such as .*, not 2026-02-30$/],
    [['scan', 'x', '--fail-on', 'bad'], '--fail-on: must be one of trace, debug, info, warn, error, fatal, not bad'],
    [['scan', 'x', '--count', '--ndjson'], '--count and --ndjson cannot be used together'],
    [['scan', 'x', '--jobs'], /^Option '--jobs <value>' argument missing$/],
    [['scan', 'x', '--count=1'], /^Option '--count' does not take an argument$/],
    [['scan', 'x', '--nothing'], /^Unknown option '--nothing'/],
    [['scan', 'x', '--assign'], '--assign: logscan scan has no such flag'],
    [['templates', 'x', '--count'], '--count: logscan templates has no such flag'],
    [['patterns', 'list', '--ndjson'], '--ndjson: logscan patterns has no such flag'],
  ])('%j gives one line, and exits 2', async (args, message) => {
    const { code, out, err } = await logscan(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^[^\n]+\n$/)
    if (typeof message === 'string') expect(err).toBe(`${message}\n`)
    else expect(err.trimEnd()).toMatch(message)
  })
})

it('tells its version', async () => {
  expect(await logscan(['--version'])).toEqual(
    expect.objectContaining({ code: 0, out: `${packageFile.version}\n`, err: '' }),
  )
})

it('told --help exits 0', async () => {
  expect(await logscan(['--help'])).toMatchObject({
    code: 0,
    out: expect.stringContaining('usage: logscan'),
    err: '',
  })
})
