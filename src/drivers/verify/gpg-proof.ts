/** Proof by an OpenPGP signature, checked by the system's gpgv against a keyring of the project and nothing else. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeployError, type ErrorParts } from '../../base/deploy-error.js'
import { formatDuration } from '../../base/duration.js'
import type { CommandResult } from '../../model/shell.js'
import { readGpgvStatus, type GpgvVerdict } from './gpgv-status.js'
import { dearmored } from './openpgp-armor.js'
import { corrupt, firstCompanion, trustedFile, unproven, type Subject, type Verdict } from './subject.js'
import type { GpgOptions } from './verify-options.js'

const timeoutMs = 10 * 60_000

export async function proveByGpg(subject: Subject, options: GpgOptions): Promise<Verdict> {
  const keyring = await trustedFile(options.keyring, subject.ports)
  const usual = [`${subject.name}.asc`, `${subject.name}.sig`, `${subject.name}.gpg`]
  const found = await firstCompanion(subject, options.signature === undefined ? usual : [options.signature])
  if ('missing' in found) return found
  const result = await runGpgv(subject, keyring, Buffer.from(found.bytes))
  const verdict = readGpgvStatus(result.stdout)
  if (verdict.kind === 'good') return null
  throw refusal(subject, found.name, options.keyring, verdict, result.lastLines)
}

/** In a folder of its own, which is also gpgv's home: the user's own keyrings have no say. */
async function runGpgv(subject: Subject, keyring: Buffer, signature: Buffer): Promise<CommandResult> {
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-gpgv-'))
  try {
    const [keys, signed] = [join(folder, 'keyring.gpg'), join(folder, 'signature')]
    await writeFile(keys, dearmored(keyring, 'PGP PUBLIC KEY BLOCK') ?? keyring, { mode: 0o600 })
    await writeFile(signed, signature, { mode: 0o600 })
    const run = [
      'gpgv',
      '--homedir',
      folder,
      '--status-fd',
      '1',
      '--keyring',
      keys,
      '--',
      signed,
      subject.file,
    ]
    const request = { command: { run }, directory: folder, env: { LC_ALL: 'C' }, timeoutMs }
    const result = await subject.ports.shell.run(request, subject.signal)
    if (result.ended === 'exit') return result
    const cancelled = result.ended === 'cancelled'
    throw new DeployError(
      cancelled ? 'CANCELLED' : 'TIMEOUT',
      `gpgv for ${subject.shown} ${cancelled ? 'was cancelled' : `did not finish within ${formatDuration(timeoutMs)}`}`,
    )
  } catch (error) {
    throw isMissing(error) ? noGpgv(subject, error) : error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function isMissing(error: unknown): error is DeployError {
  return error instanceof DeployError && error.code === 'COMMAND_NOT_FOUND'
}

function noGpgv(subject: Subject, cause: DeployError): DeployError {
  return new DeployError('COMMAND_NOT_FOUND', `${subject.shown} cannot be proven: there is no gpgv here`, {
    hint: 'Install it (apt install gpgv, or the package gnupg), or prove the release in another way.',
    details: cause.details,
    cause,
  })
}

function refusal(
  { shown }: Subject,
  signature: string,
  keyring: string,
  verdict: Exclude<GpgvVerdict, { readonly kind: 'good' }>,
  said: readonly string[],
): DeployError {
  const details = said.filter((line) => !line.startsWith('[GNUPG:]')).slice(0, 8)
  const because = (why: string, hint: string): DeployError => {
    const parts: ErrorParts = { hint, details }
    return unproven(shown, why, parts)
  }
  switch (verdict.kind) {
    case 'bad':
      return corrupt(shown, `it does not fit ${signature}`, [`signed by ${verdict.key}`, ...details])
    case 'unknownKey':
      return because(
        `${signature} was made with the key ${verdict.key}, which is not in ${keyring}`,
        `If its publisher has a new key, make sure of it and add it: gpg --export ${verdict.key} >> ${keyring}`,
      )
    case 'revokedKey':
      return because(
        `the key ${verdict.key} that made ${signature} has been revoked`,
        'Its owner has called it back. Have the release signed with a key that holds.',
      )
    case 'expiredKey':
      return because(
        `the key ${verdict.key} that made ${signature} has expired`,
        `If its owner has prolonged it, export it anew into ${keyring}; else have the release signed with a new one.`,
      )
    case 'expiredSignature':
      return because(`${signature} has expired`, 'Have the release signed again.')
    case 'weakHash':
      return because(
        `${signature} is over an md5 or sha1 hash, which can be forged`,
        'Have it signed anew: gpg --digest-algo SHA256 --armor --detach-sign FILE',
      )
    case 'none':
      return because(
        `${signature} is no detached OpenPGP signature, or ${keyring} no keyring`,
        'Sign with: gpg --armor --detach-sign FILE; export keys with: gpg --export KEY > KEYRING',
      )
  }
}
