import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xm-logscan-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs the command as it was built. */
function logscan(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist/src/main/logscan.js', ...args], (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    )
  })
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

describe('logscan patterns', () => {
  it('lists what is looked for by itself: id, level, title', async () => {
    const { code, out, err } = await logscan('patterns', 'list')
    expect([code, err]).toEqual([0, ''])
    const lines = out.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(20)
    expect(lines).toContain('go.panic\tfatal\tGo panic')
  })

  it('says of each pattern of a file whether it can be used', async () => {
    const good = await file('good.yaml', '- {id: a, regex: "x+"}\n- {id: b, any_of: [y, z]}\n')
    expect(await logscan('patterns', 'check', good)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^a\tok\t\d+ states\nb\tok\t\d+ states\n$/),
      err: '',
    })
    const bad = await file('bad.txt', 'fine\n(a)\\1\n')
    const { code, out, err } = await logscan('patterns', 'check', bad)
    expect([code, err]).toEqual([2, `${bad}: 1 of 2 patterns cannot be used\n`])
    expect(out).toContain('line-2\trefused\tback-references cannot be matched in linear time, at position 3 of (a)\\1')
  })

  it('gives one clear line for what cannot be read', async () => {
    const missing = join(folder, 'missing.txt')
    expect(await logscan('patterns', 'check', missing)).toEqual({
      code: 2,
      out: '',
      err: `${missing}: no such file or directory, open '${missing}'\n`,
    })
    const odd = await file('odd.yaml', '- {id: a}')
    expect(await logscan('patterns', 'check', odd)).toMatchObject({
      code: 2,
      err: `${odd}: 0: must have one of regex, literal and any_of\n`,
    })
  })

  it.each([[[]], [['patterns']], [['patterns', 'check']], [['nothing']], [['--nothing']]])(
    'called as %j tells how it is used, and exits 2',
    async (args) => {
      const { code, out, err } = await logscan(...args)
      expect([code, out]).toEqual([2, ''])
      expect(err).toMatch(/usage: logscan|Unknown option/)
    },
  )

  it('told --help exits 0', async () => {
    expect(await logscan('--help')).toMatchObject({ code: 0, out: expect.stringContaining('usage: logscan'), err: '' })
  })
})
