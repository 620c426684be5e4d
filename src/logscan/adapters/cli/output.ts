import { once } from 'node:events'

/** Where results go; both ways to write wait while the reader is slower. */
export interface Output {
  write(text: string): Promise<void>
  /** Takes the bytes as they are now: their memory may be used again at once. */
  writeBytes(bytes: Uint8Array): Promise<void>
  flush(): Promise<void>
}

const pieceBytes = 65_536
const waitMaxMs = 100

/** Collects what is written into pieces, for a moment. */
export function createOutput(stream: NodeJS.WriteStream): Output {
  let piece = Buffer.allocUnsafe(pieceBytes)
  let used = 0
  let waiting: NodeJS.Timeout | null = null
  const send = (): boolean => {
    if (waiting !== null) clearTimeout(waiting)
    waiting = null
    if (used === 0) return true
    const full = piece.subarray(0, used)
    used = 0
    const goesOn = stream.write(full)
    // What is written already, as it is to files and mostly to pipes, needs no memory of its own.
    if (stream.writableLength > 0) piece = Buffer.allocUnsafe(pieceBytes)
    return goesOn
  }
  const flush = async () => {
    if (!send()) await once(stream, 'drain')
  }
  const writeBytes = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + pieceBytes - used)
      piece.set(part, used)
      used += part.length
      at += part.length
      if (used === pieceBytes) await flush()
    }
    if (used > 0) waiting ??= setTimeout(send, waitMaxMs)
  }
  return { flush, writeBytes, write: (text) => writeBytes(Buffer.from(text)) }
}
