import { type FoundLine, type MatchStore, StepConflict } from '../../app/match-store.ts'
import type { Generation, Loss } from '../../domain/follow/generation.ts'
import { describeError } from '../scan/describe-error.ts'
import { matchCarefully } from './careful-match.ts'
import type { FilePlaces } from './file-places.ts'
import { compressedText, endOfFirstLine, endOfLastLine, headOf, holds, isCompressed, tailOf } from './file-text.ts'
import type { Followed, MatchedStep } from './followed.ts'
import type { KnownTexts } from './known-texts.ts'
import type { MatcherPool } from './matcher-pool.ts'
import { factsOfOpen } from './open-files.ts'
import type { Problems } from './problems.ts'
import type { StepKeeper } from './step-keeper.ts'

export interface FileReaderDeps {
  readonly source: string
  readonly node: string
  readonly pool: MatcherPool
  readonly store: MatchStore
  readonly keeper: StepKeeper
  readonly places: FilePlaces
  readonly texts: KnownTexts
  readonly problems: Problems
  /** Bytes of whole lines that are matched and kept at once. */
  readonly stepBytes: number
  /** Files that are read at the same time. */
  readonly readersMax: number
  newGeneration(path: string, facts: Pick<Generation, 'device' | 'inode'>): Generation
  /** Lines of a file that were kept, in their order. */
  found(path: string, lines: readonly FoundLine[]): void | Promise<void>
  now(): number
}

interface Waiting {
  readonly file: Followed
  readonly done: () => void
}

/** Reads what is new in files, some of them at the same time: matches it, and keeps it with how far it came. */
export class FileReader {
  readonly #deps: FileReaderDeps
  readonly #ready: Waiting[] = []
  readonly #running = new Set<Promise<void>>()
  #isClosed = false

  constructor(deps: FileReaderDeps) {
    this.#deps = deps
  }

  /** Nothing more is begun. */
  close(): void {
    this.#isClosed = true
    for (const waiting of this.#ready.splice(0)) ended(waiting)
  }

  /** There is something new in it, or may be. */
  changed(file: Followed): void {
    file.changedAt = this.#deps.now()
    file.isChanged = true
    if (file.reading !== null || this.#isClosed) return
    file.reading = new Promise((done) => this.#ready.push({ file, done }))
    this.#start()
  }

  /** Resolves when it is read as far as it goes, or after so long. */
  async whenRead({ reading }: Followed, mostMs: number): Promise<void> {
    if (reading === null) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, mostMs)
    })
    await Promise.race([reading, late])
    clearTimeout(timer)
  }

  /** Runs beside the readers; what goes wrong is told. */
  run(path: string, what: () => Promise<void>): void {
    const running = this.#deps.problems.attempt(path, what).finally(() => {
      this.#running.delete(running)
      this.#start()
    })
    this.#running.add(running)
  }

  /** Resolves once nothing is read or kept any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #start(): void {
    while (this.#running.size < this.#deps.readersMax) {
      const next = this.#ready.shift()
      if (next === undefined) return
      this.run(next.file.generation.path, async () => {
        try {
          await this.#readOn(next.file)
        } finally {
          ended(next)
        }
        if (next.file.isChanged) this.changed(next.file)
      })
    }
  }

  /** While a step is kept, the next is matched. */
  async #readOn(file: Followed): Promise<void> {
    using _ = this.#deps.places.open.hold(file)
    let keeping: Promise<void> = Promise.resolve()
    try {
      while (file.isChanged && !this.#isClosed) {
        file.isChanged = false
        for (let step = await this.#matchStep(file); step !== null; step = await this.#matchStep(file)) {
          await keeping
          if (step === 'cut') await this.#startAnew(file)
          else if (step !== 'again') keeping = this.#keepStep(file, step)
          keeping.catch(() => {})
        }
      }
      await keeping
    } catch (error) {
      this.#deps.problems.tell(file.generation.path, describeError(error))
      await keeping.catch(() => {})
      await this.#goBack(file, error)
    }
  }

  async #keepStep(file: Followed, step: MatchedStep): Promise<void> {
    const { keeper, problems, found } = this.#deps
    const { path } = step.generation
    await keeper.keep(file, step)
    // They are kept: who tells of them cannot undo that.
    if (step.lines.length > 0) await problems.attempt(path, () => found(path, step.lines))
  }

  /** What was matched and not kept is matched again, from where the store has come to: that may be somebody else's doing. */
  async #goBack(file: Followed, error: unknown): Promise<void> {
    if (this.#isClosed) return
    file.generation = file.kept
    if (!(error instanceof StepConflict)) return
    const { store, source, node } = this.#deps
    const known = (await store.load(node, [source])).find(({ id }) => id === file.generation.id)
    if (known === undefined) return
    file.generation = file.kept = { ...known, isEnded: false }
    file.stored = known.offset
    file.isChanged = true
  }

  /**
   * Matches some of what is new. Null if there is no whole line more; 'cut' if the text is no more there; 'again' if what was
   * matched is not what stands there.
   */
  async #matchStep(file: Followed): Promise<MatchedStep | 'cut' | 'again' | null> {
    const { places, pool, problems } = this.#deps
    const fd = this.#isClosed ? null : places.descriptorOf(file)
    if (fd === null) return null
    const { size } = factsOfOpen(fd)
    const { generation } = file
    if (!holds(fd, size, generation)) return 'cut'
    const { offset, path } = generation
    const most = this.#endOfStep(file, fd, size)
    if (most === -1) return null
    if (offset === 0 && isCompressed(fd)) {
      problems.tell(path, compressedText)
      return null
    }
    const whole = { head: headOf(fd, most), tail: tailOf(fd, most), offset: most }
    const found = await matchCarefully(pool, { path, fd, from: offset, limit: most })
    const { lines, groups, newlines, problem, patternsVersion, limit, unmatchable } = found
    // The file may have been cut, or written anew, in the meantime.
    if (!holds(fd, factsOfOpen(fd).size, whole)) return 'again'
    if (problem !== null) {
      problems.tell(path, problem)
      return null
    }
    if (unmatchable > 0) problems.tell(path, `has ${unmatchable} bytes at ${offset} in which nothing can be looked for`)
    const { head, tail } = limit === most ? whole : { head: headOf(fd, limit), tail: tailOf(fd, limit) }
    const losses: Loss[] = unmatchable > 0 ? [{ reason: 'unmatchable', bytes: unmatchable }] : []
    file.generation = {
      ...{ ...file.generation, head, tail, offset: limit, newlines: generation.newlines + newlines },
      ...{ size: Math.max(generation.size, size), losses: [...generation.losses, ...losses] },
    }
    const numbered = lines.map((found) => ({ ...found, line: found.line + generation.newlines }))
    return { generation: file.generation, lines: numbered, groups, patternsVersion }
  }

  /** Up to where the next lines are whole; -1 if none is. */
  #endOfStep(file: Followed, fd: number, size: number): number {
    const { offset } = file.generation
    const most = offset + this.#deps.stepBytes
    const end = file.searched > offset ? -1 : endOfLastLine(fd, offset, Math.min(size, most))
    if (end !== -1 || size <= most) return end
    const found = endOfFirstLine(fd, Math.max(most, file.searched), size)
    file.searched = found === -1 ? size : 0
    return found
  }

  /** What was in the file is no more: it was truncated, and may have grown again. */
  async #startAnew(file: Followed): Promise<void> {
    const { keeper, texts, newGeneration } = this.#deps
    const { generation, facts } = file
    const lost = file.sizeSeen - generation.offset
    const losses: Loss[] = lost > 0 ? [{ reason: 'truncated', bytes: lost }] : []
    file.generation = { ...generation, isEnded: true, losses: [...generation.losses, ...losses] }
    await keeper.keepState(file, file.generation)
    texts.add(file.generation)
    file.generation = file.kept = newGeneration(generation.path, facts)
    file.stored = null
    file.sizeSeen = 0
    file.searched = 0
  }
}

function ended({ file, done }: Waiting): void {
  file.reading = null
  done()
}
