import {
  LogScanDetail,
  LogScanInput,
  LogScanListInput,
  LogScanListOutput,
  LogScanView,
  StartLogScanInput,
} from '#contract'
import { DomainError } from '../../../kernel/errors.ts'
import { type Page, pageRequest } from '../../../kernel/page.ts'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { cancelScan, orderScan } from '../../app/order-scan.ts'
import type { LogScan, ScanResult } from '../../app/scan-ports.ts'
import type { ScanListRequest } from '../sequelize/scan-store.ts'
import { logAccess } from './access.ts'
import { viewScan, viewScanDetail } from './scan-views.ts'

export interface ScanRouterDeps {
  readonly orderScan: ReturnType<typeof orderScan>
  readonly cancelScan: ReturnType<typeof cancelScan>
  readonly scanPage: (request: ScanListRequest) => Promise<Page<LogScan>>
  readonly findScan: (id: string) => Promise<{ readonly scan: LogScan; readonly result: ScanResult | null } | null>
  /** How a scan stands, to whoever listens. */
  readonly tell: (scan: LogScan) => void
}

export function createScanRouter(procedures: Procedures, deps: ScanRouterDeps) {
  const { orderScan, cancelScan, scanPage, findScan, tell } = deps
  const { reading, changing } = logAccess(procedures)
  async function get(id: string) {
    const found = await findScan(id)
    if (found === null) throw new DomainError('logs.scan_not_found', 'not_found', { field: 'id', id })
    return found
  }
  async function told(id: string): Promise<LogScanView> {
    const { scan } = await get(id)
    tell(scan)
    return viewScan(scan)
  }
  const msOf = (time: string | null) => (time === null ? null : Date.parse(time))

  return router({
    start: changing
      .input(StartLogScanInput)
      .output(LogScanView)
      .mutation(async ({ ctx, input: { keep, since, until, ...order } }) => {
        const id = await orderScan(ctx.actor, { ...order, keeps: keep, since: msOf(since), until: msOf(until) })
        return told(id)
      }),
    get: reading
      .input(LogScanInput)
      .output(LogScanDetail)
      .query(async ({ input: { id } }) => {
        const { scan, result } = await get(id)
        return viewScanDetail(scan, result)
      }),
    list: reading
      .input(LogScanListInput)
      .output(LogScanListOutput)
      .query(async ({ input: { status = null, ...page } }) => {
        const { items, nextCursor } = await scanPage({ status, ...pageRequest(page) })
        return { items: items.map(viewScan), nextCursor }
      }),
    cancel: changing
      .input(LogScanInput)
      .output(LogScanView)
      .mutation(async ({ ctx, input: { id } }) => {
        await cancelScan(ctx.actor, id)
        return told(id)
      }),
  })
}
