import { hkdfSync } from 'node:crypto'

const secretBytes = 32

/** Secrets of endpoints, made anew whenever they are needed: none is kept. */
export interface WebhookSecrets {
  /** `whsec_` and base64, as Standard Webhooks has it. Another version is another secret. */
  of(subject: string, version: number): string
}

export function createWebhookSecrets(master: string): WebhookSecrets {
  return {
    of(subject, version) {
      const bytes = hkdfSync('sha256', master, 'xm webhooks', `${subject} v${version}`, secretBytes)
      return `whsec_${Buffer.from(bytes).toString('base64')}`
    },
  }
}
