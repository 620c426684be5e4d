import type { FoundLine } from '../../app/match-store.ts'
import type { HitBatch } from '../../domain/scan/scan-request.ts'

/** The records of a batch as lines that can be kept; so many lines are before its range. */
export function foundLines({ newlines, recordEnds, records }: HitBatch, linesBefore: number): FoundLine[] {
  const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength)
  const lines: FoundLine[] = []
  let from = 0
  for (const [index, to] of recordEnds.entries()) {
    const record = bytes.toString('utf8', from, to)
    const { time, ...facts } = JSON.parse(`{"line":${linesBefore + (newlines[index] as number) + 1}${record}`)
    lines.push({ ...facts, time: time === null ? null : Date.parse(time) })
    from = to
  }
  return lines
}
