import { readStream } from './read-stream.ts'
import { Utf16Text } from './utf16-text.ts'

const utf16Mark = 0xfeff
const utf16MarkSwapped = 0xfffe
const markBytes = 2

/**
 * Reads a file, or the standard input if `path` is null, to its end: unpacked if it is compressed, as UTF-8 if its byte order
 * mark says that it is UTF-16, for which `isUtf16` is called first. Gives what went wrong, null if nothing.
 */
export async function readText(
  path: string | null,
  put: (bytes: Uint8Array) => void,
  isUtf16: (text: Utf16Text) => void = () => {},
): Promise<string | null> {
  let head = Buffer.alloc(0)
  let write: ((bytes: Uint8Array) => void) | null = null
  let end = () => {}
  const begin = () => {
    const mark = head.length < markBytes ? 0 : head.readUInt16LE(0)
    write = put
    if (mark !== utf16Mark && mark !== utf16MarkSwapped) return put(head)
    const text = new Utf16Text(mark === utf16MarkSwapped, markBytes, put)
    isUtf16(text)
    write = (bytes) => text.write(bytes)
    end = () => text.end()
    text.write(head.subarray(markBytes))
  }
  const problem = await readStream(path, (bytes) => {
    if (write !== null) return write(bytes)
    head = Buffer.concat([head, bytes])
    if (head.length >= markBytes) begin()
  })
  if (write === null) begin()
  end()
  return problem
}
