import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** The product's version, from its package.json: two levels up from the sources, three from the compiled files. */
function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')))
        .version
    } catch {
      // Not at this level.
    }
  }
  return '0.0.0'
}

export const version = readVersion()
