import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerParent } from './parent-link.ts'

/** The least that Node needs to send given bytes: it looks the path up and writes. */
interface Prepared {
  readonly path: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

const answers = new Map<string, { headers: Record<string, string>; body: Buffer }>()

const server = createServer((request, response) => {
  const answer = answers.get(request.url ?? '')
  if (answer === undefined) {
    response.writeHead(404).end()
    return
  }
  response.writeHead(200, answer.headers)
  response.end(answer.body)
})
server.keepAliveTimeout = 65_000
server.listen(0, '127.0.0.1')
await once(server, 'listening')

answerParent(
  {
    url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    prepare: ({ path, headers, body }: Prepared) => {
      answers.set(path, { headers: Object.fromEntries(headers), body: Buffer.from(body) })
    },
  },
  () => server.closeAllConnections(),
)
