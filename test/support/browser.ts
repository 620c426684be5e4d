import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium } from 'playwright-core'
import { findProgram } from './private-server.ts'

const program = findProgram('chromium', 'chromium-browser', 'google-chrome')

export const hasBrowser = (): boolean => program !== undefined

/** The browser of this machine; it asks no other. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: program as string,
    args: ['--no-sandbox', '--disable-background-networking'],
  })
}

export interface Site extends AsyncDisposable {
  readonly origin: string
}

/** Serves one page that runs the script, at an origin of its own. */
export async function servePage(script: string): Promise<Site> {
  const page = '<!doctype html><title>A page</title><script type="module" src="/script.js"></script>'
  const server = createServer((request, response) => {
    const [type, text] = request.url === '/script.js' ? ['text/javascript', script] : ['text/html', page]
    response.writeHead(200, { 'content-type': type }).end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
