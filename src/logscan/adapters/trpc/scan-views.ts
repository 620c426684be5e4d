import type { LogScanDetail, LogScanView } from '#contract'
import type { LogScan, ScanResult } from '../../app/scan-ports.ts'

const iso = (ms: number) => new Date(ms).toISOString()
const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms))

export function viewScan(scan: LogScan): LogScanView {
  const { id, status, node, paths, source, keeps, files, bytesTotal, bytesRead, linesMatched, linesKept } = scan
  const { patternsVersion, problem, version } = scan
  return {
    ...{ id, status, node, paths: [...paths], source, keep: keeps },
    ...{ since: isoOrNull(scan.since), until: isoOrNull(scan.until) },
    ...{ files, bytesTotal, bytesRead, linesMatched, linesKept, patternsVersion, problem, version },
    ...{ createdAt: iso(scan.createdAt), startedAt: isoOrNull(scan.startedAt), endedAt: isoOrNull(scan.endedAt) },
  }
}

export function viewScanDetail(scan: LogScan, result: ScanResult | null): LogScanDetail {
  return { ...viewScan(scan), result: result === null ? null : viewResult(result) }
}

function viewResult({ patterns, groups, problems }: ScanResult): NonNullable<LogScanDetail['result']> {
  return {
    patterns: patterns.map(({ firstSeen, lastSeen, ...pattern }) => ({
      ...{ ...pattern, firstSeen: isoOrNull(firstSeen), lastSeen: isoOrNull(lastSeen) },
    })),
    groups: groups.map((group) => ({ ...group })),
    problems: [...problems],
  }
}
