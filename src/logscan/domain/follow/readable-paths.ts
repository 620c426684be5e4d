/** Where files may be read that staff name; both are absolute paths of folders. */
export interface ReadablePaths {
  readonly roots: readonly string[]
  /** Below a root or not, what lies here is never read. */
  readonly excluded: readonly string[]
}

const glob = /[*?[\]{}()!@+|\\]/

/** Of a path with links resolved. */
export function isReadable(path: string, { roots, excluded }: ReadablePaths): boolean {
  const isBelow = (folder: string) => isAtOrBelow(path, folder)
  return roots.some(isBelow) && !excluded.some(isBelow)
}

/** Whether a path, or a glob by its part without wildcards, can mean files that may be read, as far as its text tells. */
export function mayBeReadable(path: string, paths: ReadablePaths): boolean {
  const parts = path.split('/')
  const first = parts.findIndex((part) => glob.test(part))
  return isReadable(first === -1 ? path : parts.slice(0, first).join('/') || '/', paths)
}

function isAtOrBelow(path: string, folder: string): boolean {
  const bare = folder.replace(/\/+$/, '')
  return path === bare || path.startsWith(`${bare}/`)
}
