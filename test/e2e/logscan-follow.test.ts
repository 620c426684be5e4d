import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createLogFolder, type LogFolder, logscan, logscanFile } from '../support/logscan-command.ts'

let folder: LogFolder

beforeAll(async () => {
  folder = await createLogFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

/** Runs the command; `next` gives the line that it prints next. */
function follow(...args: string[]) {
  const child = spawn(process.execPath, [logscanFile, 'follow', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const problems = createInterface({ input: child.stderr })[Symbol.asyncIterator]()
  return {
    next: async () => (await lines.next()).value as string | undefined,
    problem: async () => (await problems.next()).value as string | undefined,
    async stop(signal: NodeJS.Signals): Promise<number | null> {
      child.kill(signal)
      const [code] = await once(child, 'exit')
      return code
    },
  }
}

it('tells of lines as they are written, from where the file ended, over a rotation', async () => {
  const log = await folder.write('app.log', 'ERROR before\n')
  const following = follow(log, '--ndjson')
  // Until it has looked at the file, what is written is not new; so it is written again and again.
  let count = 0
  const writing = setInterval(() => void appendFile(log, `2026-01-31T10:00:00Z ERROR try ${++count}\n`), 100)
  const first = JSON.parse((await following.next()) as string)
  clearInterval(writing)
  expect(first).toMatchObject({ file: log, level: 'error', time: '2026-01-31T10:00:00.000Z' })
  expect(first.text).toMatch(/ERROR try \d+$/)
  expect(first.line).toBe(Number(/\d+$/.exec(first.text)?.[0]) + 1)
  await rename(log, `${log}.1`)
  await writeFile(log, 'ERROR in the next file\n')
  await appendFile(`${log}.1`, 'ERROR late\n')
  const rest = new Set<string>()
  while (!rest.has('ERROR in the next file') || !rest.has('ERROR late'))
    rest.add(JSON.parse((await following.next()) as string).text)
  expect(await following.stop('SIGTERM')).toBe(0)
})

it('waits for a file that is not there yet, and reads from the start if it is told to', async () => {
  const log = join(folder.path, 'later.log')
  const following = follow(log, '--from-start')
  await new Promise((done) => setTimeout(done, 500))
  await writeFile(log, 'INFO fine\nERROR one\n')
  expect(await following.next()).toBe(`${log}:2: ERROR one`)
  expect(await following.stop('SIGINT')).toBe(0)
})

it('looks for the patterns of a file, and says which it cannot use', async () => {
  const log = await folder.write('own.log', 'declined 17\nERROR other\n')
  const patterns = await folder.write('own.txt', 'declined \\d+\n(a)\\1\n')
  const following = follow(log, '--from-start', '--patterns', patterns)
  expect(await following.problem()).toContain('own.txt: line-2: ')
  expect(await following.next()).toBe(`${log}:1: declined 17`)
  expect(await following.stop('SIGTERM')).toBe(0)
})

it('follows 5,000 files with few descriptors, whichever of them grow', async () => {
  const many = join(folder.path, 'many')
  await mkdir(many)
  const files = Array.from({ length: 5000 }, (_, index) => join(many, `${index}.log`))
  for (const file of files) writeFileSync(file, 'ERROR from before\n')
  const limited = ['-c', 'ulimit -n 1024; exec "$@"', 'sh', process.execPath, logscanFile, 'follow', many]
  const child = spawn('sh', limited, { stdio: ['ignore', 'pipe', 'pipe'] })
  let problems = ''
  child.stderr.on('data', (text) => {
    problems += text
  })
  const told: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => told.push(line))
  const openFiles = () => readdirSync(`/proc/${child.pid}/fd`).length
  // Once the last that it looks at is known, all are.
  const last = files.toSorted().at(-1) as string
  while (!told.some((line) => line.includes('warm'))) {
    await appendFile(last, 'ERROR warm\n')
    await new Promise((done) => setTimeout(done, 300))
  }
  const active = files.filter((_, index) => index % 250 === 7)
  expect(active).toHaveLength(20)
  let most = 0
  for (let round = 0; round < 25; round++) {
    for (const file of active) await appendFile(file, `ERROR round ${round} of ${file}\n`)
    most = Math.max(most, openFiles())
  }
  const rounds = () => told.filter((line) => line.includes('ERROR round'))
  while (rounds().length < 500) await new Promise((done) => setTimeout(done, 50))
  child.kill('SIGTERM')
  await once(child, 'exit')
  expect(new Set(rounds()).size).toBe(500)
  expect(rounds()).toHaveLength(500)
  expect(told.some((line) => line.includes('from before'))).toBe(false)
  expect(most).toBeLessThan(400)
  expect(problems).toBe('')
}, 90_000)

it('has to be told what to follow', async () => {
  expect(await logscan(['follow'])).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining('follow: the files are missing'),
  })
  expect(await logscan(['follow', 'x', '--count'])).toMatchObject({ code: 2, err: expect.stringContaining('--count') })
})
