import { createHash } from 'node:crypto'
import { readSync } from 'node:fs'
import { type Generation, headBytesMax, type Piece, tailBytesMax } from '../../domain/follow/generation.ts'
import { compressionOf } from '../scan/read-stream.ts'

const newline = 10
const magicBytes = 4
const searchBytes = 65_536
const search = Buffer.allocUnsafe(searchBytes)

/** The bytes of an open file that stand there, fewer if it ends before. */
export function bytesAt(fd: number, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, to - from))
  let used = 0
  while (used < bytes.length) {
    const read = readSync(fd, bytes, used, bytes.length - used, from + used)
    if (read === 0) break
    used += read
  }
  return bytes.subarray(0, used)
}

function pieceOf(bytes: Uint8Array): Piece {
  return { bytes: bytes.length, hash: createHash('sha256').update(bytes).digest('hex') }
}

export const compressedText = 'is compressed, and is not followed'

export function isCompressed(fd: number): boolean {
  return compressionOf(bytesAt(fd, 0, magicBytes)) !== 'none'
}

/** How a text begins of which so much was read. */
export function headOf(fd: number, offset: number): Piece {
  return pieceOf(bytesAt(fd, 0, Math.min(headBytesMax, offset)))
}

/** What stands just before an offset. */
export function tailOf(fd: number, offset: number): Piece {
  return pieceOf(bytesAt(fd, Math.max(0, offset - tailBytesMax), offset))
}

type ReadSoFar = Pick<Generation, 'head' | 'tail' | 'offset'>

/** Whether an open file holds the text of a generation, as far as that was read. */
export function holds(fd: number, size: number, { head, tail, offset }: ReadSoFar): boolean {
  if (size < offset) return false
  return isThere(fd, head, 0) && isThere(fd, tail, offset - tail.bytes)
}

/** Whether the text of a generation may be the beginning of what is in a file that is shorter. */
export function beginsAlike(fd: number, { head }: Generation): boolean {
  return head.bytes > 0 && isThere(fd, head, 0)
}

function isThere(fd: number, piece: Piece, at: number): boolean {
  if (piece.bytes === 0) return true
  const found = pieceOf(bytesAt(fd, at, at + piece.bytes))
  return found.bytes === piece.bytes && found.hash === piece.hash
}

/** Where the last line that is whole ends, of those that begin at `from` or behind it and end before `to`; -1 if none does. */
export function endOfLastLine(fd: number, from: number, to: number): number {
  for (let end = to; end > from; ) {
    const start = Math.max(from, end - searchBytes)
    const read = readSync(fd, search, 0, end - start, start)
    const found = search.subarray(0, read).lastIndexOf(newline)
    if (found !== -1) return start + found + 1
    end = start
  }
  return -1
}

/** Where the first line that ends at `from` or behind it ends, -1 if none does before `to`. */
export function endOfFirstLine(fd: number, from: number, to: number): number {
  for (let start = from; start < to; start += searchBytes) {
    const read = readSync(fd, search, 0, Math.min(searchBytes, to - start), start)
    const found = search.subarray(0, read).indexOf(newline)
    if (found !== -1) return start + found + 1
    if (read === 0) return -1
  }
  return -1
}

/** Newlines before an offset; lets others in between pieces. */
export async function countNewlines(fd: number, to: number): Promise<number> {
  let count = 0
  for (let at = 0; at < to; at += searchBytes) {
    const read = readSync(fd, search, 0, Math.min(searchBytes, to - at), at)
    const piece = search.subarray(0, read)
    for (let found = piece.indexOf(newline); found !== -1; found = piece.indexOf(newline, found + 1)) count++
    if (read === 0) break
    await new Promise(setImmediate)
  }
  return count
}
