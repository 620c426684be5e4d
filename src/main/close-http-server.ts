import type { Server } from 'node:http'

const idleCheckMs = 50

/** Takes no new connections, lets calls in flight finish, and cuts what is left after `timeoutMs`. */
export async function closeHttpServer(server: Server, timeoutMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), timeoutMs)
    // A connection whose last call has just been answered is kept alive for the next: it has to be told, too.
    const sweep = setInterval(() => server.closeIdleConnections(), idleCheckMs)
    server.close(() => {
      clearTimeout(cut)
      clearInterval(sweep)
      resolve()
    })
    server.closeIdleConnections()
  })
}
