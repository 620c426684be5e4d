import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

export interface WebhookPost extends Disposable {
  /** Posts JSON and resolves to the HTTP status. Rejects when no whole answer came in time. */
  post(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<number>
}

/** Posts over connections that stay open between notices; redirects are answers like any other. */
export function createWebhookPost(options: { connectionsMax: number; timeoutMs: number }): WebhookPost {
  const { connectionsMax, timeoutMs } = options
  const settings = { keepAlive: true, maxSockets: connectionsMax, maxFreeSockets: connectionsMax }
  const plain = new HttpAgent(settings)
  const secure = new HttpsAgent(settings)
  const active = new Set<ClientRequest>()

  function begin(url: string, body: string, headers: Readonly<Record<string, string>>): ClientRequest {
    const given = {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    }
    return new URL(url).protocol === 'https:'
      ? httpsRequest(url, { ...given, agent: secure })
      : httpRequest(url, { ...given, agent: plain })
  }

  return {
    async post(url, body, headers) {
      const request = begin(url, body, headers)
      active.add(request)
      const timer = setTimeout(() => request.destroy(new Error('no answer in time')), timeoutMs)
      try {
        return await new Promise<number>((resolve, reject) => {
          request.on('error', reject)
          request.on('response', (response) => {
            response.on('error', reject)
            response.on('end', () => resolve(response.statusCode ?? 0))
            response.on('close', () => reject(new Error('the answer broke off')))
            response.resume()
          })
          request.end(body)
        })
      } finally {
        clearTimeout(timer)
        active.delete(request)
      }
    },
    [Symbol.dispose]() {
      for (const request of active) request.destroy(new Error('the simulator ends'))
      plain.destroy()
      secure.destroy()
    },
  }
}
