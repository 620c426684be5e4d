import type { AlertChannel, AlertKind, AlertRule } from '../domain/alert/alert-rule.ts'
import type { Level } from '../domain/log-pattern.ts'

export interface AlertRuleWrites {
  count(): Promise<number>
  /** False if one has its name. */
  insert(rule: AlertRule, createdBy: string): Promise<boolean>
  /** Reads a rule and locks it; null if there is none. */
  lock(id: string): Promise<AlertRule | null>
  /** False if another has its name. */
  save(rule: AlertRule): Promise<boolean>
  remove(id: string): Promise<void>
}

export interface AlertRuleReads {
  /** Those that are switched on. */
  enabled(): Promise<readonly AlertRule[]>
}

/** What was found to be worth an alert. */
export interface RaisedAlert {
  /** What it is of: raised again it is the same. */
  readonly occasion: string
  readonly group: string | null
  readonly level: Level
  readonly title: string
  /** Of the group, or in the window. */
  readonly lines: number
  /** Only to see whether it arrives. */
  readonly kind?: 'test'
}

export interface LogAlert {
  readonly id: string
  readonly ruleId: string
  readonly ruleName: string
  readonly kind: AlertKind | 'test'
  readonly group: string | null
  readonly level: Level
  readonly title: string
  readonly lines: number
  readonly at: number
}

/** An alert on its way to one of the channels of its rule. */
export interface AlertDelivery {
  readonly id: string
  readonly alert: LogAlert
  readonly channel: AlertChannel
  /** Before this one. */
  readonly attempts: number
  /** Where a webhook goes, and which secret signs; null if the rule is no more, or has no webhook any more. */
  readonly webhook: { readonly url: string; readonly secretVersion: number } | null
}

export interface TakenDeliveries {
  readonly limit: number
  readonly perRule: number
  /** Rules of which none is taken. */
  readonly except: readonly string[]
}

export type DeliveryEnd =
  | { readonly status: 'done' }
  | { readonly status: 'pending'; readonly nextAttemptAt: number; readonly problem: string }
  | { readonly status: 'failed'; readonly problem: string }

export interface AlertWrites {
  /** Writes down alerts and their deliveries, but those that are there already, or for which the rule is to be quiet; gives how many. */
  raise(rule: AlertRule, alerts: readonly RaisedAlert[]): Promise<number>
  /** Has a delivery made again, whatever became of it. False if it is not there. */
  again(deliveryId: string): Promise<boolean>
}

export interface AlertQueue {
  /** Deliveries that are due, and that nobody else takes until then. */
  take(now: number, until: number, which: TakenDeliveries): Promise<readonly AlertDelivery[]>
  settle(delivery: Pick<AlertDelivery, 'id' | 'attempts'>, end: DeliveryEnd): Promise<void>
}

export interface AlertCounts {
  /** Lines that a rule looks at, by their own times. */
  linesIn(rule: AlertRule, from: number, to: number): Promise<number>
}
