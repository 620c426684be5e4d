import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from '../../../../platform/log.ts'
import { Charge } from './charge.ts'
import { toJson } from './wire.ts'

export interface StateFile extends AsyncDisposable {
  /** Writes the file anew. Until then saves wait. */
  start(): Promise<void>
  /** Resolves when the charge has been handed to the operating system. */
  save(charge: Charge): Promise<void>
}

interface StateFileOptions {
  readonly path: string
  readonly charges: () => Iterable<Charge>
  readonly replaceAfterBytes: number
}

interface Save {
  readonly line: string
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

const header = `${JSON.stringify({ version: 1 })}\n`
const chunkLines = 500

/**
 * A journal: one charge a line, the last line of a charge counts. Changes are appended, all that wait in one write; when
 * the file has grown enough, and after a failed write, it is replaced as a whole by way of a temporary file.
 */
export function createStateFile({ path, charges, replaceAfterBytes }: StateFileOptions): StateFile {
  let handle: FileHandle | undefined
  let started = false
  let replacedBytes = 0
  let appendedBytes = 0
  let waiting: Save[] = []
  let flushing: Promise<void> | undefined

  async function replace() {
    await letGo()
    const temporary = `${path}.tmp`
    try {
      const fresh = await open(temporary, 'w', 0o600)
      try {
        replacedBytes = await writeAll(fresh, charges())
        await fresh.sync()
      } finally {
        await fresh.close()
      }
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    handle = await open(path, 'a', 0o600)
    appendedBytes = 0
  }

  async function flush() {
    const batch = waiting
    waiting = []
    try {
      if (!handle || appendedBytes > Math.max(replaceAfterBytes, replacedBytes)) await replace()
      const text = batch.map(({ line }) => line).join('')
      await handle?.appendFile(text)
      appendedBytes += Buffer.byteLength(text)
      for (const { done } of batch) done()
    } catch (error) {
      // Perhaps half a line was written: the next flush replaces the file.
      await letGo().catch(() => undefined)
      for (const { failed } of batch) failed(error)
    }
  }

  async function letGo() {
    const old = handle
    handle = undefined
    await old?.close()
  }

  function flushSoon() {
    if (!started || flushing || waiting.length === 0) return
    flushing = flush().finally(() => {
      flushing = undefined
      flushSoon()
    })
  }

  return {
    async start() {
      await mkdir(dirname(path), { recursive: true })
      await replace()
      started = true
      flushSoon()
    },
    save(charge) {
      return new Promise((done, failed) => {
        waiting.push({ line: `${toJson(charge)}\n`, done, failed })
        flushSoon()
      })
    },
    async [Symbol.asyncDispose]() {
      while (flushing !== undefined) await flushing
      await letGo()
    },
  }
}

async function writeAll(file: FileHandle, charges: Iterable<Charge>): Promise<number> {
  let bytes = 0
  let chunk = header
  let lines = 0
  for (const charge of charges) {
    chunk += `${toJson(charge)}\n`
    if (++lines % chunkLines > 0) continue
    bytes += Buffer.byteLength(chunk)
    await file.appendFile(chunk)
    chunk = ''
  }
  await file.appendFile(chunk)
  return bytes + Buffer.byteLength(chunk)
}

/** The charges of an earlier run, oldest first; none where there is no file. A last line cut short by a crash is dropped. */
export async function readStateFile(path: string, log: Logger): Promise<Charge[]> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!file) return []
  const charges = new Map<string, Charge>()
  let damagedLine = 0
  let number = 0
  for await (const line of file.readLines()) {
    number++
    if (damagedLine > 0) throw new Error(`line ${damagedLine} of the simulator's state file ${path} is damaged`)
    const read = parseJson(line)
    if (number === 1) requireVersion(read, path)
    else {
      const charge = Charge.safeParse(read)
      if (charge.success) charges.set(charge.data.chargeId, charge.data)
      else damagedLine = number
    }
  }
  if (damagedLine > 0) log.warn({ path, line: damagedLine }, 'the last line of the simulator state was cut short')
  return [...charges.values()]
}

function requireVersion(read: unknown, path: string): void {
  const version = typeof read === 'object' && read !== null && 'version' in read ? read.version : undefined
  if (version !== 1) throw new Error(`${path} is not a state file of this simulator (version ${String(version)})`)
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
