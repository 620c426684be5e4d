import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, test } from 'vitest'
import { readBody } from '../../src/platform/http/body.ts'

test('a sender that left before anybody read is told from one that is slow', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf')
  const [request] = await once(server, 'request')
  const gone = new Promise((resolve) => request.once('close', resolve).once('error', () => {}))
  socket.destroy()
  await gone
  await expect(readBody(request, 1000)).rejects.toMatchObject({ code: 'request.malformed' })
  server.close()
})
