import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Follower } from '../../src/logscan/adapters/follow/follower.ts'
import { MatcherPool } from '../../src/logscan/adapters/follow/matcher-pool.ts'
import { OpenFiles } from '../../src/logscan/adapters/follow/open-files.ts'
import { type FollowStep, type MatchStore, StepConflict } from '../../src/logscan/app/match-store.ts'
import type { Generation } from '../../src/logscan/domain/follow/generation.ts'
import { planMatch } from '../../src/logscan/domain/match/match-plan.ts'
import { parsePattern } from '../../src/logscan/domain/pattern/parse.ts'
import { createRandom } from '../support/prepared-lines.ts'

const setup = {
  parts: planMatch([parsePattern('ERROR')], Buffer.from('INFO fine\n')),
  countsOnly: false,
  chunkBytes: 65_536,
  request: {
    ...{ since: null, until: null, context: 0, records: true, groups: true, referenceTime: 0 },
    ...{ patternIds: ['error'], patternLevels: ['error' as const] },
  },
}

/** Keeps all in memory as a database would, and refuses what does not go on where it stands. */
class KeptLines implements MatchStore {
  readonly generations = new Map<string, Generation>()
  readonly texts: string[] = []
  isAway = false
  attempts = 0

  async load() {
    return [...this.generations.values()]
  }

  async keep(steps: readonly FollowStep[]) {
    this.attempts++
    if (this.isAway) throw new Error('the store is away')
    for (const { generation, before } of steps) {
      const known = this.generations.get(generation.id)
      if ((known?.offset ?? null) !== before) throw new StepConflict(generation.id)
    }
    for (const { generation, lines } of steps) {
      this.generations.set(generation.id, generation)
      this.texts.push(...lines.map(({ text }) => text))
    }
  }
}

let folder: string
let pool: MatcherPool
let kept: KeptLines
let follower: Follower
let clock = 0
let ids = 0
let problems: string[]
let openFiles: OpenFiles
let found: () => void

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xm-follow-'))
  mkdirSync(join(folder, 'old'))
  pool = new MatcherPool(1, setup)
  kept = new KeptLines()
  problems = []
  openFiles = new OpenFiles(8)
  found = () => {}
  await start()
})
afterEach(async () => {
  await follower[Symbol.asyncDispose]()
  await pool[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function start(): Promise<void> {
  follower = new Follower({
    ...{ source: 'test', node: 'here', pool, store: kept, now: () => clock, newId: () => `generation-${++ids}` },
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 5))),
    openFiles,
    mayRead: (path) => !path.includes('/secret/'),
    limits: { stepBytes: 4096, readersMax: 4, drainMs: 60_000, retryMs: 5, endedMax: 100, unpackedMax: 1_000_000 },
    events: { found: () => found(), problem: (path, text) => void problems.push(`${path}: ${text}`) },
  })
  await follower.begin()
}

/** As if the process had ended at once and another had begun. */
async function restart(): Promise<void> {
  await follower[Symbol.asyncDispose]()
  await start()
}

const at = (name: string) => join(folder, name)

async function look(): Promise<void> {
  const paths = readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.isDirectory())
  await follower.look(paths.map(({ name }) => at(name)).sort(), { isAll: true })
  await follower.settled()
}

let count = 0
const lines = (many: number) => Array.from({ length: many }, () => `ERROR number ${++count}`)
const textOf = (some: readonly string[]) => some.map((line) => `${line}\n`).join('')

function write(name: string, many: number): readonly string[] {
  const some = lines(many)
  appendFileSync(at(name), textOf(some))
  return some
}

function expectKept(...expected: readonly (readonly string[])[]): void {
  expect([...kept.texts].sort()).toEqual(expected.flat().sort())
}

describe('a line is read once when the file', () => {
  it('grows, and is read only as far as its lines are whole', async () => {
    const first = write('app.log', 300)
    appendFileSync(at('app.log'), 'ERR')
    await look()
    expectKept(first)
    await restart()
    await look()
    expectKept(first)
    appendFileSync(at('app.log'), 'OR boom\n')
    await look()
    expectKept(first, ['ERROR boom'])
    expect(kept.generations.size).toBe(1)
    expect([...kept.generations.values()][0]).toMatchObject({ newlines: 301 })
  })

  it.each([
    ['is renamed among those that are followed', 'app.log.1'],
    ['is renamed away from them', 'old/app.log.1'],
  ])('%s, while its writer goes on', async (_, to) => {
    const first = write('app.log', 10)
    await look()
    const writer = openSync(at('app.log'), 'a')
    renameSync(at('app.log'), at(to))
    const late = lines(100)
    writeSync(writer, textOf(late.slice(0, 50)))
    const second = write('app.log', 100)
    await look()
    writeSync(writer, textOf(late.slice(50)))
    closeSync(writer)
    await look()
    expectKept(first, late, second)
  })

  it('is renamed within its folder while nobody follows it', async () => {
    const first = write('app.log', 10)
    await look()
    await follower[Symbol.asyncDispose]()
    const late = write('app.log', 5)
    renameSync(at('app.log'), at('hidden'))
    const second = write('app.log', 10)
    await start()
    await follower.look([at('app.log')], { isAll: true })
    await follower.settled()
    expectKept(first, late, second)
  })

  it('is copied and truncated, and grows past where it was between two looks', async () => {
    const first = write('app.log', 5000)
    await look()
    copyFileSync(at('app.log'), at('app.log.1'))
    truncateSync(at('app.log'))
    const second = write('app.log', 6000)
    await look()
    expectKept(first, second)
  })

  it('is copied and truncated before all was read', async () => {
    const first = write('app.log', 50)
    await look()
    const unread = write('app.log', 50)
    copyFileSync(at('app.log'), at('app.log.1'))
    truncateSync(at('app.log'))
    const second = write('app.log', 10)
    await look()
    expectKept(first, unread, second)
  })

  it('is copied before it is truncated, and looked at in between', async () => {
    const first = write('app.log', 50)
    await look()
    const more = write('app.log', 20)
    copyFileSync(at('app.log'), at('app.log.1'))
    await look()
    truncateSync(at('app.log'))
    await look()
    const second = write('app.log', 5)
    await look()
    expectKept(first, more, second)
  })

  it('has a copy that is made slowly', async () => {
    const first = write('app.log', 500)
    await look()
    const text = textOf(first)
    writeFileSync(at('app.log.1'), text.slice(0, 3000))
    await look()
    appendFileSync(at('app.log.1'), text.slice(3000))
    await look()
    truncateSync(at('app.log'))
    const second = write('app.log', 5)
    await look()
    expectKept(first, second)
  })

  it('is truncated, and what was not read is said to be lost', async () => {
    const first = write('app.log', 50)
    await look()
    appendFileSync(at('app.log'), 'ERROR not read')
    await look()
    truncateSync(at('app.log'))
    await look()
    expectKept(first)
    expect([...kept.generations.values()]).toMatchObject([
      { isEnded: true, losses: [{ reason: 'truncated', bytes: 'ERROR not read'.length }] },
    ])
  })

  it('is deleted and made anew, with the number that it had', async () => {
    const first = write('app.log', 10)
    await look()
    unlinkSync(at('app.log'))
    await follower.settled()
    const second = write('app.log', 20)
    await look()
    expectKept(first, second)
  })

  it('begins as another does, for 4 KiB', async () => {
    const header = lines(300)
    const [one, two] = [lines(20), lines(20)]
    writeFileSync(at('one.log'), textOf([...header, ...one]))
    await look()
    writeFileSync(at('one.log.1'), textOf([...header, ...two]))
    await look()
    expectKept(header, one, header, two)
  })

  it('has ten bytes, as another one has', async () => {
    writeFileSync(at('one.log'), 'ERROR one\n')
    await look()
    writeFileSync(at('two.log'), 'ERROR one\n')
    await look()
    expectKept(['ERROR one', 'ERROR one'])
  })

  it('is what a link points to, which is turned', async () => {
    const first = write('old/first', 10)
    symlinkSync('old/first', at('app.log'))
    await look()
    const late = write('old/first', 3)
    const second = write('old/second', 10)
    rmSync(at('app.log'))
    symlinkSync('old/second', at('app.log'))
    await look()
    expectKept(first, late, second)
  })

  it('is compressed when it was rotated', async () => {
    const first = write('app.log', 100)
    await look()
    renameSync(at('app.log'), at('app.log.1'))
    const second = write('app.log', 10)
    await look()
    writeFileSync(at('app.log.1.gz'), gzipSync(textOf(first)))
    unlinkSync(at('app.log.1'))
    await look()
    expectKept(first, second)
  })
})

describe('a text is told from others', () => {
  it('by its copy, which is shorter than what was read before the original was cut', async () => {
    const first = write('app.log', 300)
    await look()
    copyFileSync(at('app.log'), at('app.log.1'))
    const more = write('app.log', 100)
    await follower.look([at('app.log')], { isAll: false })
    await follower.settled()
    truncateSync(at('app.log'))
    const second = write('app.log', 10)
    await look()
    clock += 3000
    await look()
    await look()
    expectKept(first, more, second)
  })

  it('even if it is the same, by the name of its file', async () => {
    writeFileSync(at('one.log'), 'ERROR one\n')
    await look()
    truncateSync(at('one.log'))
    await look()
    writeFileSync(at('two.log'), 'ERROR one\n')
    await look()
    expectKept(['ERROR one', 'ERROR one'])
  })

  it('every day anew, if it is the same each day', async () => {
    for (let day = 0; day < 3; day++) {
      if (day > 0) {
        rmSync(at('job.log.1'), { force: true })
        renameSync(at('job.log'), at('job.log.1'))
      }
      writeFileSync(at('job.log'), 'ERROR of every day\n')
      await look()
    }
    expect(kept.texts).toHaveLength(3)
  })

  it('of which the rest is read, if it was compressed while nobody followed it', async () => {
    const first = write('app.log', 100)
    await look()
    await follower[Symbol.asyncDispose]()
    const more = lines(700)
    appendFileSync(at('app.log'), textOf(more))
    appendFileSync(at('app.log'), 'ERROR without an end')
    writeFileSync(at('app.log.1.gz'), gzipSync(readFileSync(at('app.log'))))
    rmSync(at('app.log'))
    const second = write('app.log', 5)
    await start()
    await look()
    expectKept(first, more, second)
    const [rotated] = [...kept.generations.values()].filter(({ isEnded }) => isEnded)
    expect(rotated).toMatchObject({ newlines: 800, losses: [{ reason: 'compressed', bytes: 20 }] })
    await restart()
    await look()
    expectKept(first, more, second)
  })

  it('and is another text than the one compressed there, which is left alone', async () => {
    const first = write('app.log', 100)
    await look()
    await follower[Symbol.asyncDispose]()
    renameSync(at('app.log'), at('app.log.2'))
    writeFileSync(at('app.log.1.gz'), gzipSync(textOf(lines(500))))
    const more = lines(50)
    appendFileSync(at('app.log.2'), textOf(more))
    await start()
    await look()
    expectKept(first, more)
  })

  it('once it is there, if its file was empty first, as what is being compressed is', async () => {
    const first = write('app.log', 100)
    await look()
    renameSync(at('app.log'), at('app.log.1'))
    const second = write('app.log', 5)
    writeFileSync(at('app.log.1.gz'), '')
    await look()
    writeFileSync(at('app.log.1.gz'), gzipSync(textOf(first)))
    await look()
    expectKept(first, second)
    expect(problems).toEqual([`${at('app.log.1.gz')}: is compressed, and is not followed`])
  })

  it('when another file has the number that its file had', async () => {
    const first = write('app.log', 10)
    await look()
    await follower[Symbol.asyncDispose]()
    unlinkSync(at('app.log'))
    write('not followed', 5)
    const [known] = kept.generations.values()
    kept.generations.set(known!.id, { ...known!, inode: `${statSync(at('not followed')).ino}` })
    await start()
    await follower.look([], { isAll: true })
    await follower.settled()
    expectKept(first)
    expect([...kept.generations.values()]).toMatchObject([{ isEnded: true }])
  })

  it('when it was written anew while it was matched', async () => {
    await follower[Symbol.asyncDispose]()
    const match = pool.match.bind(pool)
    let isFirst = true
    pool.match = async (task) => {
      const found = await match(task)
      if (isFirst) writeFileSync(at('app.log'), 'ERROR that came later\n')
      isFirst = false
      return found
    }
    await start()
    writeFileSync(at('app.log'), 'ERROR that was there\n')
    await look()
    expectKept(['ERROR that came later'])
  })
})

it('reads on when a folder is gone, with what was moved out of it', async () => {
  mkdirSync(at('old/gone'))
  const [lost, moved] = [write('old/gone/one.log', 3), write('app.log', 3)]
  const paths = [at('old/gone/one.log'), at('app.log')]
  await follower.look(paths, { isAll: true })
  await follower.settled()
  const last = write('app.log', 2)
  renameSync(at('app.log'), join(folder, 'old', 'elsewhere'))
  rmSync(at('old/gone'), { recursive: true })
  const next = write('app.log', 4)
  await look()
  expectKept(lost, moved, last, next)
  expect(problems).toEqual([])
})

it('goes on with a file that was out of sight for long', async () => {
  const first = write('app.log', 10)
  await look()
  renameSync(at('app.log'), at('old/app.log'))
  await look()
  clock += 61_000
  await look()
  expect([...kept.generations.values()]).toMatchObject([{ isEnded: true }])
  renameSync(at('old/app.log'), at('app.log'))
  const second = write('app.log', 5)
  await look()
  expectKept(first, second)
  expect([...kept.generations.values()]).toMatchObject([{ isEnded: false }])
})

it('keeps what it has found, whatever those do whom it tells', async () => {
  let times = 0
  found = () => {
    if (times++ % 2 === 0) throw new Error('nobody listens')
  }
  const first = write('app.log', 1000)
  await look()
  const second = write('app.log', 500)
  await look()
  expectKept(first, second)
})

it('searches a line that has no end once', async () => {
  const first = write('app.log', 3)
  await look()
  appendFileSync(at('app.log'), `ERROR ${'x'.repeat(20_000)}`)
  await look()
  appendFileSync(at('app.log'), 'y'.repeat(20_000))
  await look()
  expectKept(first)
  appendFileSync(at('app.log'), ' end\n')
  const second = write('app.log', 3)
  await look()
  expectKept(first, [`ERROR ${'x'.repeat(20_000)}${'y'.repeat(20_000)} end`], second)
})

it('says what it could not read of a file that is gone', async () => {
  write('app.log', 3)
  await look()
  appendFileSync(at('app.log'), 'ERROR without an end')
  await look()
  unlinkSync(at('app.log'))
  await follower.look([], { isAll: true })
  clock += 61_000
  await follower.look([], { isAll: true })
  await follower.settled()
  expect([...kept.generations.values()]).toMatchObject([
    { isEnded: true, losses: [{ reason: 'unreadable', bytes: 'ERROR without an end'.length }] },
  ])
  expect(problems).toEqual([`${at('app.log')}: was rotated away with 20 bytes that were not read`])
})

it('waits for a store that is away, and keeps all when it is back', async () => {
  kept.isAway = true
  const first = write('app.log', 1000)
  const looked = look()
  while (kept.attempts < 5) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(kept.texts).toEqual([])
  kept.isAway = false
  await looked
  expectKept(first)
  expect(problems).toEqual([`${at('app.log')}: what was found cannot be kept: the store is away`])
})

it('goes on where another has come to', async () => {
  const first = write('app.log', 10)
  await look()
  const mine = follower
  await start()
  const second = write('app.log', 10)
  await look()
  const other = follower
  follower = mine
  const third = write('app.log', 10)
  await look()
  await other[Symbol.asyncDispose]()
  expectKept(first, second, third)
  expect(kept.generations.size).toBe(1)
})

it('has few files open, however many there are', async () => {
  const written = Array.from({ length: 40 }, (_, index) => write(`${index}.log`, 3))
  await look()
  const more = Array.from({ length: 40 }, (_, index) => write(`${index}.log`, 3))
  await look()
  expectKept(...written, ...more)
  expect(openFiles.count).toBeLessThanOrEqual(8)
})

it('does again what a thread was doing when it died', async () => {
  const worker = at('worker.mjs')
  writeFileSync(
    worker,
    `import { existsSync, writeFileSync } from 'node:fs'
     import { parentPort } from 'node:worker_threads'
     const died = ${JSON.stringify(at('old/died'))}
     if (existsSync(died)) await import(${JSON.stringify(createRequire(import.meta.url).resolve('#scan-worker'))})
     else parentPort.on('message', (order) => {
       if (!('task' in order)) return
       writeFileSync(died, '')
       process.exit(1)
     })`,
  )
  await follower[Symbol.asyncDispose]()
  await pool[Symbol.asyncDispose]()
  pool = new MatcherPool(1, setup, { file: worker })
  await start()
  const first = write('app.log', 2000)
  await follower.look([at('app.log')], { isAll: true })
  await follower.settled()
  expectKept(first)
  expect(readdirSync(at('old'))).toEqual(['died'])
})

it('passes over a line that ends every thread, and reads what stands around it', async () => {
  const worker = at('old/worker.mjs')
  const real = JSON.stringify(createRequire(import.meta.url).resolve('#scan-worker'))
  writeFileSync(
    worker,
    `import { readSync } from 'node:fs'
     import { parentPort } from 'node:worker_threads'
     const on = parentPort.on.bind(parentPort)
     parentPort.on = (name, handle) => on(name, (order) => {
       if ('task' in order) {
         const { fd, from, limit } = order.what
         const bytes = Buffer.alloc(limit - from)
         readSync(fd, bytes, 0, bytes.length, from)
         if (bytes.includes('deadly')) process.exit(1)
       }
       handle(order)
     })
     await import(${real})`,
  )
  await follower[Symbol.asyncDispose]()
  await pool[Symbol.asyncDispose]()
  pool = new MatcherPool(1, setup, { file: worker })
  await start()
  const [first, deadly, second] = [lines(40), 'ERROR that is deadly', lines(40)]
  writeFileSync(at('app.log'), textOf([...first, deadly, ...second]))
  await look()
  expectKept(first, second)
  const [generation] = [...kept.generations.values()]
  expect(generation).toMatchObject({ newlines: 81, losses: [{ reason: 'unmatchable', bytes: deadly.length + 1 }] })
  expect(problems).toHaveLength(1)

  // Nothing is lost where no thread can do anything at all.
  writeFileSync(worker, 'process.exit(1)')
  await follower[Symbol.asyncDispose]()
  await pool[Symbol.asyncDispose]()
  pool = new MatcherPool(1, setup, { file: worker })
  await start()
  const third = write('app.log', 10)
  await look()
  expectKept(first, second)
  await follower[Symbol.asyncDispose]()
  await pool[Symbol.asyncDispose]()
  pool = new MatcherPool(1, setup)
  await start()
  await look()
  expectKept(first, second, third)
  expect([...kept.generations.values()][0]?.losses).toHaveLength(1)
}, 60_000)

describe('whatever happens to files in whatever order', () => {
  it.each(Array.from({ length: Number(process.env.FOLLOW_RUNS ?? 12) }, (_, index) => index + 1))(
    'every line is read once (seed %i)',
    async (seed) => {
      const random = createRandom(seed)
      const expected: (readonly string[])[] = []
      let rotated = 0
      let partial = ''
      for (let step = 0; step < 40; step++) {
        const what = random.below(8)
        if (what < 3) {
          const some = lines(1 + random.below(200))
          appendFileSync(at('app.log'), `${partial === '' ? '' : `${partial}\n`}${textOf(some)}`)
          expected.push(partial === '' ? some : [`ERR${partial}`, ...some])
          partial = ''
        } else if (what === 3 && partial === '') {
          partial = `OR half ${++count}`
          appendFileSync(at('app.log'), 'ERR')
        } else if (what === 4 && partial === '' && expected.length > 0) {
          renameSync(at('app.log'), at(random.share() < 0.5 ? `app.log.${++rotated}` : `old/${++rotated}`))
          expected.push(write('app.log', 1 + random.below(30)))
        } else if (what === 5 && partial === '' && expected.length > 0) {
          copyFileSync(at('app.log'), at(`app.log.${++rotated}`))
          if (random.share() < 0.5) await look()
          truncateSync(at('app.log'))
          expected.push(write('app.log', 1 + random.below(300)))
        } else if (what === 6) await restart()
        await look()
      }
      expectKept(...expected)
    },
  )
})
