import { DomainError } from '../../kernel/errors.ts'
import type { LinePlace, LogsStore, ReadAround, TextLine } from './ports.ts'

export interface NumberedLine extends TextLine {
  /** From 1. */
  readonly line: number
}

export interface LineContext {
  readonly path: string
  readonly before: readonly NumberedLine[]
  readonly line: NumberedLine & { readonly isCut: boolean }
  readonly after: readonly NumberedLine[]
}

interface ReadContextDeps {
  readonly store: Pick<LogsStore, 'lines'>
  readonly readAround: ReadAround
}

/** The lines around one that matched, as they stand in its file. Throws `logs.event_not_found`, `logs.text_gone`. */
export function readContext({ store, readAround }: ReadContextDeps) {
  return async (place: LinePlace, most: { before: number; after: number }): Promise<LineContext> => {
    const found = await store.lines.find(place)
    if (found === null) throw new DomainError('logs.event_not_found', 'not_found', { field: 'id' })
    const { generation, length, line: number } = found
    const around = readAround(generation, { offset: place.offset, length, ...most })
    if (around === null) throw new DomainError('logs.text_gone', 'not_found', { field: 'id', path: generation.path })
    const { before, line, after } = around
    return {
      path: generation.path,
      before: before.map((text, index) => ({ ...text, line: number - before.length + index })),
      line: { ...line, line: number },
      after: after.map((text, index) => ({ ...text, line: number + 1 + index })),
    }
  }
}
