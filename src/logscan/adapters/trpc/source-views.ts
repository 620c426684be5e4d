import type { LogFollowing, LogSourceView } from '#contract'
import type { LogSource } from '../../app/ports.ts'
import type { FollowerSign } from '../sequelize/follower-claims.ts'
import type { SourceProgress } from '../sequelize/source-files.ts'

const iso = (ms: number) => new Date(ms).toISOString()

export function viewSource({ id, name, paths, isPaused, createdAt }: LogSource): LogSourceView {
  return { id, name, paths: [...paths], isPaused, createdAt: createdAt.toISOString() }
}

/** Who gave no sign since then is taken for one that follows no more. */
export function viewProgress(
  progress: SourceProgress | undefined,
  signs: readonly FollowerSign[],
  aliveSince: number,
): LogFollowing {
  const { fileCount = 0, bytesRead = 0, losses = [], files = [] } = progress ?? {}
  return {
    followers: signs.map(({ node, paths, isHeld, files: followed, lagBytes, readBytes, updatedAt }) => ({
      ...{ node, paths: [...paths], isFollowing: isHeld && updatedAt >= aliveSince },
      ...{ files: followed, lagBytes, readBytes, updatedAt: iso(updatedAt) },
    })),
    ...{ fileCount, bytesRead, losses: [...losses] },
    files: files.map(({ updatedAt, ...file }) => ({ ...file, updatedAt: iso(updatedAt), losses: [...file.losses] })),
  }
}
