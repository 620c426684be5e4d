import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Generation } from '../../domain/follow/generation.ts'
import { readStream } from '../scan/read-stream.ts'

/** What a compressed file has behind the place to which its text was read. */
export interface CompressedRest extends Disposable {
  /** An open file that has it, and no name. */
  readonly fd: number
  readonly bytes: number
  /** Bytes that are not in it, as they were more than it may have. */
  readonly bytesLeftOut: number
}

/**
 * Unpacks what was not read yet of a text that was compressed meanwhile. Null if the file has another text, or is
 * damaged, as it is while it is made. Throws what writing the temporary file throws.
 */
export async function unpackRest(
  path: string,
  { head, tail, offset }: Generation,
  bytesMax: number,
): Promise<CompressedRest | null> {
  const fd = openNameless()
  const heads = createHash('sha256')
  const tails = createHash('sha256')
  let at = 0
  let bytes = 0
  let bytesLeftOut = 0
  let failure: unknown = null
  const problem = await readStream(path, (piece) => {
    if (failure !== null) return
    const part = (from: number, to: number) => piece.subarray(Math.max(0, from - at), Math.max(0, to - at))
    heads.update(part(0, head.bytes))
    tails.update(part(offset - tail.bytes, offset))
    const rest = part(offset, Number.POSITIVE_INFINITY)
    const kept = rest.subarray(0, bytesMax - bytes)
    try {
      for (let written = 0; written < kept.length; ) written += writeSync(fd, kept, written)
    } catch (error) {
      failure = error
    }
    bytes += kept.length
    bytesLeftOut += rest.length - kept.length
    at += piece.length
  })
  const isIt =
    problem === null && at >= offset && heads.digest('hex') === head.hash && tails.digest('hex') === tail.hash
  if (failure === null && isIt) return { fd, bytes, bytesLeftOut, [Symbol.dispose]: () => closeSync(fd) }
  closeSync(fd)
  if (failure !== null) throw failure
  return null
}

function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), 'xm-logs-'))
  try {
    return openSync(join(folder, 'rest'), 'wx+', 0o600)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
