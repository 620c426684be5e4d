import { open } from 'node:fs/promises'
import { typicalLog } from '../../domain/match/typical-log.ts'
import type { Input } from './find-inputs.ts'

const pieces = 16
const pieceBytes = 4096

/** Some pieces of the files, spread over all of them; what logs usually look like where there is none that can be sampled. */
export async function sampleInputs(inputs: readonly Input[]): Promise<Uint8Array> {
  const files = inputs.filter(({ bytes }) => (bytes ?? 0) > 0)
  const total = files.reduce((sum, { bytes }) => sum + (bytes as number), 0)
  const found: Buffer[] = []
  let [index, start] = [0, 0]
  for (let piece = 0; piece < pieces && index < files.length; piece++) {
    const at = Math.floor((total / pieces) * piece)
    while (index < files.length && at >= start + ((files[index] as Input).bytes as number)) {
      start += (files[index] as Input).bytes as number
      index++
    }
    const file = files[index]
    if (file !== undefined) found.push(await readPiece(file.path as string, at - start))
  }
  const sample = Buffer.concat(found)
  return sample.length > 0 ? sample : Buffer.from(typicalLog)
}

/** A file that cannot be read is told about when it is scanned. */
async function readPiece(path: string, at: number): Promise<Buffer> {
  try {
    await using file = await open(path)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(pieceBytes), 0, pieceBytes, at)
    return buffer.subarray(0, bytesRead)
  } catch {
    return Buffer.alloc(0)
  }
}
