/**
 * A text in a file, from its first byte on: a rotation that renames the file goes on with it, a truncation or another file under
 * the same name begins a new one. It is known by what it is, never by its path.
 */
export interface Generation {
  readonly id: string
  readonly source: string
  /** The machine whose file it is: device and inode are numbers of its own. */
  readonly node: string
  /** Where it was seen last. */
  readonly path: string
  /** Decimal numbers, as they can have 64 bits. */
  readonly device: string
  readonly inode: string
  /** How it begins; it grows with the file until it covers `headBytesMax`. */
  readonly head: Piece
  /** Bytes of whole lines that were read; the text that was compressed is counted unpacked. */
  readonly offset: number
  /** Bytes that were seen of it when it was read last; 0 where that is not known. */
  readonly size: number
  /** Newlines before the offset. */
  readonly newlines: number
  /** What stands just before the offset. */
  readonly tail: Piece
  /** Nothing more is expected: the file was rotated away and read to its end, or is gone. */
  readonly isEnded: boolean
  readonly losses: readonly Loss[]
}

/** Some bytes of a text, known by their SHA-256 in hexadecimal. */
export interface Piece {
  readonly bytes: number
  readonly hash: string
}

/** Bytes of a generation that were not read, and why. */
export interface Loss {
  readonly reason: LossReason
  readonly bytes: number
}

/**
 * - `truncated`: they were cut away before they were read, as far as is known.
 * - `unreadable`: the file could not be read there.
 * - `compressed`: they were not read before the file was compressed, and are no whole line or too many.
 * - `unmatchable`: they ended the threads that looked for patterns in them.
 */
export const lossReasons = ['truncated', 'unreadable', 'compressed', 'unmatchable'] as const
export type LossReason = (typeof lossReasons)[number]

export const headBytesMax = 4096
export const tailBytesMax = 1024
export const noPiece: Piece = { bytes: 0, hash: '' }
