import { createLogger, type Logger } from '../../src/platform/log.ts'

type Line = Record<string, unknown> & { readonly msg?: string }

/** The product's own logger, whose lines a test reads. */
export function recordLog(): { readonly log: Logger; lines(): Line[] } {
  const written: string[] = []
  const log = createLogger(
    { LOG_LEVEL: 'info', LOG_FORMAT: 'json' },
    { write: (line: string) => void written.push(line) },
  )
  return { log, lines: () => written.map((line) => JSON.parse(line)) }
}
