import type { DatabaseHooks } from '../platform/database/database.ts'
import type { Logger } from '../platform/log.ts'
import type { Mailer } from '../platform/mail.ts'
import type { OutboxEvent } from '../platform/outbox.ts'

/** What tests and entry points may put in place of the usual parts. */
export interface Overrides {
  readonly log?: Logger
  readonly mailer?: Mailer & Disposable
  readonly databaseHooks?: DatabaseHooks
  /** This process's monotonic timer, milliseconds. */
  readonly monotonicMs?: () => number
  /** Called around the publishing of a batch of events. */
  readonly beforePublish?: (events: readonly OutboxEvent[]) => Promise<void>
  readonly afterPublish?: (events: readonly OutboxEvent[]) => Promise<void>
  /** Starts the payment simulator where the configuration names none; told where webhooks go, and what signs them. */
  readonly startSimulator?: (webhookUrl: string, secret: string) => Promise<AsyncDisposable & { readonly url: string }>
}
