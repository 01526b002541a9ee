/** Bytes that were handed over as a secret, as text: without the line end that editors and `echo` add, and never empty. */
import { DeployError } from '../../base/deploy-error.js'

const mostBytes = 2 ** 20

export function secretText(name: string, origin: string, bytes: Buffer): string {
  const refuse = (what: string, hint: string): DeployError =>
    new DeployError('SECRET_MISSING', `the secret ${name}: ${origin} ${what}`, { hint })
  if (bytes.length >= mostBytes)
    throw refuse('gave 1 MiB or more', 'That is hardly a secret. Look at what it gives.')
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw refuse('gave something that is not UTF-8 text', 'Encode a binary secret, in base64 for example.')
  }
  const value = text.replace(/\r?\n$/, '')
  if (value === '') throw refuse('gave nothing', 'Put the secret there.')
  return value
}
