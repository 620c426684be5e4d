import { setTimeout as pause } from 'node:timers/promises'
import { createAdapter } from '@socket.io/redis-streams-adapter'
import type { Redis, RedisOptions } from 'ioredis'
import { DomainError } from '../../kernel/errors.ts'
import type { Logger } from '../log.ts'

/** Carries events between nodes through one Redis stream. */
export interface Streams extends Disposable {
  readonly adapter: ReturnType<typeof createAdapter>
  /** False, and the next flush rejects, while Redis is away. */
  accepts(): boolean
  /** Resolves once Redis has everything written so far; throws `service.unavailable` when it lacks anything. */
  flush(): Promise<void>
}

interface StreamsOptions {
  readonly redis: Redis
  readonly prefix: string
  readonly log: Logger
}

type Command = (...args: unknown[]) => Promise<unknown>
type Entry = [id: string, fields: string[]]

/** About how many events a client can have missed and still recover, and a node can lag behind. */
const streamMaxEntries = 10_000
/** A client that missed more than this among everybody's events starts afresh: replaying costs more than a snapshot. */
const recoveryMaxEntries = 2_000
const readMaxEntries = 500
const readBlockMs = 5_000
const readRetryMs = 100

/** Fails at once while Redis is away: what fails stays in the outbox. */
const writerOptions: Partial<RedisOptions> = {
  lazyConnect: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 5_000,
  socketTimeout: 10_000,
  retryStrategy: reconnectPauseMs,
}

/** Waits while Redis is away. The adapter asks again at once when a read fails: failing at once would spin. */
const readerOptions: Partial<RedisOptions> = {
  lazyConnect: false,
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  socketTimeout: readBlockMs * 3,
  retryStrategy: reconnectPauseMs,
}

function reconnectPauseMs(attempts: number): number {
  return Math.min(attempts * 50, 1_000)
}

/**
 * The adapter is handed stand-ins for its clients, with just the commands it uses, each made safe: it drops promises
 * (a rejection would end the process), reads from `$` again after an empty read (what came in between would be lost),
 * and replays without a bound.
 */
export function openStreams({ redis, prefix, log }: StreamsOptions): Streams {
  const streamName = `${prefix}realtime`
  const writer = redis.duplicate(writerOptions)
  const connections = new Set<Redis>([writer])
  const pending = new Set<Promise<unknown>>()
  let failures = 0
  reportAbsence(writer, log)

  function track(written: Promise<unknown>): Promise<unknown> {
    const settled: Promise<unknown> = written.catch(() => failures++).finally(() => pending.delete(settled))
    pending.add(settled)
    return written
  }

  const xadd = writer.xadd.bind(writer) as Command
  const set = writer.set.bind(writer) as Command
  const xrange = writer.xrange.bind(writer) as unknown as (...args: unknown[]) => Promise<Entry[]>

  const client = {
    options: { lazyConnect: false },
    duplicate: () => openReader(redis, streamName, connections),
    multi: () => writer.multi(),
    xadd: (args: unknown[]) => track(xadd(...args)),
    set: (...args: unknown[]) => set(...args).catch(() => null),
    async xrange(stream: string, start: string, end: string): Promise<Entry[]> {
      const entries = await xrange(stream, start, end, 'COUNT', recoveryMaxEntries + 1)
      if (entries.length > recoveryMaxEntries) throw new Error('too far behind to recover')
      return entries
    },
  }

  const adapter = createAdapter(client, {
    streamName,
    sessionKeyPrefix: `${streamName}:recovery:`,
    channelPrefix: streamName,
    maxLen: streamMaxEntries,
    readCount: readMaxEntries,
    blockTimeInMs: readBlockMs,
    onlyPlaintext: true,
  })

  return {
    adapter,
    accepts() {
      if (writer.status === 'ready') return true
      failures++
      return false
    },
    async flush() {
      await Promise.all(pending)
      const failed = failures > 0 || writer.status !== 'ready'
      failures = 0
      if (failed) throw new DomainError('service.unavailable', 'unavailable', { part: 'redis' })
    },
    [Symbol.dispose]() {
      for (const connection of connections) connection.disconnect()
    },
  }
}

/** What the adapter reads with; it asks for a second one to subscribe with, for requests that this gateway never makes. */
function openReader(redis: Redis, streamName: string, connections: Set<Redis>) {
  let connection: Redis | undefined
  let startedAt: string | undefined

  function connect(): Redis {
    connection = redis.duplicate(readerOptions)
    connection.on('error', () => {})
    connections.add(connection)
    return connection
  }

  /** The end of the stream when reading began, by its id, so that nothing after it can be passed over. */
  async function start(reader: Redis): Promise<string> {
    const [last] = await reader.xrevrange(streamName, '+', '-', 'COUNT', 1)
    return last?.[0] ?? '0-0'
  }

  return {
    on: () => {},
    subscribe: () => {},
    disconnect: () => connection?.disconnect(),
    async xread(...args: unknown[]): Promise<unknown> {
      const reader = connection ?? connect()
      try {
        if (args.at(-1) !== '$') return await (reader.xread as Command).call(reader, ...args)
        startedAt ??= await start(reader)
        return await (reader.xread as Command).call(reader, ...args.slice(0, -1), startedAt)
      } catch (error) {
        await pause(readRetryMs, undefined, { ref: false })
        throw error
      }
    },
  }
}

function reportAbsence(writer: Redis, log: Logger): void {
  let away = false
  writer.on('error', (error) => {
    if (!away) log.warn({ err: error }, 'redis is away: realtime events wait')
    away = true
  })
  writer.on('ready', () => {
    if (away) log.info('redis is back: realtime events flow again')
    away = false
  })
}
