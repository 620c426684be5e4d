import { readText } from './read-text.ts'

const newline = 10
const carriageReturn = 13
/** Of a longer line only so much is given, in bytes. */
const lineMaxBytes = 65_536
const byteOrderMark = '\ufeff'

/** Reads a file, or the standard input if `path` is null, line by line. Gives what went wrong, null if nothing. */
export async function readLines(path: string | null, line: (text: string) => void): Promise<string | null> {
  let rest = Buffer.alloc(0)
  let isFirst = true
  const give = (bytes: Buffer) => {
    const end = bytes.length > 0 && bytes[bytes.length - 1] === carriageReturn ? bytes.length - 1 : bytes.length
    const text = bytes.toString('utf8', 0, Math.min(end, lineMaxBytes))
    line(isFirst && text.startsWith(byteOrderMark) ? text.slice(1) : text)
    isFirst = false
  }
  const problem = await readText(path, (piece) => {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    let at = 0
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, at)) {
      give(rest.length === 0 ? bytes.subarray(at, end) : Buffer.concat([rest, bytes.subarray(at, end)]))
      rest = Buffer.alloc(0)
      at = end + 1
    }
    // One byte more, so that a carriage return at the end of a line that was cut off stays one within it.
    if (rest.length <= lineMaxBytes) rest = Buffer.concat([rest, bytes.subarray(at, at + lineMaxBytes + 1)])
  })
  if (rest.length > 0) give(rest)
  return problem
}
