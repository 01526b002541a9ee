/**
 * Addresses that are secrets themselves: whoever knows a webhook's URL can post to it. They are looked at when a
 * notifier is made, as far as they are written out, and again when revealed; no message shows more than the origin.
 */
import type { Secrets } from '../../model/secrets.js'
import { DeployError } from '../../base/deploy-error.js'
import { parseAddress, type Address } from '../artifacts/http-address.js'
import { secretNames } from '../../model/secrets.js'

export const webhookAddressPattern = '^(https?://|\\$\\{secret\\.)'

/** Refuses what can never be an address. One that begins with a secret can only be judged once it is revealed. */
export function checkWritten(url: string): void {
  if (url.startsWith('${secret.')) return
  const filled = secretNames(url).reduce((text, name) => text.replace(`\${secret.${name}}`, 'secret'), url)
  if (!isWebAddress(filled)) throw notAnAddress('The url of a notifier')
}

export async function revealAddress(url: string, secrets: Secrets, signal: AbortSignal): Promise<Address> {
  const revealed = (await secrets.reveal(url, signal)).trim()
  if (isWebAddress(revealed)) return parseAddress(revealed)
  const names = secretNames(url).map((name) => `\${secret.${name}}`)
  throw notAnAddress(names.length === 0 ? 'The url of a notifier' : `What is behind ${names.join(' and ')}`)
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

function notAnAddress(what: string): DeployError {
  return new DeployError('CONFIG_INVALID', `${what} is not an http:// or https:// address.`, {
    hint: 'Copy the whole address, https:// included, and keep it as a secret: url: ${secret.NAME}.',
  })
}
