import { createHash } from 'node:crypto'
import { createLineReader, type LineFacts } from '../../domain/line/read-line.ts'
import { type Level, levels } from '../../domain/log-pattern.ts'
import { groupText, groupVersion } from '../../domain/scan/group-text.ts'
import { isoTime } from '../../domain/scan/iso-time.ts'
import { eventAround } from '../../domain/scan/log-event.ts'
import type { Example, HitBatch, NewGroup, ScanRequest } from '../../domain/scan/scan-request.ts'
import type { HeldText, HitLine, HitReader } from '../match/line-scan.ts'
import { HitColumns } from './hit-columns.ts'
import { LinesAround } from './lines-around.ts'
import { RecordWriter } from './record-writer.ts'

/** What the event of a line tells about it. */
interface EventFacts {
  readonly time: number | null
  readonly level: Level | null
  readonly group: Group
  /** Offset of the line that the event was found by, if that began it; -1 otherwise. */
  readonly start: number
  /** Offset behind the last line that has the same event. */
  readonly end: number
}

interface Group {
  readonly id: string
  readonly text: string
}

const groupsKept = 20_000
const recordBytesMax = 131_072

/** Reads hit lines: decodes them, joins traces, finds time, level and group, and collects batches of what is told. */
export class BatchReader implements HitReader {
  readonly #request: ScanRequest
  readonly #send: (batch: HitBatch) => void
  readonly #readLine: (text: string) => LineFacts
  readonly #groups = new Map<string, Group>()
  /** Of the range. */
  readonly #told = new Set<string>()
  readonly #seen: Uint8Array
  readonly #names: readonly string[]
  #event: EventFacts | null = null
  #place: ((line: HitLine) => { offset: number; length: number }) | null = null
  readonly #columns: HitColumns
  readonly #writer = new RecordWriter()
  #examples: Example[] = []
  #newGroups: NewGroup[] = []

  constructor(request: ScanRequest, send: (batch: HitBatch) => void) {
    this.#send = send
    this.#request = request
    this.#columns = new HitColumns(Math.max(1, Math.ceil(request.patternIds.length / 32)))
    this.#readLine = createLineReader({ referenceTime: request.referenceTime })
    this.#seen = new Uint8Array(request.patternIds.length)
    this.#names = request.patternIds.map((id) => JSON.stringify(id))
  }

  /** A new range begins. `place` says where a line lies in the original, if what is read was made of another text. */
  begin(place: ((line: HitLine) => { offset: number; length: number }) | null): void {
    this.#event = null
    this.#place = place
    this.#told.clear()
  }

  /** Sends what was not sent yet. */
  flush(): void {
    if (this.#columns.count > 0) this.#send(this.#take())
  }

  read(line: HitLine, held: HeldText): boolean {
    if (this.#columns.isFull || this.#writer.length >= recordBytesMax) this.flush()
    const around = new LinesAround(line, held)
    const { context } = this.#request
    const after = context === 0 ? [] : around.below(context)
    if (after === null) return false
    const text = around.text
    const facts = this.#factsOf(line, text, around)
    if (facts === null) return false
    if (!this.#isWanted(facts.time)) return true
    const patterns = patternsOf(line.words)
    const level = this.#levelOf(line, facts, patterns)
    const before = context === 0 ? [] : around.before(context)
    this.#addExamples(patterns, text, before, after)
    this.#columns.add(line.newlines, line.words, facts.time, levels.indexOf(level))
    if (this.#request.groups) this.#tell(facts.group)
    if (this.#request.records) this.#addRecord(line, patterns, level, facts, { around, before, after })
    return true
  }

  #take(): HitBatch {
    const batch = {
      ...{ ...this.#columns.take(), ...this.#writer.take() },
      ...{ examples: this.#examples, groups: this.#newGroups },
    }
    this.#examples = []
    this.#newGroups = []
    return batch
  }

  /** Null if more text is needed to know where the event ends. */
  #factsOf(line: HitLine, text: string, around: LinesAround): EventFacts | null {
    const known = this.#event
    if (known !== null && line.offset < known.end) return known
    const event = eventAround(text, line.offset, around)
    if (event === null) return null
    const { time, level, message } = this.#readLine(event.lines[0] as string)
    const group = this.#groupOf(groupText(message, event.lines))
    this.#event = {
      ...{ time, level, group },
      start: event.index === 0 ? line.offset : -1,
      end: event.shared === 0 ? line.offset + 1 : around.endAfter(event.shared - event.index - 1),
    }
    return this.#event
  }

  #tell(group: Group): void {
    if (this.#told.size < this.#told.add(group.id).size) this.#newGroups.push(group)
  }

  #groupOf(text: string): Group {
    const known = this.#groups.get(text)
    if (known !== undefined) return known
    if (this.#groups.size >= groupsKept) this.#groups.clear()
    const id = createHash('sha256').update(`${groupVersion}\n${text}`).digest('hex').slice(0, 16)
    const group = { id, text }
    this.#groups.set(text, group)
    return group
  }

  #isWanted(time: number | null): boolean {
    const { since, until } = this.#request
    if (since === null && until === null) return true
    return time !== null && (since === null || time >= since) && (until === null || time < until)
  }

  /** What the line says of itself; if it says nothing, the highest of its patterns and of the event that it is part of. */
  #levelOf({ offset }: HitLine, { level, start }: EventFacts, patterns: readonly number[]): Level {
    if (level !== null && offset === start) return level
    const rank = (one: Level | undefined) => (one === undefined ? 0 : levels.indexOf(one))
    const highest = patterns.reduce(
      (most, pattern) => Math.max(most, rank(this.#request.patternLevels[pattern])),
      rank(level ?? undefined),
    )
    return levels[highest] as Level
  }

  #addExamples(patterns: readonly number[], text: string, before: readonly string[], after: readonly string[]): void {
    for (const pattern of patterns) {
      if (this.#seen[pattern] === 1) continue
      this.#seen[pattern] = 1
      this.#examples.push({ pattern, index: this.#columns.count, text, before, after })
    }
  }

  #addRecord(
    line: HitLine,
    patterns: readonly number[],
    level: Level,
    { time, group }: EventFacts,
    { around, before, after }: { around: LinesAround; before: readonly string[]; after: readonly string[] },
  ): void {
    const { offset, length } = this.#place === null ? line : this.#place(line)
    const when = time === null ? 'null' : `"${isoTime(time)}"`
    this.#writer.ascii(`,"offset":${offset},"length":${length},"patterns":[`)
    for (const [index, pattern] of patterns.entries())
      this.#writer.ascii(index === 0 ? (this.#names[pattern] as string) : `,${this.#names[pattern] as string}`)
    this.#writer.ascii(`],"level":"${level}","time":${when},"group":"${group.id}","text":`)
    around.writeText(this.#writer)
    if (line.start !== null) this.#writer.ascii(',"truncated":true')
    if (this.#request.context > 0)
      this.#writer.utf8(`,"before":${JSON.stringify(before)},"after":${JSON.stringify(after)}`)
    this.#writer.ascii('}\n')
    this.#writer.endRecord()
  }
}

function patternsOf(words: Uint32Array): number[] {
  const patterns: number[] = []
  for (let index = 0; index < words.length; index++)
    for (let bits = words[index] as number; bits !== 0; bits &= bits - 1)
      patterns.push(index * 32 + 31 - Math.clz32(bits & -bits))
  return patterns
}
