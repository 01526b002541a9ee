/** What went wrong with a question to the engine, in words: the connection by its code, a refusal by what it says. */
import { DeployError, systemCodeOf, type ErrorCode } from '../../../../base/deploy-error.js'
import type { EngineAddress } from './address.js'

/** The status of the engine's answer, where it gave one that was no success. */
export function statusOf(error: unknown): number | null {
  const cause = error instanceof DeployError ? error.cause : error
  if (!(cause instanceof Error) || !('statusCode' in cause)) return null
  return typeof cause.statusCode === 'number' ? cause.statusCode : null
}

/** The engine's own sentence, without the frame that the client puts around it. */
export function engineSays(error: unknown): string {
  const json = error instanceof Error && 'json' in error ? error.json : null
  const said = typeof json === 'object' && json !== null && 'message' in json ? json.message : null
  if (typeof said === 'string') return said.trim()
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim()
}

/** What an engine answers to questions that it has not done with when it is told to stop. */
export function isShuttingDown(error: unknown): boolean {
  if ((statusOf(error) ?? 0) < 500) return false
  return /context canceled|connection is closing|transport is closing|shutting down/.test(engineSays(error))
}

interface Known {
  readonly code: ErrorCode
  readonly says: string
  readonly hint: string
}

const isItUp = 'Is the engine running, and is it this one? docker info with the same address tells.'

/** By the error's code; `%` stands for the address. */
const connectionTroubles: { readonly [code: string]: Known } = {
  ENOENT: {
    code: 'HOST_UNREACHABLE',
    says: 'there is no engine at %: the socket does not exist',
    hint: isItUp,
  },
  ENOTSOCK: { code: 'HOST_UNREACHABLE', says: '% is no socket', hint: isItUp },
  EACCES: {
    code: 'PERMISSION_DENIED',
    says: 'this user may not use the engine at %',
    hint: 'Add the user to the group that owns the socket (usually docker) and log in again, or name another engine.',
  },
  ECONNREFUSED: {
    code: 'HOST_UNREACHABLE',
    says: 'nothing answers at %: the connection was refused',
    hint: isItUp,
  },
  ECONNRESET: {
    code: 'HOST_UNREACHABLE',
    says: 'the engine at % closed the connection without an answer',
    hint: 'It may have been restarted just then, or want TLS (engine.tls, DOCKER_TLS_VERIFY).',
  },
  ENOTFOUND: { code: 'HOST_UNREACHABLE', says: 'the host name of % is not known', hint: isItUp },
  EAI_AGAIN: { code: 'HOST_UNREACHABLE', says: 'the host name of % could not be looked up', hint: isItUp },
  EHOSTUNREACH: { code: 'HOST_UNREACHABLE', says: 'there is no route to %', hint: isItUp },
  ETIMEDOUT: { code: 'HOST_UNREACHABLE', says: 'no connection to % (timed out)', hint: isItUp },
}

export function troubleWith(error: unknown, doing: string, address: EngineAddress): DeployError {
  if (error instanceof DeployError) return error
  const status = statusOf(error)
  if (status !== null) return refusal(status, engineSays(error), error, doing, address)
  const code = systemCodeOf(error) ?? ''
  const known = connectionTroubles[code]
  const from = `the address is that of ${address.from}`
  if (known !== undefined) {
    const says = `Could not ${doing}: ${known.says.replace('%', address.where)}.`
    return new DeployError(known.code, says, { hint: known.hint, details: [from], cause: error })
  }
  const says = `Could not ${doing}: the engine at ${address.where} could not be spoken to.`
  const hint = /SSL|TLS|CERT|EPROTO/.test(code)
    ? 'Check the TLS files: engine.tls, or DOCKER_CERT_PATH.'
    : isItUp
  return new DeployError('HOST_UNREACHABLE', says, { hint, details: [engineSays(error), from], cause: error })
}

function refusal(
  status: number,
  said: string,
  cause: unknown,
  doing: string,
  address: EngineAddress,
): DeployError {
  const says = `Could not ${doing}: the engine at ${address.where} refused.`
  const details = [said === '' ? `it answered ${status}` : said]
  if (/Client sent an HTTP request to an HTTPS server/.test(said)) {
    const hint = 'Give the TLS files in engine.tls, or set DOCKER_TLS_VERIFY and DOCKER_CERT_PATH.'
    return new DeployError('HOST_UNREACHABLE', says, { details, hint, cause })
  }
  if (/no space left on device/i.test(said)) {
    const hint = 'Make room on the engine’s disk (docker system df shows what takes it).'
    return new DeployError('DISK_FULL', says, { details, hint, cause })
  }
  return new DeployError(status === 403 ? 'PERMISSION_DENIED' : 'TARGET_REFUSED', says, { details, cause })
}
