/** What the keys of structured lines mean, in the spellings of the common loggers. */
export type Field = 'time' | 'level' | 'message' | 'component' | 'host' | 'fault' | 'stack'

const names: Readonly<Record<Field, readonly string[]>> = {
  time: ['time', 'timestamp', 'ts', '@timestamp', 't', 'date', 'datetime', 'asctime', '@t', 'eventTime'],
  level: ['level', 'severity', 'lvl', 'levelname', 'loglevel', 'log.level', 'log_level', '@l', 's'],
  message: ['msg', 'message', 'event', 'log', '@m', '@mt', 'text', 'short_message'],
  component: [
    'logger',
    'name',
    'component',
    'module',
    'service',
    'logger_name',
    'loggerName',
    'log.logger',
    'caller_name',
    'c',
  ],
  host: ['host', 'hostname', 'host.name', 'nodename'],
  fault: ['err', 'error', 'exception', 'exc_info', 'error.message', '@x'],
  stack: ['stack', 'stack_trace', 'stacktrace', 'error.stack', 'error.stack_trace'],
}

/** Docker's driver writes whole lines as `log`. */
export const dockerRank = names.message.indexOf('log')

export interface Key {
  readonly field: Field
  /** Where two keys of a line mean the same, the one named first here is right. */
  readonly rank: number
}

interface NamedKey extends Key {
  readonly name: string
}

/** By length and first letter, so that most keys of a line are passed over at a glance. */
const slots: (NamedKey[] | undefined)[] = new Array(1 << 10).fill(undefined)
const nameMax = 31
for (const field of Object.keys(names) as Field[])
  for (const [rank, name] of names[field].entries()) {
    const slot = slotOf(name, 0, name.length)
    slots[slot] = [...(slots[slot] ?? []), { name, field, rank }]
  }

function slotOf(text: string, from: number, length: number): number {
  return (length << 5) | (text.charCodeAt(from) & 31)
}

/** What the key there means; undefined for a key that says nothing about the line itself. */
export function keyAt(text: string, from: number, end: number): Key | undefined {
  if (end - from > nameMax) return undefined
  const candidates = slots[slotOf(text, from, end - from)]
  if (candidates === undefined) return undefined
  for (const candidate of candidates) if (text.startsWith(candidate.name, from)) return candidate
  return undefined
}
