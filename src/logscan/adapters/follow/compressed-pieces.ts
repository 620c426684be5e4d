import { createHash } from 'node:crypto'
import { headBytesMax, type Piece, tailBytesMax } from '../../domain/follow/generation.ts'
import { readStream } from '../scan/read-stream.ts'

/** How the text of a compressed file begins and ends, and its bytes. */
export interface WholeText {
  readonly head: Piece
  readonly tail: Piece
  readonly bytes: number
}

/** Null if it is damaged. */
export async function wholeText(path: string): Promise<WholeText | null> {
  let head = Buffer.alloc(0)
  let tail = Buffer.alloc(0)
  let bytes = 0
  const problem = await readStream(path, (piece) => {
    if (head.length < headBytesMax) head = Buffer.concat([head, piece.subarray(0, headBytesMax - head.length)])
    tail = Buffer.concat([tail, piece.subarray(-tailBytesMax)]).subarray(-tailBytesMax)
    bytes += piece.length
  })
  if (problem !== null) return null
  return { head: pieceOf(head), tail: pieceOf(tail), bytes }
}

function pieceOf(bytes: Buffer): Piece {
  return { bytes: bytes.length, hash: createHash('sha256').update(bytes).digest('hex') }
}
