/**
 * Logging in to Google: the header that a request goes out with. Google's own library knows the many kinds of
 * credentials; it is loaded when the first request needs it, and keeps tokens for as long as they hold.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { GoogleAuth } from 'google-auth-library'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import { formatDuration } from '../../../base/duration.js'
import type { Ports } from '../../../model/ports.js'
import { networkSetback, shortened } from '../../artifacts/http-trouble.js'
import { watchOver, type EndedBy } from '../../artifacts/watch.js'
import { silenceWarnings } from '../../system/silence-warnings.js'
import { unlessAborted } from '../../system/unless-aborted.js'

/** For a token, with all that it takes to find out where to ask. */
const deadlineMs = 60_000
const scopes = ['https://www.googleapis.com/auth/devstorage.read_only']

export type Headers = { readonly [name: string]: string }
export type GcsLogin = (signal: AbortSignal) => Promise<Headers>

export const noLogin: GcsLogin = () => Promise.resolve({})

/** From the file, or from where Google's tools look when there is none. */
export function googleLogin(keyFile: string | undefined, { projectDirectory, clock }: Ports): GcsLogin {
  const file = keyFile === undefined ? undefined : path.resolve(projectDirectory, keyFile)
  let made: Promise<GoogleAuth> | null = null
  return async (signal) => {
    const limits = { stallMs: Infinity, deadlineAtMs: clock.monotonicMs() + deadlineMs }
    const watch = watchOver(limits, clock, signal)
    made ??= makeAuth(file)
    try {
      const auth = await made
      return Object.fromEntries(await unlessAborted(auth.getRequestHeaders(), watch.signal))
    } catch (error) {
      made = null // a file that was mended is read again
      throw error instanceof DeployError ? error : loginTrouble(error, watch.endedBy())
    } finally {
      watch.end()
    }
  }
}

async function makeAuth(keyFile: string | undefined): Promise<GoogleAuth> {
  // read by us: the library takes whatever is no JSON for a private key, and fails much later
  const credentials = keyFile === undefined ? {} : { credentials: await readCredentials(keyFile) }
  const { GoogleAuth } = await import('google-auth-library')
  // that no metadata server answers is no news on most machines
  silenceWarnings('MetadataLookupWarning')
  // a project is not needed to read a bucket, and would be looked for on the network and with gcloud
  return new GoogleAuth({ scopes, projectId: 'none', ...credentials })
}

async function readCredentials(file: string): Promise<object> {
  const unusable = (cause: unknown, why: string) =>
    new DeployError('SOURCE_DENIED', `the credentials file ${file} cannot be used: ${why}`, {
      hint: 'Check keyFile: it has to be the JSON file that Google Cloud gave for a service account.',
      cause,
    })
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unusable(error, `it cannot be read (${systemCodeOf(error) ?? String(error)})`)
  })
  try {
    const content: unknown = JSON.parse(text)
    if (typeof content === 'object' && content !== null && 'type' in content) return content
  } catch {
    // said below, without what is in it
  }
  throw unusable(undefined, 'it is no credentials file of Google')
}

function loginTrouble(error: unknown, ended: EndedBy | null): DeployError {
  if (ended === 'cancelled') return new DeployError('CANCELLED', 'logging in to Google was cancelled')
  if (ended !== null) {
    const within = formatDuration(deadlineMs)
    return new DeployError('TIMEOUT', `nobody answered the login to Google within ${within}`, {
      hint: 'Check the network, and that the metadata server or the token server can be reached.',
    })
  }
  if (!(error instanceof Error)) return new DeployError('SOURCE_DENIED', 'logging in to Google failed')
  const says = shortened(error.message)
  if (/default credentials/i.test(error.message)) {
    return new DeployError('SOURCE_DENIED', 'no login for Google Cloud Storage was found', {
      hint: 'Set keyFile:, or GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login; or anonymous: true for a public bucket.',
      details: [says],
      cause: error,
    })
  }
  // a refusal of the token's server has a response; anything else never reached it
  if ('response' in error && error.response !== undefined) {
    return new DeployError('SOURCE_DENIED', 'Google does not accept the login', {
      hint: 'Check that the key was not deleted and the account not disabled, and that the clock of this machine is right.',
      details: [`it said: ${says}`],
      cause: error,
    })
  }
  if ('code' in error) return networkSetback(error, new URL('https://oauth2.googleapis.com/token')).shown
  return new DeployError('SOURCE_DENIED', 'logging in to Google failed', {
    hint: 'Check keyFile: or GOOGLE_APPLICATION_CREDENTIALS.',
    details: [says],
    cause: error,
  })
}
