import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GeneratedLog, type LogFacts, writeLogFile } from '../../support/generated-logs.ts'

export interface LogFile extends Disposable {
  readonly path: string
  readonly bytes: number
  readonly facts: LogFacts
}

/** There is not room enough for the files. */
export class DiskTooFull extends Error {}

/** A folder for big files that is gone with this process, however it ends in order. */
export function createWorkFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'xm-bench-logscan-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

  return {
    folder,

    /** Throws DiskTooFull. */
    async checkRoom(bytes: number): Promise<void> {
      const { bavail, bsize } = await statfs(folder)
      if (bavail * bsize < bytes * 1.05)
        throw new DiskTooFull(`${tmpdir()} has ${inMb(bavail * bsize)} MB free; ${inMb(bytes)} MB are needed`)
    },

    async writeText(name: string, text: string): Promise<string> {
      const path = join(folder, name)
      await writeFile(path, text)
      return path
    },

    /** Writes the log and reads it once, so that all sides find it in the page cache. Disposing deletes it. */
    async writeLog(name: string, log: GeneratedLog): Promise<LogFile> {
      const path = join(folder, name)
      const facts = await writeLogFile(path, log)
      for await (const _ of createReadStream(path, { highWaterMark: 1 << 20 }));
      return { path, bytes: log.bytes, facts, [Symbol.dispose]: () => rmSync(path) }
    },
  }
}

function inMb(bytes: number): string {
  return Math.ceil(bytes / 1e6).toLocaleString('en')
}
