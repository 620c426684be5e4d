import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { describeError } from './describe-error.ts'

const gzipMagic = Buffer.from([0x1f, 0x8b])
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
/** As much as the zstd program itself allows, unless it is told otherwise. */
const zstdWindowMaxBytes = 128 << 20
const zstdHeaderBytes = 18
const pieceBytes = 262_144
/** Bytes unpacked at once. Where data is damaged, what was unpacked just before is lost: less than that. */
const unpackedBytes = 65_536
const standardInput = 0

export type Compression = 'none' | 'gzip' | 'zstd'

/** By the first bytes of a text. */
export function compressionOf(head: Uint8Array): Compression {
  const startsWith = (magic: Buffer) => magic.equals(head.subarray(0, magic.length))
  return startsWith(gzipMagic) ? 'gzip' : startsWith(zstdMagic) ? 'zstd' : 'none'
}

/**
 * Reads a file, or the standard input if `path` is null, to its end, unpacked if it is compressed. Gives what went wrong, null
 * if nothing; what came before was written all the same.
 */
export async function readStream(path: string | null, write: (bytes: Uint8Array) => void): Promise<string | null> {
  const raw = createReadStream(path ?? '', {
    highWaterMark: pieceBytes,
    ...(path === null ? { fd: standardInput, autoClose: false } : {}),
  })
  try {
    const pieces = raw[Symbol.asyncIterator]()
    const head = await firstBytes(pieces)
    const compression = compressionOf(head)
    if (compression === 'none') return await readPlain(head, pieces, write)
    return await (compression === 'gzip' ? readGzip : readZstd)(head, pieces, write)
  } catch (error) {
    return describeError(error)
  } finally {
    raw.destroy()
  }
}

type Pieces = AsyncIterator<Buffer>

/** At least the bytes that tell how a text is compressed, and what it takes to unpack it, if there are so many. */
async function firstBytes(pieces: Pieces): Promise<Buffer> {
  let head = Buffer.alloc(0)
  while (head.length < zstdHeaderBytes) {
    const next = await pieces.next()
    if (next.done === true) break
    head = Buffer.concat([head, next.value])
  }
  return head
}

async function readPlain(head: Buffer, pieces: Pieces, write: (bytes: Uint8Array) => void): Promise<null> {
  write(head)
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) write(next.value)
  return null
}

/** Each piece is unpacked and written before the next is read, so that an error takes nothing away that came before it. */
async function readGzip(head: Buffer, pieces: Pieces, write: (bytes: Uint8Array) => void): Promise<string | null> {
  const gunzip = createGunzip({ chunkSize: unpackedBytes })
  let problem: string | null = null
  const ended = new Promise<void>((resolve) => {
    gunzip.on('data', write)
    gunzip.on('error', (error) => {
      problem = `the compressed data is damaged (${error.message}); what comes before was read`
      resolve()
    })
    gunzip.on('end', resolve)
  })
  const put = (bytes: Buffer) =>
    Promise.race([ended, new Promise<void>((resolve) => gunzip.write(bytes, () => resolve()))])
  await put(head)
  for (let next = await pieces.next(); next.done !== true && problem === null; next = await pieces.next())
    await put(next.value)
  gunzip.end()
  await ended
  return problem
}

async function readZstd(head: Buffer, pieces: Pieces, write: (bytes: Uint8Array) => void): Promise<string | null> {
  if (zstdWindow(head) > zstdWindowMaxBytes)
    return `unpacking it takes more than ${zstdWindowMaxBytes} bytes of memory, which it was packed with`
  const { Decompress } = await import('fzstd')
  const unpacked = new Decompress(write)
  try {
    unpacked.push(head)
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) unpacked.push(next.value)
    unpacked.push(new Uint8Array(), true)
    return null
  } catch (error) {
    return `the compressed data is damaged (${describeError(error)}); what comes before was read`
  }
}

/** The memory, in bytes, that the first frame wants of who unpacks it, by its header. */
function zstdWindow(head: Buffer): number {
  const descriptor = head[4] ?? 0
  const window = head[5] ?? 0
  // A frame of one segment says how long it is instead.
  if ((descriptor & 0x20) !== 0) {
    const bytes = [1, 2, 4, 8][descriptor >> 6] as number
    const at = 5 + ([0, 1, 2, 4][descriptor & 3] as number)
    return head.length < at + bytes ? 0 : head.readUIntLE(at, Math.min(bytes, 6))
  }
  const base = 2 ** (10 + (window >> 3))
  return base + (base / 8) * (window & 7)
}
