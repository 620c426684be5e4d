/** So many rows, or so many characters of them, go in one statement. */
const chunkMaxRows = 500
const chunkMaxLength = 1_048_576

/**
 * At most so many UTF-16 units of a text, without half a character at its end. NUL, at which the embedded database would end
 * it, is shown by its symbol.
 */
export function bounded(text: string, maxLength: number): string {
  if (text.includes('\0')) return bounded(text.replaceAll('\0', '\u2400'), maxLength)
  if (text.length <= maxLength) return text
  const isSplit = (text.codePointAt(maxLength - 1) ?? 0) > 0xffff
  return text.slice(0, isSplit ? maxLength - 1 : maxLength)
}

/** Cuts rows into parts that fit one statement each, in their order. */
export function chunksOf<T>(rows: readonly T[], lengthOf: (row: T) => number = () => 0): T[][] {
  const chunks: T[][] = []
  let chunk: T[] = []
  let length = 0
  for (const row of rows) {
    const added = lengthOf(row)
    if (chunk.length === chunkMaxRows || (chunk.length > 0 && length + added > chunkMaxLength)) {
      chunks.push(chunk)
      chunk = []
      length = 0
    }
    chunk.push(row)
    length += added
  }
  if (chunk.length > 0) chunks.push(chunk)
  return chunks
}
