import type { Generation, Loss } from '../../domain/follow/generation.ts'
import { matchCarefully } from './careful-match.ts'
import { unpackRest } from './compressed-rest.ts'
import type { FileReaderDeps } from './file-reader.ts'
import { endOfFirstLine, endOfLastLine, tailOf } from './file-text.ts'
import type { Followed } from './followed.ts'

type CompressedTextsDeps = Pick<FileReaderDeps, 'pool' | 'keeper' | 'problems' | 'texts' | 'found' | 'stepBytes'> & {
  /** Bytes that are unpacked into a temporary file. */
  readonly unpackedMax: number
  isClosed(): boolean
}

/** Reads what is left of texts that were compressed before they were read to their end, as while nobody followed them. */
export class CompressedTexts {
  readonly #deps: CompressedTextsDeps

  constructor(deps: CompressedTextsDeps) {
    this.#deps = deps
  }

  /** Reads on in a compressed file, where one that is not seen any more may have had its text. */
  async readOn(path: string): Promise<void> {
    for (const known of this.#deps.texts.unseenBefore(path)) {
      if (this.#deps.isClosed() || (await this.#readOn(path, known))) return
    }
  }

  async #readOn(path: string, known: Generation): Promise<boolean> {
    const { problems, texts, keeper, unpackedMax } = this.#deps
    using rest = await unpackRest(path, known, unpackedMax)
    if (rest === null) return false
    const file = { generation: known, kept: known, stored: known.offset as number | null }
    const read = await this.#readRest(path, file, rest.fd, rest.bytes)
    if (this.#deps.isClosed()) return true
    const lost = rest.bytes - read + rest.bytesLeftOut
    const losses: Loss[] = lost > 0 ? [{ reason: 'compressed', bytes: lost }] : []
    if (lost > 0) problems.tell(path, `has ${lost} bytes that were not read before it was compressed`)
    texts.seen(known)
    const ended = { ...file.generation, isEnded: true, losses: [...file.generation.losses, ...losses] }
    await keeper.keepState(file, ended)
    texts.add(ended)
    return true
  }

  /** Gives how many bytes were read: whole lines. */
  async #readRest(
    path: string,
    file: Pick<Followed, 'generation' | 'kept' | 'stored'>,
    fd: number,
    size: number,
  ): Promise<number> {
    const { pool, keeper, problems, stepBytes } = this.#deps
    const start = file.generation.offset
    let at = 0
    while (at < size && !this.#deps.isClosed()) {
      const whole = endOfLastLine(fd, at, Math.min(size, at + stepBytes))
      const most = whole === -1 ? endOfFirstLine(fd, at, size) : whole
      if (most === -1) break
      const found = await matchCarefully(pool, { path, fd, from: at, limit: most })
      const { lines, groups, newlines, problem, patternsVersion, limit, unmatchable } = found
      if (problem !== null) {
        problems.tell(path, problem)
        break
      }
      const { generation } = file
      const offset = start + limit
      file.generation = {
        ...{ ...generation, offset, newlines: generation.newlines + newlines, tail: tailOf(fd, limit) },
        size: Math.max(generation.size, offset),
        losses:
          unmatchable > 0 ? [...generation.losses, { reason: 'unmatchable', bytes: unmatchable }] : generation.losses,
      }
      const placed = lines.map((line) => {
        return { ...line, offset: line.offset + start, line: line.line + generation.newlines }
      })
      await keeper.keep(file, { generation: file.generation, lines: placed, groups, patternsVersion })
      if (placed.length > 0) await problems.attempt(path, () => this.#deps.found(path, placed))
      at = limit
    }
    return at
  }
}
