import type { LogSource, LogsStore } from './ports.ts'

/** What is to be followed now, and what is paused, by name. */
export function currentSources({ store }: { store: Pick<LogsStore, 'sources'> }) {
  return (): Promise<readonly LogSource[]> => store.sources.all()
}
