const prefix = '/trpc/'

/** Which procedures a URL calls. */
export interface CallTarget {
  readonly paths: readonly string[]
  readonly batch: boolean
  readonly input: string | null
}

export function isCall(url: string): boolean {
  return url.startsWith(prefix)
}

export function readTarget(url: string): CallTarget {
  const queryAt = url.indexOf('?')
  const path = decoded(queryAt === -1 ? url.slice(prefix.length) : url.slice(prefix.length, queryAt))
  if (queryAt === -1) return { paths: [path], batch: false, input: null }
  const query = new URLSearchParams(url.slice(queryAt + 1))
  const batch = query.get('batch') === '1'
  return { paths: batch ? path.split(',') : [path], batch, input: query.get('input') }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
