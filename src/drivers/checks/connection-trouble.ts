/** Why a connection failed, in words a person can act on: one table for every check that opens one. */
import { excerpt } from './answer.js'
import { systemCodeOf } from '../../base/deploy-error.js'

const untrusted = 'name its authority in tls.ca, or set tls.insecure: true'

/** By the error's code; `%` stands for host and port. */
const troubles: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nothing listens on % (connection refused)',
  ECONNRESET: '% closed the connection without an answer (connection reset)',
  EPIPE: '% closed the connection without an answer (broken pipe)',
  ETIMEDOUT: 'no connection to % (timed out): is the host down, or a firewall in between?',
  EHOSTUNREACH: 'no route to %: is the host down?',
  ENETUNREACH: 'no route to % (network unreachable)',
  EHOSTDOWN: 'the host of % is down',
  EADDRNOTAVAIL: '% is no address that can be connected to from here',
  EACCES: 'not allowed to connect to % (permission denied)',
  ENOTFOUND: 'the host name of % is not known (DNS: ENOTFOUND)',
  EAI_AGAIN: 'the host name of % could not be looked up (DNS: EAI_AGAIN): is the resolver reachable?',
  EMFILE: 'deployctl has too many files open to connect to % (EMFILE): raise its limit',
  EPROTO: '% does not speak TLS as expected: http:// rather than https://?',
  ERR_SSL_WRONG_VERSION_NUMBER: '% does not speak TLS: http:// rather than https://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: '% does not speak TLS: http:// rather than https://?',
  DEPTH_ZERO_SELF_SIGNED_CERT: `the certificate of % is self-signed: ${untrusted}`,
  SELF_SIGNED_CERT_IN_CHAIN: `the certificate of % comes from an authority that is not trusted here: ${untrusted}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `the certificate of % comes from an authority that is not trusted here: ${untrusted}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `the certificate of % comes from an authority that is not trusted here: ${untrusted}`,
  UNABLE_TO_GET_ISSUER_CERT: `the certificate of % comes from an authority that is not trusted here: ${untrusted}`,
  CERT_HAS_EXPIRED: 'the certificate of % has expired',
  CERT_NOT_YET_VALID: 'the certificate of % is not valid yet: is a clock wrong?',
}

/** The sentence for a failed connection to `place` (host and port). Never shows more than the error's own message. */
export function connectionTrouble(error: unknown, place: string): string {
  const code = codeOf(error)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the certificate of ${place} is for another name: set tls.serverName (${messageOf(error)})`
  }
  if (code?.startsWith('HPE_')) return `what answers on ${place} is not HTTP (${messageOf(error)})`
  const known = code === undefined ? undefined : troubles[code]
  return known === undefined
    ? `no answer from ${place}: ${messageOf(error)}`
    : known.replace('%', () => place)
}

/** A host with several addresses fails with one error for each; the first stands for all. */
function codeOf(error: unknown): string | undefined {
  return systemCodeOf(error instanceof AggregateError && !systemCodeOf(error) ? error.errors[0] : error)
}

function messageOf(error: unknown): string {
  return excerpt(error instanceof Error ? error.message : String(error))
}
