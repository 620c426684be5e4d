import type { Int64 } from '../../../platform/database/columns.ts'
import type { Reader } from '../../../platform/database/database.ts'
import type { Generation, Loss } from '../../domain/follow/generation.ts'
import { readLosses } from './generation-rows.ts'

/** How far a source came with one text. Times are in ms since the epoch. */
export interface SourceFile extends Pick<Generation, 'node' | 'path' | 'size' | 'offset' | 'isEnded' | 'losses'> {
  readonly updatedAt: number
}

/** What became of the texts of a source; `losses` are of all of them, by reason. */
export interface SourceProgress {
  readonly fileCount: number
  readonly bytesRead: number
  readonly losses: readonly Loss[]
  readonly files: readonly SourceFile[]
}

/** Files that are shown of a source. */
const filesMax = 20

/** By the names of the sources; one of which nothing was read yet is not in it. */
export async function sourceProgress(reader: Reader, names: readonly string[]): Promise<Map<string, SourceProgress>> {
  if (names.length === 0) return new Map()
  const totals = await reader.select<TotalsRow>(
    `SELECT source, COUNT(*) AS files, SUM(offset_bytes) AS bytes FROM log_generations WHERE source IN (:names)
     GROUP BY source`,
    { names },
  )
  const lossy = await reader.select<{ source: string; losses: string }>(
    "SELECT source, losses FROM log_generations WHERE source IN (:names) AND losses <> '[]'",
    { names },
  )
  const files = await reader.select<FileRow>(
    `SELECT source, node, path, size_bytes, offset_bytes, is_ended, updated_at_ms, losses FROM (
       SELECT source, node, path, size_bytes, offset_bytes, is_ended, updated_at_ms, losses,
         ROW_NUMBER() OVER (PARTITION BY source ORDER BY is_ended, updated_at_ms DESC, id DESC) AS place
       FROM log_generations WHERE source IN (:names)) AS placed
     WHERE place <= :filesMax ORDER BY source, place`,
    { names, filesMax },
  )
  const lossesOf = (name: string) => lossy.filter(({ source }) => source === name).map(({ losses }) => losses)
  return new Map(
    totals.map(({ source, files: count, bytes }) => [
      source,
      {
        fileCount: Number(count),
        bytesRead: Number(bytes),
        losses: summed(lossesOf(source).flatMap(readLosses)),
        files: files.filter((file) => file.source === source).map(toFile),
      },
    ]),
  )
}

interface TotalsRow {
  source: string
  files: number | string
  bytes: number | string
}

interface FileRow {
  source: string
  node: string
  path: string
  size_bytes: Int64
  offset_bytes: Int64
  is_ended: number
  updated_at_ms: Int64
  losses: string
}

function toFile({ node, path, size_bytes, offset_bytes, is_ended, updated_at_ms, losses }: FileRow): SourceFile {
  return {
    ...{
      node,
      path,
      size: Number(size_bytes),
      offset: Number(offset_bytes),
      isEnded: is_ended === 1,
      updatedAt: Number(updated_at_ms),
    },
    losses: readLosses(losses),
  }
}

function summed(losses: readonly Loss[]): Loss[] {
  const bytes = new Map<Loss['reason'], number>()
  for (const loss of losses) bytes.set(loss.reason, (bytes.get(loss.reason) ?? 0) + loss.bytes)
  return [...bytes].map(([reason, sum]) => ({ reason, bytes: sum }))
}
