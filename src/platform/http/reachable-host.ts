/** The host to call a server that listens on `host`: a wildcard is no address, and IPv6 goes into brackets. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
