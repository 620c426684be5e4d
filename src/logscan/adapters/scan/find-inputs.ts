import type { BigIntStats } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { describeError } from './describe-error.ts'
import { compressionOf } from './read-stream.ts'

/** A text to be scanned. */
export interface Input {
  /** As it is shown. */
  readonly name: string
  /** Null is the standard input. */
  readonly path: string | null
  /** Bytes of a file that can be read from anywhere; null for one that is read as a stream, compressed or not. */
  readonly bytes: number | null
}

export interface FoundInputs {
  readonly inputs: readonly Input[]
  /** One line for each that cannot be read. */
  readonly problems: readonly string[]
}

const headBytes = 4
const utf16Marks = [0xfeff, 0xfffe]
export const standardInput = '-'

/**
 * Files, folders (all files below them), globs, and `-` for the standard input; each file once, whatever its names, in their
 * order.
 */
export async function findInputs(names: readonly string[]): Promise<FoundInputs> {
  const inputs: Input[] = []
  const problems: string[] = []
  const seen = new Set<string>()
  const isNew = (identity: string) => seen.size < seen.add(identity).size
  const attempt = async (name: string, what: () => Promise<void>) => {
    try {
      await what()
    } catch (error) {
      problems.push(`${name}: ${describeError(error)}`)
    }
  }
  const add = async (path: string) => {
    const there = await stat(path, { bigint: true })
    if (isNew(`${there.dev}:${there.ino}`)) inputs.push(await inputOf(path, there))
  }
  for (const name of names)
    if (name !== standardInput) {
      await attempt(name, async () => {
        for (const path of await filesOf(name, attempt)) await attempt(path, () => add(path))
      })
    } else if (isNew(name)) inputs.push({ name, path: null, bytes: null })
  return { inputs, problems }
}

/** Does something with what has that name; if it fails, that is a problem of its own. */
export type Attempt = (name: string, what: () => Promise<void>) => Promise<void>

/** Paths of the files that a name means. */
export async function filesOf(name: string, attempt: Attempt): Promise<readonly string[]> {
  const there = await stat(name).catch((error: Error) => error)
  if (!(there instanceof Error)) return there.isDirectory() ? filesBelow(name, attempt) : [name]
  // Only loaded where it is needed, as all that takes time before the first byte is read.
  const { glob, isDynamicPattern } = await import('tinyglobby')
  if (!isDynamicPattern(name)) throw there
  const matching = await glob(name, { expandDirectories: false })
  if (matching.length === 0) throw new Error('no file matches this pattern')
  return matching.sort()
}

/** Links to files are files; those to folders could lead round in circles. */
async function filesBelow(folder: string, attempt: Attempt): Promise<readonly string[]> {
  const files: string[] = []
  const walk = async (below: string) => {
    for (const entry of await readdir(below, { withFileTypes: true })) {
      const path = `${below.replace(/\/+$/, '')}/${entry.name}`
      if (entry.isDirectory()) await attempt(path, () => walk(path))
      else if (entry.isFile()) files.push(path)
      else if (entry.isSymbolicLink())
        await attempt(path, async () => {
          if ((await stat(path)).isFile()) files.push(path)
        })
    }
  }
  await walk(folder)
  if (files.length === 0) throw new Error('there is no file in this folder')
  return files.sort()
}

async function inputOf(path: string, there: BigIntStats): Promise<Input> {
  // What a pipe or a device has can only be read once, so that it is not looked into.
  if (!there.isFile()) return { name: path, path, bytes: null }
  await using file = await open(path)
  const head = Buffer.alloc(headBytes)
  const { bytesRead } = await file.read(head, 0, headBytes, 0)
  const isUtf16 = bytesRead >= 2 && utf16Marks.includes(head.readUInt16LE(0))
  const isStream =
    isUtf16 || compressionOf(head.subarray(0, bytesRead)) !== 'none' || (there.size === 0n && bytesRead > 0)
  return { name: path, path, bytes: isStream ? null : Number(there.size) }
}
