import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { createLogLists } from '../../src/logscan/adapters/sequelize/log-lists.ts'
import { createLogQueries } from '../../src/logscan/adapters/sequelize/log-queries.ts'
import { sourceProgress } from '../../src/logscan/adapters/sequelize/source-files.ts'
import { hourMs, minuteMs } from '../../src/logscan/domain/time-span.ts'
import { readConfig } from '../../src/platform/config.ts'
import { type Database, openDatabase } from '../../src/platform/database/database.ts'
import { createDatabase, hasMariadb, startPrivateMariadb } from '../support/private-mariadb.ts'
import { migrateSchema } from '../support/product.ts'
import { judge, table } from './figures.ts'
import { inRounds } from './rounds.ts'

const usage = `npm run bench:log-rows -- [--lines N] [--groups N] [--rounds N]
A MariaDB with N stored lines (5,000,000) of N groups (20,000) over 30 days: what the dashboard and the lists ask of it, each against a
statement that reads one row.`

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '5000000' },
    groups: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '7' },
    help: { type: 'boolean', default: false },
  },
})
/** What these questions may take. */
const aimMs = 50
const days = 30
const sources = 20
const startMs = Date.UTC(2026, 0, 1)
const endMs = startMs + days * 24 * hourMs

if (values.help) console.log(usage)
else if (!hasMariadb()) console.log('MariaDB is not on the PATH: there is nothing to measure with')
else await main(Number(values.lines), Number(values.groups), Number(values.rounds))

async function main(lines: number, groups: number, rounds: number): Promise<void> {
  await using server = await startPrivateMariadb({ bufferPoolMb: 1024 })
  await using created = await createDatabase(server.url)
  const env = { MYSQL_URL: created.url }
  await migrateSchema(env)
  await using database = await openDatabase(readConfig(env))
  const seeded = performance.now()
  await seed(database, lines, groups)
  console.error(
    `${lines} lines of ${groups} groups were stored in ${Math.round((performance.now() - seeded) / 1000)} s`,
  )

  const asked = questions(database, lines)
  const figures = await inRounds(
    rounds,
    Object.fromEntries(Object.entries(asked).map(([name, ask]) => [name, () => timeOf(ask)])),
  )
  const baseline = figures['one row']!
  const verdicts = Object.entries(figures)
    .filter(([name]) => name !== 'one row')
    .map(([name, ours]) => judge({ name, unit: 'ms', ours, baselineName: 'one row', baseline, aim: null }))
  console.log(`${cpus()[0]?.model}, ${availableParallelism()} threads, load ${loadavg()[0]?.toFixed(1)}`)
  console.log(table(verdicts))
  const slow = verdicts.filter(({ ours }) => ours > aimMs)
  console.log(
    slow.length === 0 ? `all within ${aimMs} ms` : `over ${aimMs} ms: ${slow.map(({ name }) => name).join(', ')}`,
  )
}

async function timeOf(ask: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await ask()
  return performance.now() - from
}

/** A few groups have most of the lines, as it is with errors; every line has a time, and its counts are right. */
async function seed(database: Database, lines: number, groups: number): Promise<void> {
  const run = (sql: string) => database.sequelize.query(sql)
  const groupOf = (number: string) => `LPAD(HEX(${number}), 16, '0')`
  // Evenly spread pseudo-random shares of the line's number.
  const share = (factor: number) => `(MOD(seq * ${factor}, 1000003) / 1000003)`
  const number = `FLOOR(POW(${share(7919)}, 3) * ${groups})`
  const level = (of: string) => `ELT(1 + MOD(${of}, 4), 'warn', 'error', 'error', 'fatal')`
  const source = (of: string) => `CONCAT('source-', MOD(${of}, ${sources}))`
  const at = `${startMs} + FLOOR(seq * ${(days * 24 * hourMs) / lines})`
  await run(`INSERT INTO log_generations SELECT CONCAT('g', seq), ${source('seq')}, 'here', CONCAT('/var/log/', seq, '.log'), '1', seq,
     0, '', 1000, 0, 0, '', seq > 100, '[]', 1, ${startMs}, 1000 FROM seq_0_to_999`)
  const step = 250_000
  for (let from = 0; from < lines; from += step)
    await run(`INSERT INTO log_events SELECT CONCAT('g', number DIV 20 * 20 % 1000 + MOD(number, 20)), seq, 120, seq, ${level('number')}, at, at,
        ${groupOf('number')}, '["node.error"]', CONCAT('2026-01-01T00:00:00Z ERROR request ', seq, ' to upstream ', number, ' failed after ',
        MOD(seq, 900), ' ms: connection refused'), 1
      FROM (SELECT seq, ${number} AS number, ${at} AS at FROM seq_${from}_to_${Math.min(lines, from + step) - 1}) AS made`)
  for (const [name, ms, texts] of [
    ['log_minutes', minuteMs, ', COUNT(*)'],
    ['log_hours', hourMs, ''],
  ] as const)
    await run(`INSERT INTO ${name} SELECT FLOOR(seen_at_ms / ${ms}) * ${ms} AS bucket, e.group_id, e.level, g.source, COUNT(*)${texts}
      FROM log_events e JOIN log_generations g ON g.id = e.generation_id GROUP BY bucket, e.group_id, e.level, g.source`)
  await run(
    'INSERT INTO log_hour_totals SELECT bucket_ms, source, level, SUM(count) FROM log_hours GROUP BY bucket_ms, source, level',
  )
  await run(`INSERT INTO log_groups SELECT group_id, 1, CONCAT('request <*> to upstream ', group_id, ' failed after <*> ms: connection refused'),
      CONCAT('request <*> to upstream ', group_id), MAX(level), ELT(1 + MOD(COUNT(*), 5), 'new', 'ongoing', 'ongoing', 'resolved', 'ignored'), MIN(seen_at_ms),
      NULL, NULL, NULL, COUNT(*), MIN(seen_at_ms), MAX(seen_at_ms), MIN(seen_at_ms), '["node.error"]', MAX(text), 1, NULL
    FROM log_events GROUP BY group_id`)
  await run('ANALYZE TABLE log_generations, log_groups, log_hours, log_hour_totals, log_minutes, log_events')
}

function questions(database: Database, lines: number): Record<string, () => Promise<unknown>> {
  const lists = createLogLists(database)
  const queries = createLogQueries(database)
  const all = {
    status: null,
    level: null,
    source: null,
    search: null,
    sort: 'lastSeen',
    cursor: null,
    limit: 50,
  } as const
  const some = { group: null, source: null, from: null, to: null, cursor: null, limit: 50 } as const
  const largest = '0'.repeat(16)
  const window = (hours: number) => ({ from: endMs - hours * hourMs, to: endMs, source: null })
  return {
    'one row': () =>
      database.select('SELECT * FROM log_events WHERE generation_id = :id AND offset_bytes = 1', { id: 'g0' }),
    'groups by last seen': () => lists.groups(all),
    'groups by count, resolved': () => lists.groups({ ...all, sort: 'count', status: 'resolved' }),
    'groups of a level': () => lists.groups({ ...all, level: 'fatal' }),
    'groups of a source': () => lists.groups({ ...all, source: 'source-3' }),
    'groups by a text that many have': () => lists.groups({ ...all, search: 'connection refused' }),
    'groups by a text that one has': () => lists.groups({ ...all, search: (4242).toString(16) }),
    'groups by a text that none has': () => lists.groups({ ...all, search: 'nobody has this' }),
    'a group': () => queries.group(largest),
    'how many of each status': () => lists.groupCounts(),
    'newest lines': () => lists.lines(some),
    'lines of the largest group': () => lists.lines({ ...some, group: largest }),
    'lines of a group and a source': () => lists.lines({ ...some, group: largest, source: 'source-0' }),
    'lines of an hour and a source': () => lists.lines({ ...some, source: 'source-3', from: endMs - hourMs }),
    'sum of a day': () => queries.summary(window(24)),
    'sum of 30 days': () => queries.summary(window(24 * days)),
    'sum of 30 days of a source': () => queries.summary({ ...window(24 * days), source: 'source-3' }),
    'hours of a day': () => queries.series({ ...window(24), step: 'hour', group: null }),
    'hours of 30 days': () => queries.series({ ...window(24 * days), step: 'hour', group: null }),
    'minutes of 6 hours': () => queries.series({ ...window(6), step: 'minute', group: null }),
    'hours of 30 days of the largest group': () =>
      queries.series({ ...window(24 * days), step: 'hour', group: largest }),
    'the files of 20 sources': () =>
      sourceProgress(
        database,
        Array.from({ length: sources }, (_, index) => `source-${index}`),
      ),
    'a line by its place': () =>
      database.select('SELECT * FROM log_events WHERE generation_id = :id AND offset_bytes = :at', {
        id: 'g0',
        at: lines - 1,
      }),
  }
}
