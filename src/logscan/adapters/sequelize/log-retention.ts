import type { Database } from '../../../platform/database/database.ts'

/** How long what was found is kept, in ms. */
export interface LogRetention {
  /** Single lines. */
  readonly eventsMs: number
  /** Counts by the minute. */
  readonly minutesMs: number
  /** Counts by the hour, the history of groups, and groups that were not seen for so long. */
  readonly hoursMs: number
  /** Alerts, how they were delivered, and scans that ended. */
  readonly alertsMs: number
  /** Texts that ended. */
  readonly endedMs: number
}

/** Removes what is older than it is kept, the oldest first. */
export function createLogPruning(database: Database, retention: LogRetention) {
  const { eventsMs, minutesMs, hoursMs, alertsMs, endedMs } = retention

  const removeOldest =
    (table: string, time: string, where = '') =>
    (olderThanMs: number, atMostRows: number) =>
      database.transaction((tx) => {
        const oldest = `FROM ${table} WHERE ${where} ${time} < :olderThanMs ORDER BY ${time} LIMIT :atMostRows`
        // Only MySQL can delete in order.
        const sql =
          tx.dialect === 'mysql' ? `DELETE ${oldest}` : `DELETE FROM ${table} WHERE rowid IN (SELECT rowid ${oldest})`
        return tx.change(sql, { olderThanMs, atMostRows })
      })
  // The lines of a text are looked up with it: it outlives them.
  const generationsMs = Math.max(endedMs, eventsMs)
  const steps = [
    { keptMs: eventsMs, remove: removeOldest('log_events', 'seen_at_ms') },
    { keptMs: minutesMs, remove: removeOldest('log_minutes', 'bucket_ms') },
    { keptMs: hoursMs, remove: removeOldest('log_hours', 'bucket_ms') },
    { keptMs: hoursMs, remove: removeOldest('log_hour_totals', 'bucket_ms') },
    { keptMs: hoursMs, remove: removeOldest('log_group_changes', 'at_ms') },
    { keptMs: alertsMs, remove: removeOldest('log_alert_deliveries', 'updated_at_ms', "status <> 'pending' AND") },
    { keptMs: alertsMs, remove: removeOldest('log_alerts', 'at_ms') },
    { keptMs: alertsMs, remove: removeOldest('log_scans', 'created_at_ms', "status NOT IN ('queued', 'running') AND") },
    { keptMs: generationsMs, remove: removeOldest('log_generations', 'updated_at_ms', 'is_ended = 1 AND') },
    { keptMs: generationsMs, remove: removeOldest('log_followers', 'updated_at_ms') },
  ]

  /** Groups of which nothing is left, unless staff want to hear nothing of them, or have merged them. */
  const removeGroups = (olderThanMs: number, atMostRows: number) =>
    database.transaction(async (tx) => {
      const gone = await tx.select<{ id: string }>(
        `SELECT id FROM log_groups g WHERE last_seen_ms < :olderThanMs AND status <> 'ignored' AND merged_into IS NULL
           AND NOT EXISTS (SELECT 1 FROM log_groups m WHERE m.merged_into = g.id)
         ORDER BY last_seen_ms, id LIMIT :atMostRows`,
        { olderThanMs, atMostRows },
      )
      const ids = gone.map(({ id }) => id)
      if (ids.length === 0) return 0
      // Lines may have come in the meantime.
      return tx.change(
        'DELETE FROM log_groups WHERE id IN (:ids) AND last_seen_ms < :olderThanMs AND merged_into IS NULL',
        {
          ids,
          olderThanMs,
        },
      )
    })

  /** As much of each as that, at most. True if there may be more. */
  return async (nowMs: number, atMostRows: number): Promise<boolean> => {
    let isMore = false
    for (const { keptMs, remove } of [...steps, { keptMs: hoursMs, remove: removeGroups }])
      if ((await remove(nowMs - keptMs, atMostRows)) >= atMostRows) isMore = true
    return isMore
  }
}
