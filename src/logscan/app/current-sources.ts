import type { LogSource, LogsStore } from './ports.ts'

/** Under which the lines are kept of what machines follow by LOG_SOURCES. */
export const configSource = 'config'

/** What is to be followed now, and what is paused, by name. */
export function currentSources({ store }: { store: Pick<LogsStore, 'sources'> }) {
  return (): Promise<readonly LogSource[]> => store.sources.all()
}
