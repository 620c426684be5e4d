import { spawnSync } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { logProfiles, writeLogFile } from '../support/generated-logs.ts'
import { createLogFolder, type LogFolder, logscanFile } from '../support/logscan-command.ts'

/** Of util-linux: gives a command a terminal. */
const terminalProgram = 'script'
const hasTerminal = spawnSync(terminalProgram, ['--version']).error === undefined
const hostileLine = '2026-03-01T10:00:00.100Z ERROR \u001b[2Jthe \u0007screen\u001b]0;title\u0007 is mine\u009b2J'
let folder: LogFolder

beforeAll(async () => {
  folder = await createLogFolder()
  await writeLogFile(folder.file('rest.log'), { ...logProfiles.typical, bytes: 300e6 })
  await folder.write('hostile.log', `${hostileLine}\n`)
})
afterAll(() => folder[Symbol.asyncDispose]())

/** What a terminal of so many columns is sent: all of it, and what of it stays. */
function runInTerminal(columns: number, args: string): { sent: string; lines: string[] } {
  const command = `stty cols ${columns} rows 40; ${process.execPath} ${logscanFile} ${args}`
  const { stdout, status } = spawnSync(terminalProgram, ['-qec', command, '/dev/null'], {
    cwd: folder.path,
    env: { ...process.env, TERM: 'xterm-256color' },
    maxBuffer: 1e8,
  })
  const sent = stdout.toString()
  expect(status, sent.slice(-500)).toBe(0)
  return { sent, lines: stripVTControlCharacters(sent.slice(sent.lastIndexOf('┌'))).split(/\r?\n/) }
}

describe.skipIf(!hasTerminal)('at a terminal (left out where there is no `script`)', () => {
  it.each([
    [140, ['pattern', 'lines', 'first seen', 'last seen', 'over time', 'example']],
    [80, ['pattern', 'lines', 'last seen', 'example']],
    [60, ['pattern', 'lines', 'example']],
  ])('of %i columns: a bar with speed and time left, then a table that fits', (columns, titles) => {
    const { sent, lines } = runInTerminal(columns, 'scan hostile.log rest.log')
    const text = stripVTControlCharacters(sent)
    expect(text).toMatch(/[█░]+ [1-9]\d* % \| \d+ of 300 MB \| [1-9]\d* MB\/s \| \d+ s left/)
    for (const bar of text.match(/[█░]{4,} \d+ % [^█░┌]*? left/g) ?? []) expect(bar.length).toBeLessThan(columns)
    const table = lines.filter((line) => /^[│└]/.test(line))
    for (const line of table) expect([...line].length).toBeLessThanOrEqual(columns)
    const cells = table.map((line) =>
      line
        .split('│')
        .map((cell) => cell.trim())
        .filter((cell) => cell !== ''),
    )
    expect(cells[0]).toEqual(titles)
    expect(cells.find(([id]) => id === 'generic.level')?.[1]).toMatch(/^\d{4,}$/)
    if (titles.includes('over time')) expect(table.some((line) => /[▁▂▃▄▅▆▇█]{4}/.test(line))).toBe(true)
    expect(lines.join('\n')).toMatch(/\n\d+ of \d+ patterns were not found\.\n/)
  })

  it('nothing that stands in a log commands it', () => {
    const { sent } = runInTerminal(140, 'scan hostile.log --context 2')
    expect(stripVTControlCharacters(sent)).toContain('the  screen')
    for (const part of ['\u001b[2J', '\u001b]0;', '\u0007', '\u009b']) expect(sent).not.toContain(part)
  })

  it('has no bar with --no-progress', () => {
    expect(runInTerminal(100, 'scan rest.log --no-progress').sent).not.toMatch(/MB\/s/)
  })
})
