import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LogFacts, logProfiles, writeLogFile } from '../support/generated-logs.ts'
import { createLogFolder, type LogFolder, logscan } from '../support/logscan-command.ts'

let folder: LogFolder
let file: string
let facts: LogFacts

beforeAll(async () => {
  folder = await createLogFolder()
  file = folder.file('log.log')
  facts = await writeLogFile(file, { ...logProfiles.typical, bytes: 3e6, seed: 3 })
})
afterAll(() => folder[Symbol.asyncDispose]())

const linesOf = (text: string) => text.trimEnd().split('\n')

describe('logscan templates', () => {
  it('gives number, lines and text of each kind of line, and with --assign the number for each line', async () => {
    const { code, out, err } = await logscan(['templates', file])
    expect([code, err]).toEqual([0, ''])
    const templates = linesOf(out).map((line) => line.split('\t'))
    expect(templates.map(([number]) => Number(number))).toEqual(templates.map((_, index) => index + 1))
    const assigned = linesOf((await logscan(['templates', file, '--assign'])).out).map(Number)
    expect(assigned).toHaveLength(facts.lines)
    const counts = templates.map(() => 0)
    for (const number of assigned) counts[number - 1]!++
    expect(counts).toEqual(templates.map(([, lines]) => Number(lines)))
  })

  it('gives the same as JSON', async () => {
    const plain = linesOf((await logscan(['templates', file])).out).map((line) => line.split('\t'))
    const objects = linesOf((await logscan(['templates', file, '--ndjson'])).out).map((line) => JSON.parse(line))
    expect(objects.map(({ template, lines, text }) => [`${template}`, `${lines}`, text])).toEqual(plain)
    const assigned = linesOf((await logscan(['templates', file, '--assign'])).out)
    const asObjects = linesOf((await logscan(['templates', file, '--assign', '--ndjson'])).out)
    expect(asObjects).toEqual(assigned.map((template, index) => `{"line":${index + 1},"template":${template}}`))
  })

  it('reads the standard input, and what is compressed', async () => {
    const { out } = await logscan(['templates', file])
    const bytes = await folder.read('log.log')
    expect((await logscan(['templates', '-'], { input: bytes })).out).toBe(out)
    expect((await logscan(['templates', await folder.write('log.gz', gzipSync(bytes))])).out).toBe(out)
    const cut = await folder.write('cut.gz', gzipSync(bytes).subarray(0, 20_000))
    expect(await logscan(['templates', cut, '--assign'])).toMatchObject({
      code: 2,
      out: expect.stringMatching(/^(\d+\n){100,}$/),
      err: `${cut}: the compressed data is damaged (unexpected end of file); what comes before was read\n`,
    })
  })

  it('numbers each line, whatever is in it', async () => {
    const odd = await folder.write('odd.log', '\n\nx\r\n\0\n\u001b[2J\n\xff\n  \nlast')
    const { code, out } = await logscan(['templates', odd, '--assign'])
    expect(code).toBe(0)
    expect(linesOf(out)).toHaveLength(8)
    expect(await logscan(['templates', await folder.write('empty', '')])).toMatchObject({ code: 0, out: '', err: '' })
  })

  it('says what it cannot read', async () => {
    expect(await logscan(['templates', folder.path])).toMatchObject({ code: 2, out: '' })
    expect(await logscan(['templates', 'missing'])).toMatchObject({
      code: 2,
      out: '',
      err: 'missing: no such file or directory\n',
    })
  })
})
