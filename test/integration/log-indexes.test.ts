import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLogLists, type LogLists } from '../../src/logscan/adapters/sequelize/log-lists.ts'
import { sourceProgress } from '../../src/logscan/adapters/sequelize/source-files.ts'
import type { Database } from '../../src/platform/database/database.ts'
import { type Backend, backends, type OpenBackend } from '../support/backends.ts'
import { openMigrated } from '../support/payments.ts'
import { sentStatements } from '../support/sent-statements.ts'

const groupOf = (expression: string) => `LPAD(HEX(${expression}), 16, '0')`

/** Many lines of many groups, each group with lines of one source. */
const seeds = [
  `INSERT INTO log_generations SELECT CONCAT('g', seq), CONCAT('s', seq % 10), 'here', '/x', '1', '2', 0, '', 1000, 0, 0, '', 0, '[]', 1, seq, 0
     FROM seq_1_to_300`,
  `INSERT INTO log_groups SELECT ${groupOf('seq')}, 1, 't', 't', 'error', 'new', 1, NULL, NULL, NULL, seq, seq, seq, 1, '[]', 's', 1, NULL
     FROM seq_1_to_3000`,
  `INSERT INTO log_hours SELECT seq * 3600000, ${groupOf('seq % 30 + 1')}, 'error', CONCAT('s', seq % 10), 1 FROM seq_1_to_30000`,
  `INSERT INTO log_events SELECT CONCAT('g', seq % 300 + 1), seq, 10, seq, 'error', NULL, seq DIV 100, ${groupOf('seq % 3000 + 1')},
     '[]', 'text', 0 FROM seq_1_to_30000`,
]

const cursorOf = (text: string) => Buffer.from(text).toString('base64url')
const groups = {
  status: null,
  level: null,
  search: null,
  source: null,
  sort: 'lastSeen',
  cursor: null,
  limit: 20,
} as const
const lines = { group: null, source: null, from: null, to: null, cursor: null, limit: 20 }
const group = '0000000000000100'

interface HotPath {
  readonly path: string
  readonly index: string
  readonly walk: (lists: LogLists, database: Database) => Promise<unknown>
}

const hotPaths: readonly HotPath[] = [
  {
    path: 'groups of a source',
    index: 'log_hours_source',
    walk: (lists) => lists.groups({ ...groups, source: 's3' }),
  },
  { path: 'lines', index: 'log_events_seen', walk: (lists) => lists.lines(lines) },
  {
    path: 'lines, further pages',
    index: 'log_events_seen',
    walk: (lists) => lists.lines({ ...lines, cursor: cursorOf('150:g17:15016') }),
  },
  { path: 'lines of a time', index: 'log_events_seen', walk: (lists) => lists.lines({ ...lines, from: 100, to: 110 }) },
  {
    path: 'lines of a group and a source',
    index: 'log_events_group',
    walk: (lists) => lists.lines({ ...lines, group, source: 's3' }),
  },
  {
    path: 'the files of sources',
    index: 'log_generations_source',
    walk: (_lists, database) => sourceProgress(database, ['s1', 's2']),
  },
]

// Only this dialect plans by statistics; the embedded one is asked for its plans nowhere.
describe.each(backends.filter(({ name }) => name !== 'embedded'))('$name goes by an index for', (backend: Backend) => {
  let opened: OpenBackend
  let database: Database

  beforeAll(async () => {
    opened = await backend.open()
    database = await openMigrated(opened.env)
    for (const seed of seeds) await database.sequelize.query(seed)
    await database.sequelize.query('ANALYZE TABLE log_generations, log_groups, log_hours, log_events')
  })
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
  })

  it.each(hotPaths)('$path', async ({ index, walk }) => {
    const statements = await sentStatements(database, () => walk(createLogLists(database), database))
    const keys: (string | null)[] = []
    for (const sql of statements.filter((text) => /^\s*SELECT/i.test(text))) {
      const [rows] = (await database.sequelize.query(`EXPLAIN ${sql}`)) as unknown as [{ key: string | null }[]]
      keys.push(...rows.map(({ key }) => key))
    }
    expect(keys).toContain(index)
  })
})
