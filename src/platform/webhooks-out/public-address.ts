import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

/** The address is not one of the public internet. */
export class PrivateAddress extends Error {
  override readonly name = 'PrivateAddress'

  constructor(host: string) {
    super(`${host} is no public address`)
  }
}

/** False for private, loopback, link-local, shared, reserved and multicast addresses, and for those of IPv4 within IPv6. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false
  return ipaddr.process(address).range() === 'unicast'
}

/** Resolves names as usual, and fails unless all their addresses are public: what is checked is what is connected to. */
export const publicLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const addresses = (error === null ? found : []) as LookupAddress[]
    const isPublic = addresses.length > 0 && addresses.every(({ address }) => isPublicAddress(address))
    const problem = error ?? (isPublic ? null : new PrivateAddress(hostname))
    if (problem !== null) return done(problem, '', 0)
    if (options.all === true) return done(null, addresses)
    const [first] = addresses as [LookupAddress]
    done(null, first.address, first.family)
  })
}
